"""Daily Operations: the morning health check with its three steps answered, weekly and monthly tasks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Optional

from ...model.guide import Block, Callout, Cell, Heading, Item, Items, Link, Table, Text, Tone
from ...model.known import Unknown, known
from ...model.report import OutputReport, ScenarioReport
from .. import words
from ..tasks import DEFAULT_MONTHLY, DEFAULT_WEEKLY, Standing, Task, monthly, stand, weekly
from .card import alerts_line
from .phrases import (
    STATE_WORDS,
    is_good,
    outcome_of,
    outcome_tone,
    run_verdict,
    standing_tone,
    unread_runs,
    why_unjudged,
    with_warnings,
)
from .rows import object_cell, scenario_cell, table_or_reason
from .scene import Scene, key, on_page
from .schedule_overview import due_cell, output_state

NEEDS = ("instance", "settings", "folders", "runs", "scenario_settings", "builds", "quality", "channels")


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("morning-health-check", "Morning Health Check (5 minutes)"),
        Text(
            (
                "Checked for you in ",
                scene.live(
                    "daily-operations.elapsed",
                    words.duration(scene.snapshot.elapsed_seconds),
                    "this reading",
                    seconds=scene.snapshot.elapsed_seconds,
                ),
                f" with {words.count(scene.snapshot.calls, 'call')} to DSS.",
            )
        ),
        *_step_1(scene),
        *_step_2(scene),
        *_step_3(scene),
        Heading("weekly-tasks", "Weekly Tasks"),
        _weekly(scene),
        Heading("monthly-tasks", "Monthly Tasks"),
        _monthly(scene),
    )


# --- step 1: scenario status -----------------------------------------------------------------------------------------


def _step_1(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("check-scenario-status", "Step 1: Check Scenario Status", 4),
        Items(
            (
                Item(
                    (
                        "Navigate to: Automation → Scenarios (",
                        Link("scenarios", label="open"),
                        ", or ",
                        Link("monitoring", label="Automation monitoring"),
                        ")",
                    )
                ),
                Item(("Verify overnight scenarios show ✅ green: ", _green(scene))),
                Item(("Note any failures for investigation: ", _failures(scene))),
                Item(
                    (
                        "Your notes and who took them: ",
                        scene.fixed("daily-operations.notes", on_page("Incidents")),
                    )
                ),
            ),
            ordered=True,
        ),
        *status_table(scene),
        Text((), "What to look for:"),
        _legend(scene),
        Callout(
            "corrected",
            (
                "Gray says only that nothing ran. Here it is told apart: not due yet, did not run, "
                "switched off, skipped as expected, or cannot be told.",
            ),
        ),
    )


def status_table(scene: Scene) -> tuple[Block, ...]:
    """Every scenario: its state, its last run, and its runs since the night began."""
    return table_or_reason(
        scene,
        scene.report.scenarios,
        ("Scenario", "State", "Last Run", f"Since {scene.time(scene.report.night_since)}"),
        [_status_row(scene, scenario) for scenario in scene.scenarios],
        "daily-operations.status",
        caption="Every scenario, as it stands now",
        empty="This project has no scenarios.",
    )


def _green(scene: Scene) -> Cell:
    cell_id = "daily-operations.green"
    if isinstance(scene.report.scenarios, Unknown):
        return scene.unknown(cell_id, scene.report.scenarios)
    judged = scene.watched
    if not judged:
        return scene.live(cell_id, "no scenario is active", "scenario list")
    red = [scenario for scenario in judged if not is_good(scenario.state) or with_warnings(scenario)]
    if not red:
        every = (
            "the one active scenario is as it should be"
            if len(judged) == 1
            else f"all {len(judged):,} active scenarios as they should be"
        )
        return scene.inferred(
            cell_id,
            every,
            "scenario runs",
            tone=scene.alarm(Tone.GOOD),
        )
    order = list(STATE_WORDS)
    worst = min(red, key=lambda scenario: (scenario.muted is not None, order.index(_word_key(scenario))))
    return scene.inferred(
        cell_id,
        f"{len(judged) - len(red):,} of {len(judged):,}; look at {words.listed([s.name for s in red], 4)}",
        "scenario runs",
        tone=scene.alarm(standing_tone(worst), muted=worst.muted),
        verdict=worst.state.verdict,
    )


def _word_key(scenario: ScenarioReport) -> str:
    return scenario.state.verdict if scenario.state.verdict in STATE_WORDS else "UNKNOWN"


def _failures(scene: Scene) -> Cell:
    cell_id = "daily-operations.failures"
    if isinstance(scene.report.scenarios, Unknown):
        return scene.unknown(cell_id, scene.report.scenarios)
    unread = [s for s in scene.watched if isinstance(s.overnight, Unknown)]
    failed = [
        (scenario, run)
        for scenario in scene.watched
        if not isinstance(scenario.overnight, Unknown)
        for run in scenario.overnight
        if run.outcome in ("FAILED", "ABORTED")
    ]
    since = scene.time(scene.report.night_since)
    if not failed and unread:
        return scene.unknown(cell_id, unread_runs(unread))
    if not failed:
        return scene.inferred(cell_id, f"no failed run since {since}", "scenario runs", at=scene.report.night_since)
    told = [f"{s.name}{f', {scene.time(run.start)}' if run.start else ''}" for s, run in failed]
    unknown = f"; the runs of {words.count(len(unread), 'more scenario')} could not be read" if unread else ""
    return scene.inferred(
        cell_id,
        words.listed(told, 5) + unknown,
        "scenario runs",
        tone=Tone.QUIET if all(scenario.muted for scenario, _ in failed) else scene.alarm(Tone.BAD),
        evidence=tuple(f"{s.name}: {words.one_line(run.message) or 'no message'}" for s, run in failed),
    )


def _status_row(scene: Scene, scenario: ScenarioReport) -> tuple[Cell, ...]:
    row = f"daily-operations.status-{key(scenario.id)}"
    return (
        scenario_cell(scene, scenario, f"{row}.scenario"),
        state_cell(scene, scenario, f"{row}.state"),
        last_run_cell(scene, scenario, f"{row}.last"),
        _overnight_cell(scene, scenario, f"{row}.overnight"),
    )


def state_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    """What became of the scenario's last expected start, with the reason."""
    state = scenario.state
    evidence = tuple(line for line in (state.advice, *state.caveats) if line)
    if state.verdict == "UNKNOWN":
        why = why_unjudged(scenario)
        told = replace(why, reason=scene.with_mute(why.reason, scenario.muted))
        more = {"tone": Tone.QUIET} if scenario.muted else {}
        return scene.unknown(cell_id, told, verdict="UNKNOWN", evidence=evidence, **more)
    said = f"{words.capital(STATE_WORDS.get(state.verdict, state.verdict))}: {state.reason}"
    return scene.inferred(
        cell_id,
        scene.with_mute(f"{said}; with warnings" if with_warnings(scenario) else said, scenario.muted),
        "its schedule and its runs",
        tone=scene.alarm(standing_tone(scenario), scenario.test, scenario.muted),
        verdict=run_verdict(scenario),
        evidence=evidence,
    )


