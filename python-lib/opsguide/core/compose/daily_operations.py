"""Daily Operations: the morning health check with its three steps answered, weekly and monthly tasks."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta

from ...model.guide import Block, Callout, Cell, Heading, Item, Items, Link, Table, Text, Tone
from ...model.known import Unknown
from ...model.report import OutputReport, ScenarioReport
from .. import words
from .card import alerts_line
from .phrases import (
    STATE_WORDS,
    is_good,
    outcome_of,
    outcome_tone,
    standing_tone,
    unread_runs,
    why_unjudged,
    with_warnings,
)
from .rows import object_cell, scenario_cell, table_or_reason
from .scene import Scene, key, not_built, on_page
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
                        scene.unknown("daily-operations.notes", on_page("Incidents"), tone=Tone.NONE),
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
        return scene.inferred(
            cell_id,
            f"all {words.count(len(judged), 'active scenario')} as they should be",
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
    return scene.inferred(
        cell_id,
        words.listed(told, 5),
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
        verdict=state.verdict,
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
    if success is None or success.end is None:
        said = "The newest build failed; no successful one is on record" if failed else "Never built by DSS"
        return scene.live(cell_id, said, "build information", tone=scene.alarm(Tone.BAD) if failed else Tone.NONE)
    said = f"{scene.time(success.end)}, {words.ago(success.end, scene.now)}"
    return scene.live(
        cell_id,
        f"{said}; a newer build failed" if failed else said,
        success.source or "build information",
        at=success.end,
        tone=scene.alarm(Tone.BAD) if failed else Tone.NONE,
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
                        scene.unknown("daily-operations.acknowledged", on_page("Incidents"), tone=Tone.NONE),
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
    nobody = sum(not isinstance(s.told, Unknown) and s.told.nobody for s in scene.watched)
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

_WEEKLY = (
    ("monday", "Review durations that drift and scenarios that fail now and then", "section", "key-metrics-to-watch"),
    ("wednesday", "Review Data Quality rules that failed more than once", "section", "data-quality-alerts"),
    ("friday", "Review capacity", "section", "capacity-planning"),
)


def _weekly(scene: Scene) -> Table:
    rows: list[tuple[Cell, ...]] = []
    tasks = scene.profile.tasks.weekly
    if tasks or scene.declared.problem_at("tasks.weekly") or scene.profile_unread:
        for number, task in enumerate(tasks):
            row = f"daily-operations.weekly-{number}"
            path = "tasks.weekly"
            rows.append(
                (
                    scene.declare(f"{row}.day", path, task.day.capitalize()),
                    scene.declare(f"{row}.task", path, task.task),
                    scene.declare(
                        f"{row}.how", path, task.how, scene.missing(f"{row}.how", path, "no way is written down")
                    ),
                    _history(scene, f"{row}.done") if _is_history(task.task) else _done(scene, f"{row}.done"),
                )
            )
        if not tasks:
            row = "daily-operations.weekly-none"
            empty = (scene.missing(f"{row}.{column}", "tasks.weekly") for column in ("day", "task", "how"))
            rows.append((*empty, _done(scene, f"{row}.done")))
    else:
        for weekday, name, screen, target in _WEEKLY:
            row = f"daily-operations.weekly-{weekday}"
            default = "default: no weekly tasks are declared"
            rows.append(
                (
                    scene.default(f"{row}.day", weekday.capitalize(), default, declare="tasks.weekly"),
                    scene.default(f"{row}.task", name, default, declare="tasks.weekly"),
                    scene.default(f"{row}.how", "In this guide", default, link=Link(screen, target)),
                    _done(scene, f"{row}.done"),
                )
            )
    if not any(_is_history(task.task) for task in tasks):
        rows.append(_history_row(scene))
    return Table(("Day", "Task", "How To", "Last Done"), tuple(rows), "Weekly tasks")


_HISTORY = "Review job history for patterns"


def _is_history(task: str) -> bool:
    return task.casefold() == _HISTORY.casefold()


def _history_row(scene: Scene) -> tuple[Cell, ...]:
    row = "daily-operations.weekly-history"
    return (
        scene.default(f"{row}.day", "Any day", "default: the template leaves the day open", declare="tasks.weekly"),
        scene.fixed(f"{row}.task", _HISTORY),
        scene.fixed(f"{row}.how", "Jobs → filter last 7 days", link=Link("jobs")),
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


_MONTHLY = (
    ("quality", "Review data quality trends", "First week", "Data Quality of the project → Timeline"),
    ("logs", "Clean up old job logs", "Mid-month", "Macros → Clear job logs, first without performing the deletion"),
    (
        "documentation",
        "Verify documentation accuracy",
        "End of month",
        "Read what this guide says is missing; declare it, then note the review in the profile",
    ),
)


def _monthly(scene: Scene) -> Table:
    rows = []
    path = "tasks.monthly"
    tasks = scene.profile.tasks.monthly
    for number, task in enumerate(tasks):
        row = f"daily-operations.monthly-{number}"
        rows.append(
            (
                scene.declare(f"{row}.task", path, task.task),
                scene.declare(f"{row}.when", path, task.when),
                scene.declare(
                    f"{row}.how", path, task.how, scene.missing(f"{row}.how", path, "no way is written down")
                ),
                _next_due(scene, f"{row}.next", task.when),
                _done(scene, f"{row}.done"),
            )
        )
    declared = {task.task.casefold() for task in tasks}
    for name, task_name, when, how in _MONTHLY:
        if task_name.casefold() in declared:
            continue
        row = f"daily-operations.monthly-{name}"
        default = "default: the template's own task"
        rows.append(
            (
                scene.default(f"{row}.task", task_name, default, declare=path),
                scene.default(f"{row}.when", when, default, declare=path),
                scene.default(f"{row}.how", how, "default", declare=path, link=_MONTHLY_LINKS.get(name)),
                _next_due(scene, f"{row}.next", when),
                _done(scene, f"{row}.done"),
            )
        )
    return Table(("Task", "When", "How To", "Next Due", "Last Done"), tuple(rows), "Monthly tasks")


_MONTHLY_LINKS = {"documentation": Link("section", "completeness"), "quality": Link("section", "data-quality-alerts")}


def _done(scene: Scene, cell_id: str) -> Cell:
    return scene.unknown(cell_id, not_built("record who did a task and when"))


def _next_due(scene: Scene, cell_id: str, when: str) -> Cell:
    today = scene.now.astimezone(scene.zone).date()
    due = next_due(when, today)
    if due is None:
        return scene.unknown(cell_id, Unknown("its rule is in words that this plugin does not read"))
    start, end = due
    days = (start - today).days
    said = f"{words.date_text(start, today)} to {words.date_text(end, today)}"
    return scene.inferred(
        cell_id, f"now, until {words.date_text(end, today)}" if days <= 0 else said, "its rule and today's date"
    )


def next_due(when: str, today: date) -> tuple[date, date] | None:
    """The span in which a monthly task is due next, or now; None for a rule in other words than the template's."""
    span = _SPANS.get(when.strip().casefold().replace("-", " "))
    if span is None:
        return None
    for first in (today.replace(day=1), (today.replace(day=1) + timedelta(days=32)).replace(day=1)):
        length = monthrange(first.year, first.month)[1]
        start, end = (first.replace(day=day if day > 0 else length + day) for day in span)
        if today <= end:
            return start, end
    return None


_SPANS = {"first week": (1, 7), "mid month": (13, 17), "end of month": (-4, 0)}