def last_run_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    """The newest run: when, and what became of it."""
    last = scenario.last_run
    if isinstance(last, Unknown):
        return scene.unknown(cell_id, last)
    if last is None:
        return scene.live(cell_id, "No run on record", "scenario runs", tone=Tone.NONE)
    started = f"{scene.time(last.start)}, " if last.start else ""
    return scene.live(
        cell_id,
        f"{started}{outcome_of(last, scene)}",
        "scenario runs",
        at=last.start,
        tone=Tone.NONE
        if last.running
        else scene.alarm(outcome_tone(last.outcome or ""), scenario.test, scenario.muted),
        verdict=last.outcome or "RUNNING",
        link=Link("scenario-runs", scenario.id),
        evidence=(words.one_line(last.message),) if last.message else (),
    )


def _overnight_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    if isinstance(scenario.overnight, Unknown):
        return scene.unknown(cell_id, scenario.overnight)
    failed = sum(run.outcome in ("FAILED", "ABORTED") for run in scenario.overnight)
    said = words.count(len(scenario.overnight), "run") if scenario.overnight else "No run"
    return scene.inferred(
        cell_id,
        f"{said}, {failed:,} failed" if failed else said,
        "scenario runs",
        tone=scene.alarm(Tone.BAD, scenario.test, scenario.muted) if failed else Tone.NONE,
    )


_LEGEND = (
    ("green", "✅ Green", "Success", "None needed", Tone.NONE, ""),
    ("red", "❌ Red", "Failed", "Investigate immediately", Tone.NONE, "rerunning-after-failure"),
    ("yellow", "🟡 Yellow", "Warning", "Review logs", Tone.NONE, "log-locations"),
    ("gray", "⚪ Gray", "Didn't run", "Check trigger/schedule", Tone.NONE, "automated-runs"),
    ("aborted", "Stopped", "Someone or something ended it", "Find out who and why, then run it again", Tone.BAD, ""),
    ("running", "Running", "Not finished yet", "Compare with its expected duration", Tone.NONE, "automated-runs"),
    (
        "not-run",
        "Did not run",
        "Its time has passed without a run",
        "Run it by hand",
        Tone.BAD,
        "run-a-scenario-manually",
    ),
    ("pending", "Not due yet", "Its time is still to come, or just past", "Wait", Tone.NONE, ""),
    ("skipped", "Skipped as expected", "Switched off, or in a maintenance window", "None needed", Tone.QUIET, ""),
    (
        "unknown",
        "Cannot be told",
        "History or rights are missing",
        "Look yourself: it is not known to be good",
        Tone.UNKNOWN,
        "",
    ),
)


def _legend(scene: Scene) -> Table:
    rows = []
    for name, status, meaning, action, tone, section in _LEGEND:
        row = f"daily-operations.legend-{name}"
        link = Link("section", section) if section else None
        rows.append(
            (
                scene.fixed(f"{row}.status", status, tone=tone),
                scene.fixed(f"{row}.meaning", meaning),
                scene.fixed(f"{row}.action", action, link=link),
            )
        )
    return Table(("Status", "Meaning", "Action"), tuple(rows), "Status of a scenario's last run")


# --- step 2: freshness -----------------------------------------------------------------------------------------------


def _step_2(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("verify-data-freshness", "Step 2: Verify Data Freshness", 4),
        Items(
            (
                Item(("Navigate to: Flow (", Link("flow", label="open"), ")")),
                Item(("Check key output datasets",)),
                Item(('Verify "Last built" timestamps are current: see the table',)),
            ),
            ordered=True,
        ),
        Text((), "Expected freshness:"),
        *freshness_table(scene),
    )


def freshness_table(scene: Scene) -> tuple[Block, ...]:
    """Every output: when it should be there, when it was last built, and how it stands."""
    return table_or_reason(
        scene,
        scene.report.outputs,
        ("Dataset", "Should Be Updated", "Check Location", "Last Built", "State"),
        [_freshness_row(scene, output) for output in scene.outputs],
        "daily-operations.freshness",
        empty="The flow has no outputs.",
    )


def _freshness_row(scene: Scene, output: OutputReport) -> tuple[Cell, ...]:
    row = f"daily-operations.output-{key(scene.smart(output.ref))}"
    return (
        object_cell(scene, output.ref, output.why, f"{row}.output"),
        due_cell(scene, output, f"{row}.due"),
        scene.live(f"{row}.where", f"Flow → {scene.name(output.ref)}", "flow graph", link=scene.link(output.ref)),
        last_built_cell(scene, output, f"{row}.built"),
        output_state(scene, output, f"{row}.state"),
    )


def last_built_cell(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """The last successful build and its age; a failed newer one is said."""
    success = output.last_success
    if isinstance(success, Unknown):
        return scene.unknown(cell_id, success)
    newest = output.last_build
    failed = not isinstance(newest, Unknown) and newest is not None and newest.success is False
    tone = scene.alarm(Tone.BAD, muted=output.muted) if failed else Tone.NONE
    if success is None:
        said = "The newest build failed; no successful one is on record" if failed else "Never built by DSS"
        return scene.live(cell_id, said, "build information", tone=tone)
    if success.end is not None:
        said = f"{scene.time(success.end)}, {words.ago(success.end, scene.now)}"
    elif success.start is not None:
        said = f"Begun {scene.time(success.start)}; when it ended is not on record"
    else:
        said = "Built; when is not on record"
    return scene.live(
        cell_id,
        f"{said}; a newer build failed" if failed else said,
        success.source or "build information",
        at=success.end,
        tone=tone,
        link=Link("job", success.job_id) if success.job_id else None,
    )


# --- step 3: alerts --------------------------------------------------------------------------------------------------


def _step_3(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("review-alerts", "Step 3: Review Alerts", 4),
        Items(
            (
                Item(("Check notification channels (email, Slack, etc.): ", _channels(scene))),
                Item(("Review any overnight alerts: ", alerts_line(scene, "daily-operations.alerts"))),
                Item(
                    (
                        "Acknowledge and address as needed: ",
                        scene.fixed("daily-operations.acknowledged", on_page("Incidents")),
                    )
                ),
            ),
            ordered=True,
        ),
    )


def _channels(scene: Scene) -> Cell:
    cell_id = "daily-operations.channels"
    if isinstance(scene.report.scenarios, Unknown):
        return scene.unknown(cell_id, scene.report.scenarios)
    unread = [s for s in scene.watched if isinstance(s.told, Unknown)]
    if unread:
        told = unread[0].told
        return scene.unknown(cell_id, told if isinstance(told, Unknown) else Unknown("not read"))
    ways: dict[str, None] = {}
    for scenario in scene.watched:
        if not isinstance(scenario.told, Unknown):
            ways.update(dict.fromkeys((*scenario.told.ways, *scenario.told.unsure)))
    nobody = sum(not isinstance(s.told, Unknown) and bool(s.told.nobody) for s in scene.watched)
    if not ways:
        said = "no active scenario tells anybody anything" if scene.watched else "no scenario is active"
        return scene.live(cell_id, said, "scenario reporters", tone=scene.alarm(Tone.NOTICE))
    said = "; ".join(ways)
    return scene.live(
        cell_id,
        f"{said}; {words.count(nobody, 'active scenario')} {'tells' if nobody == 1 else 'tell'} nobody of a failure"
        if nobody
        else said,
        "scenario reporters",
        tone=scene.alarm(Tone.NOTICE) if nobody else Tone.NONE,
        link=Link("section", "setting-up-alerts"),
        evidence=tuple(ways),
    )


# --- tasks -----------------------------------------------------------------------------------------------------------

_WEEKLY_LINKS = ("key-metrics-to-watch", "data-quality-alerts", "capacity-planning")
_MONTHLY_LINKS = (Link("section", "data-quality-alerts"), None, Link("section", "completeness"))


def _weekly(scene: Scene) -> Table:
    rows: list[tuple[Cell, ...]] = []
    tasks = scene.profile.tasks.weekly
    if tasks or scene.declared.problem_at("tasks.weekly") or scene.profile_unread:
        for number, task in enumerate(weekly(scene.profile.tasks)):
            row = f"daily-operations.weekly-{number}"
            path = "tasks.weekly"
            history = _is_history(task.name)
            rows.append(
                (
                    scene.declare(f"{row}.day", path, task.when.capitalize()),
                    scene.declare(f"{row}.task", path, task.name),
                    _how(scene, f"{row}.how", path, task),
                    _next_due(scene, f"{row}.next", task),
                    _history(scene, f"{row}.done") if history else _done(scene, f"{row}.done", task),
                )
            )
        if not tasks:
            row = "daily-operations.weekly-none"
            columns = ("day", "task", "how", "next", "done")
            rows.append(tuple(scene.missing(f"{row}.{column}", "tasks.weekly") for column in columns))
    else:
        for task, target in zip(DEFAULT_WEEKLY, _WEEKLY_LINKS):
            row = f"daily-operations.weekly-{task.when}"
            default = "default: no weekly tasks are declared"
            rows.append(
                (
                    scene.default(f"{row}.day", task.when.capitalize(), default, declare="tasks.weekly"),
                    scene.default(f"{row}.task", task.name, default, declare="tasks.weekly"),
                    scene.default(f"{row}.how", task.how, default, link=Link("section", target)),
                    _next_due(scene, f"{row}.next", task),
                    _done(scene, f"{row}.done", task),
                )
            )
    if not any(_is_history(task.task) for task in tasks):
        rows.append(_history_row(scene))
    return Table(("Day", "Task", "How To", "Next Due", "Last Done"), tuple(rows), "Weekly tasks")


_HISTORY = "Review job history for patterns"


def _is_history(task: str) -> bool:
    return task.casefold() == _HISTORY.casefold()


def _history_row(scene: Scene) -> tuple[Cell, ...]:
    row = "daily-operations.weekly-history"
    return (
        scene.default(f"{row}.day", "Any day", "default: the template leaves the day open", declare="tasks.weekly"),
        scene.fixed(f"{row}.task", _HISTORY),
        scene.fixed(f"{row}.how", "Jobs → filter last 7 days", link=Link("jobs")),
        scene.fixed(f"{row}.next", "Every time this guide is read"),
        _history(scene, f"{row}.done"),
    )


def _history(scene: Scene, cell_id: str) -> Cell:
    jobs = scene.report.jobs
    if isinstance(jobs, Unknown):
        return scene.unknown(cell_id, jobs)
    said = f"Done for you: {words.count(jobs.total, 'job')}, {jobs.failed or 'none'} failed"
    worst = (
        f"; most often {words.listed([f'{name} ({times}×)' for name, times in jobs.worst], 3)}" if jobs.worst else ""
    )
    busiest = f"; busiest hour {jobs.busiest_hour:02d}:00" if jobs.busiest_hour is not None else ""
    return scene.inferred(
        cell_id,
        said + worst + busiest,
        f"the job list since {words.day(jobs.since, scene.zone, scene.now)}",
        tone=scene.alarm(Tone.NOTICE) if jobs.failed else Tone.NONE,
    )


def _monthly(scene: Scene) -> Table:
    rows = []
    path = "tasks.monthly"
    for number, task in enumerate(monthly(scene.profile.tasks)):
        row = f"daily-operations.monthly-{number}"
        rows.append(
            (
                scene.declare(f"{row}.task", path, task.name),
                scene.declare(f"{row}.when", path, task.when),
                _how(scene, f"{row}.how", path, task),
                _next_due(scene, f"{row}.next", task),
                _done(scene, f"{row}.done", task),
            )
        )
    declared = {task.task.casefold() for task in scene.profile.tasks.monthly}
    for name, task, link in zip(("quality", "logs", "documentation"), DEFAULT_MONTHLY, _MONTHLY_LINKS):
        if task.name.casefold() in declared:
            continue
        row = f"daily-operations.monthly-{name}"
        default = "default: the template's own task"
        rows.append(
            (
                scene.default(f"{row}.task", task.name, default, declare=path),
                scene.default(f"{row}.when", task.when, default, declare=path),
                scene.default(f"{row}.how", task.how, "default", declare=path, link=link),
                _next_due(scene, f"{row}.next", task),
                _done(scene, f"{row}.done", task),
            )
        )
    return Table(("Task", "When", "How To", "Next Due", "Last Done"), tuple(rows), "Monthly tasks")


def _how(scene: Scene, cell_id: str, path: str, task: Task) -> Cell:
    """How it is done, with the way to what does it where the words name something of the project."""
    missing = scene.missing(cell_id, path, "no way is written down")
    return scene.declare(cell_id, path, task.how, missing, link=doer(scene, task.how))


def doer(scene: Scene, how: str) -> Optional[Link]:
    """What does a task: a web address, a scenario by its name or id, an article of the wiki; None where the words name
    none of these."""
    said = how.strip()
    address = re.search(r"https?://[^\s<>\"']+", said)
    if address:
        return Link("web", address.group().rstrip(".,;)"))
    plain = said.casefold()
    for scenario in known(scene.report.scenarios, ()):
        if plain and plain in (scenario.id.casefold(), scenario.name.casefold(), f"run {scenario.name}".casefold()):
            return Link("scenario", scenario.id)
    articles = known(scene.snapshot.articles, ())
    return next((Link("article", each.id) for each in articles if plain and each.name.casefold() == plain), None)


def _standing(scene: Scene, task: Task) -> Standing:
    today = scene.now.astimezone(scene.zone).date()
    return stand(task, known(scene.report.tasks_done, ()), today, scene.zone)


def _done(scene: Scene, cell_id: str, task: Task) -> Cell:
    """Who did it last, as far as it was noted, with the way to note it."""
    if isinstance(scene.report.tasks_done, Unknown):
        return scene.unknown(cell_id, scene.report.tasks_done)
    link = Link("page", "edit#tasks-due")
    last = _standing(scene, task).done
    if last is None:
        return scene.live(cell_id, "Not noted in the last two months", "state folder", link=link)
    by = f", by {last.by}" if last.by else ""
    more = (words.one_line(last.text),) if last.text else ()
    return scene.live(cell_id, f"{scene.time(last.at)}{by}", "state folder", at=last.at, link=link, evidence=more)


def _next_due(scene: Scene, cell_id: str, task: Task) -> Cell:
    found = _standing(scene, task)
    if found.due is None:
        return scene.unknown(cell_id, Unknown(found.unread))
    today = scene.now.astimezone(scene.zone).date()
    said = due_text(found, today)
    tone = scene.alarm(Tone.NOTICE) if found.overdue else Tone.NONE
    return scene.inferred(cell_id, said, "its rule, what was noted and today's date", tone=tone)


def due_text(found: Standing, today: date) -> str:
    """When a task is due, seen from today: "now, until 17 Nov", "Mon 16 Nov", "overdue since 9 Nov"."""
    assert found.due is not None, "only of a rule that can be read"
    start, end = found.due
    until = words.date_text(end, today)
    if found.overdue:
        return f"overdue since {until}"
    if start <= today:
        return "today" if end == today else f"now, until {until}"
    return words.date_text(start, today) if start == end else f"{words.date_text(start, today)} to {until}"
