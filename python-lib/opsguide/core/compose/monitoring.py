"""Monitoring: what is normal, what alarms and who hears of it, and where the logs are."""

from __future__ import annotations

from datetime import datetime

from ...model.guide import Block, Callout, Cell, Heading, Item, Items, Link, Table, Tone
from ...model.known import Cause, Known, Unknown, known
from ...model.report import DurationStat, OutputReport, RowStat, ScenarioReport
from ...model.snapshot import Dataset, ObjectRef
from .. import words
from ..lineage import step_targets
from .phrases import history_text, no_duration, since_text
from .rows import left_out, object_cell, scenario_cell, table_or_reason
from .scene import Scene, key
from .watching import own_check

NEEDS = (
    "instance",
    "settings",
    "folders",
    "runs",
    "scenario_settings",
    "builds",
    "row_counts",
    "rule_results",
    "quality",
    "channels",
    "logs",
)

# Data Quality rules left the dataset's settings for a tab of their own.
_QUALITY_TAB = (12, 6)


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("key-metrics-to-watch", "Key Metrics to Watch"),
        *_metrics(scene),
        Heading("setting-up-alerts", "Setting Up Alerts"),
        Heading("scenario-failure-alerts", "Scenario Failure Alerts", 4),
        *_failure_alerts(scene),
        Heading("data-quality-alerts", "Data Quality Alerts", 4),
        *_quality_alerts(scene),
        Heading("log-locations", "Log Locations"),
        _logs(scene),
        Heading("own-check", "This Guide's Own Check"),
        own_check(scene),
    )


# --- metrics ---------------------------------------------------------------------------------------------------------


def _metrics(scene: Scene) -> tuple[Block, ...]:
    columns = ("Metric", "Where to Find", "Normal Range", "Alert Threshold")
    return (
        *table_or_reason(
            scene,
            scene.report.scenarios,
            columns,
            [_duration_row(scene, scenario) for scenario in scene.active],
            "monitoring.duration",
            caption="Job duration, of each active scenario",
            empty="No scenario is active.",
        ),
        *table_or_reason(
            scene,
            scene.report.outputs,
            columns,
            [_rows_row(scene, output) for output in scene.outputs if output.ref.kind == "DATASET"],
            "monitoring.rows",
            caption="Output row count, of each output dataset",
            empty="No output is a dataset.",
        ),
        *table_or_reason(
            scene,
            scene.report.scenarios,
            columns,
            [_error_row(scene, scenario) for scenario in scene.active],
            "monitoring.errors",
            caption="Error rate, of each active scenario over 30 days",
            empty="No scenario is active.",
        ),
    )


def _duration_row(scene: Scene, scenario: ScenarioReport) -> tuple[Cell, ...]:
    row = f"monitoring.duration-{key(scenario.id)}"
    typical = scenario.duration
    if isinstance(typical, DurationStat):
        normal = scene.inferred(
            f"{row}.range",
            _span(words.duration(typical.p10), words.duration(typical.p90)),
            history_text(typical, scene),
            reason="eight of ten runs take this long",
        )
    else:
        normal = scene.unknown(f"{row}.range", no_duration(typical))
    return (
        scene.fixed(f"{row}.metric", f"Job duration: {scenario.name or scenario.id}"),
        scene.live(
            f"{row}.where",
            f"Jobs → {scenario.name or scenario.id}",
            "scenario list",
            link=Link("scenario-runs", scenario.id),
        ),
        normal,
        _duration_limit(scene, scenario, f"{row}.alert"),
    )


def _duration_limit(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    path = f"scenarios.{scenario.id}.max_minutes"
    declared = scene.scenario_profile(scenario.id).max_minutes
    value = f"> {words.duration(declared * 60)}" if declared else ""
    if scenario.limit_seconds is not None and not declared:
        default = scene.inferred(
            cell_id,
            f"> {words.duration(scenario.limit_seconds)}",
            "its last successful runs",
            seconds=scenario.limit_seconds,
            reason="over 1.25 times the longest of the recent runs, 1.5 times their median, and 2 min more than it",
            declare=path,
        )
        return default if scene.profile_unread else scene.declare(cell_id, path, value, default)
    typical = scenario.duration
    why = Unknown("no limit can be learned yet") if isinstance(typical, DurationStat) else no_duration(typical)
    return scene.declare(cell_id, path, value, scene.unknown(cell_id, why, declare=path))


def _rows_row(scene: Scene, output: OutputReport) -> tuple[Cell, ...]:
    row = f"monitoring.rows-{key(scene.smart(output.ref))}"
    return (
        scene.fixed(f"{row}.metric", f"Output row count: {scene.name(output.ref)}"),
        scene.live(
            f"{row}.where",
            f"{scene.name(output.ref)} → Metrics",
            "flow graph",
            link=scene.link(output.ref, "dataset-metrics"),
        ),
        rows_range_cell(scene, output, f"{row}.range"),
        _rows_limit(scene, output, f"{row}.alert"),
    )


def rows_range_cell(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """How many rows are usual, and how many there were last."""
    rows = output.rows
    if isinstance(rows, Unknown):
        return scene.unknown(cell_id, rows)
    last = f"; last {words.whole(rows.last)}"
    until = f"until {scene.time(rows.at)}"
    if rows.usual_low is None or rows.usual_high is None:
        return scene.inferred(
            cell_id,
            f"{_span(words.whole(rows.low), words.whole(rows.high))} so far{last}",
            f"{words.count(rows.n, 'count')} {until}",
            as_of=rows.at,
            reason=rows.reason,
            verdict=rows.verdict,
        )
    return scene.inferred(
        cell_id,
        f"{words.whole(rows.usual_low)} to {words.whole(rows.usual_high)} ({rows.klass}){last}",
        f"{words.count(rows.usual_n, 'build')} {until}",
        as_of=rows.at,
        reason=rows.reason,
        tone=scene.alarm(VOLUME_TONES.get(rows.verdict, Tone.UNKNOWN), muted=output.muted),
        verdict=rows.verdict,
    )


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


VOLUME_TONES = {
    "OK": Tone.GOOD,
    "WARNING": Tone.NOTICE,
    "NEW_LEVEL": Tone.NOTICE,
    "ERROR": Tone.BAD,
    "LEARNING": Tone.NONE,
}


def _rows_limit(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    path = f"datasets.{scene.smart(output.ref)}.min_rows"
    promised = scene.dataset_profile(output.ref)
    if promised.min_rows is None and promised.max_rows is not None:
        path = f"datasets.{scene.smart(output.ref)}.max_rows"
    limits = [f"< {promised.min_rows:,}"] if promised.min_rows is not None else []
    limits += [f"> {promised.max_rows:,}"] if promised.max_rows is not None else []
    rule = _count_rule(scene, output.ref)
    if rule:
        default = scene.live(cell_id, rule, "the dataset's own rule", declare=path)
    else:
        default = _learned_rows_limit(scene, output.rows, cell_id, path)
    if scene.profile_unread is not None:
        return default
    return scene.declare(cell_id, path, " or ".join(limits), default)


def _learned_rows_limit(scene: Scene, rows: Known[RowStat], cell_id: str, path: str) -> Cell:
    if isinstance(rows, Unknown):
        return scene.unknown(cell_id, rows, declare=path)
    if rows.usual_low is None or rows.usual_high is None:
        why = Unknown(rows.reason or "too few builds are on record", Cause.NOT_RECORDED)
        return scene.unknown(cell_id, why, declare=path)
    return scene.inferred(
        cell_id,
        f"< {words.whole(rows.usual_low)} or > {words.whole(rows.usual_high)} ({rows.klass})",
        words.count(rows.usual_n, "build"),
        reason="three times the usual error of what builds alike had",
        declare=path,
    )


def _count_rule(scene: Scene, ref: ObjectRef) -> str:
    """The bounds of the dataset's own rule on its record count, '' where it has none."""
    dataset = scene.datasets.get(ref)
    for rule in dataset.rules if dataset else ():
        metric = rule.params.get("metricId")
        if rule.enabled and (rule.type == "RecordCountInRangeRule" or metric == "records:COUNT_RECORDS"):
            low = rule.params.get("minimum") if rule.params.get("minimumEnabled") else None
            high = rule.params.get("maximum") if rule.params.get("maximumEnabled") else None
            bounds = [f"< {words.whole(low)}"] if isinstance(low, (int, float)) else []
            bounds += [f"> {words.whole(high)}"] if isinstance(high, (int, float)) else []
            if bounds:
                return " or ".join(bounds)
    return ""


def _error_row(scene: Scene, scenario: ScenarioReport) -> tuple[Cell, ...]:
    row = f"monitoring.errors-{key(scenario.id)}"
    rate = scenario.errors
    if isinstance(rate, Unknown):
        normal = scene.unknown(f"{row}.range", rate)
        alert = scene.unknown(f"{row}.alert", rate)
    else:
        normal = scene.inferred(
            f"{row}.range",
            f"{words.percent(rate.share)}: {rate.failed:,} of {words.count(rate.finished, 'run')} failed",
            f"{words.count(rate.finished, 'run')}{since_text(rate.since, scene)}",
            tone=scene.alarm(Tone.BAD, scenario.test, scenario.muted) if rate.alarming else Tone.NONE,
            reason=f"with so many runs, the true share is between {words.percent(rate.low)} and {words.percent(rate.high)}",
        )
        usual = f" (its own share over 90 days: {words.percent(rate.usual)})" if rate.usual is not None else ""
        alert = scene.default(
            f"{row}.alert",
            f"> {words.percent(rate.alert_over)} and at least 2 failures",
            f"default: more than 10 %, or twice its own 90 days{usual}",
        )
    return (
        scene.fixed(f"{row}.metric", f"Error rate: {scenario.name or scenario.id}"),
        scene.live(f"{row}.where", "Scenario → Last runs", "scenario list", link=Link("scenario-runs", scenario.id)),
        normal,
        alert,
    )


# --- alerts ----------------------------------------------------------------------------------------------------------


def _failure_alerts(scene: Scene) -> tuple[Block, ...]:
    return (
        Items(
            (
                Item(("Go to: Scenario → Settings → Reporters",)),
                Item(('Add reporter for: "Scenario fails"',)),
                Item(("Configure notification: email, Slack, etc.: ", _channel_list(scene))),
            ),
            ordered=True,
        ),
        Callout(
            "corrected",
            (
                "A reporter that runs on condition outcome == 'FAILED' misses runs that were stopped or ended with "
                "warnings. Use outcome != 'SUCCESS', or name WARNING and ABORTED too.",
            ),
        ),
        *table_or_reason(
            scene,
            scene.report.scenarios,
            ("Scenario", "Who Is Told of a Failure"),
            [
                (
                    scenario_cell(scene, scenario, f"monitoring.told-{key(scenario.id)}.scenario"),
                    told_cell(scene, scenario, f"monitoring.told-{key(scenario.id)}.who"),
                )
                for scenario in scene.active
            ],
            "monitoring.told",
            caption=f"Each active scenario{left_out(scene)}",
            empty="No scenario is active.",
        ),
    )


def _channel_list(scene: Scene) -> Cell:
    channels = scene.snapshot.channels
    cell_id = "monitoring.channels"
    if isinstance(channels, Unknown):
        return scene.unknown(cell_id, channels)
    if not channels:
        return scene.live(cell_id, "no messaging channel is set up on this instance", "messaging channels")
    return scene.live(
        cell_id, words.listed([f"{channel.id} ({channel.type})" for channel in channels], 8), "messaging channels"
    )


def told_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    """Who hears of a failure of the scenario; nobody is said plainly."""
    told = scenario.told
    if isinstance(told, Unknown):
        return scene.unknown(cell_id, told)
    broken = f"; broken: {'; '.join(told.broken)}" if told.broken else ""
    link = Link("scenario", scenario.id)
    if told.nobody:
        tone = scene.alarm(Tone.NOTICE, scenario.test or not scenario.active)
        return scene.live(cell_id, f"Nobody is told{broken}", "scenario reporters", tone=tone, link=link)
    said = "; ".join((*told.ways, *told.unsure))
    tone = scene.alarm(Tone.NOTICE, scenario.test) if broken or not told.ways else Tone.NONE
    return scene.live(cell_id, words.capital(said) + broken, "scenario reporters", tone=tone, link=link)


def _quality_alerts(scene: Scene) -> tuple[Block, ...]:
    ruled = [dataset for dataset in known(scene.snapshot.datasets, ()) if dataset.rules]
    steps = Items(
        (
            Item(("Go to: Dataset → Settings → Metrics",)),
            Item(("Configure: ", _checks_there(scene, ruled))),
            Item(("Set thresholds and notifications",)),
        ),
        ordered=True,
    )
    return (
        steps,
        Callout("corrected", (_where_rules_live(scene),)),
        *table_or_reason(
            scene,
            scene.snapshot.datasets,
            ("Dataset", "Rules", "Last Results", "Verified By"),
            [_rules_row(scene, dataset) for dataset in _listed_for_rules(scene, ruled)],
            "monitoring.rules",
            caption="Datasets with rules, and outputs",
            empty="No dataset has a rule, and the flow has no output dataset.",
        ),
    )


def _where_rules_live(scene: Scene) -> str:
    now = "rules are in the dataset's Data Quality tab"
    before = "checks are under the dataset's Status → Checks, metrics under Status → Metrics"
    if not scene.version:
        return f"Since DSS 12.6 {now}; before that, {before}. A notification is a reporter of the scenario that verifies them."
    where = now if scene.version[:2] >= _QUALITY_TAB else before
    shown = ".".join(str(part) for part in scene.version)
    return f"In this DSS ({shown}), {where}. A notification is a reporter of the scenario that verifies them."


def _checks_there(scene: Scene, ruled: list[Dataset]) -> Cell:
    datasets = scene.snapshot.datasets
    if isinstance(datasets, Unknown):
        return scene.unknown("monitoring.checks", datasets)
    rules = sum(len(dataset.rules) for dataset in ruled)
    said = (
        f"{words.count(rules, 'rule')} on {words.count(len(ruled), 'dataset')}"
        if rules
        else "no dataset has a rule yet"
    )
    return scene.live("monitoring.checks", said, "dataset settings")


def _listed_for_rules(scene: Scene, ruled: list[Dataset]) -> list[Dataset]:
    outputs = [scene.datasets[o.ref] for o in scene.outputs if o.ref in scene.datasets]
    return list({dataset.ref: dataset for dataset in (*outputs, *ruled)}.values())


def _rules_row(scene: Scene, dataset: Dataset) -> tuple[Cell, ...]:
    row = f"monitoring.rules-{key(scene.smart(dataset.ref))}"
    enabled = [rule for rule in dataset.rules if rule.enabled]
    auto = sum(bool(rule.auto_run) for rule in enabled)
    if dataset.rules:
        said = f"{len(enabled):,} of {words.count(len(dataset.rules), 'rule')} on, {auto:,} run on each build"
    else:
        said = "None: nothing is checked"
    output = dataset.ref in scene.output_of
    return (
        object_cell(scene, dataset.ref, "output" if output else "has rules", f"{row}.dataset"),
        scene.live(
            f"{row}.rules",
            said,
            "dataset settings",
            link=scene.link(dataset.ref, "dataset-quality"),
            tone=Tone.NONE if enabled else scene.alarm(Tone.NOTICE),
            evidence=tuple(f"{rule.name or rule.type}{'' if rule.enabled else ' (off)'}" for rule in dataset.rules),
        ),
        _results(scene, dataset, f"{row}.results"),
        _verified(scene, dataset, f"{row}.verified"),
    )


def _results(scene: Scene, dataset: Dataset, cell_id: str) -> Cell:
    results = scene.fact(dataset.ref).rule_results
    if isinstance(results, Unknown):
        outcome = scene.quality.get(dataset.name)
        if outcome:
            return scene.live(
                cell_id,
                outcome.capitalize(),
                "Data Quality status of the project",
                tone=scene.alarm(_rule_tone(outcome)),
            )
        if not dataset.rules:
            return scene.live(cell_id, "Nothing to check", "dataset settings")
        return scene.unknown(cell_id, results)
    if not results:
        return scene.live(cell_id, "Never computed", "rule results", tone=Tone.UNKNOWN if dataset.rules else Tone.NONE)
    order = [o for o in ("ERROR", "WARNING", "EMPTY", "OK") if any(r.outcome == o for r in results)]
    other = sorted({r.outcome for r in results} - {"ERROR", "WARNING", "EMPTY", "OK"})
    said = [f"{sum(r.outcome == o for r in results):,} {o.lower() or 'without outcome'}" for o in (*order, *other)]
    newest = max((r.computed_at for r in results if r.computed_at), default=None)
    return scene.live(
        cell_id,
        words.listed(said) + (f", {scene.time(newest)}" if newest else ""),
        "rule results",
        at=newest,
        tone=scene.alarm(_rule_tone(order[0] if order and not (other and order[0] == "OK") else "")),
        evidence=tuple(f"{r.name or r.rule_id}: {r.outcome} {words.one_line(r.message)}".strip() for r in results),
    )


def _rule_tone(outcome: str) -> Tone:
    tones = {"OK": Tone.GOOD, "WARNING": Tone.NOTICE, "ERROR": Tone.BAD}
    return tones.get(outcome.upper(), Tone.UNKNOWN)


def _verified(scene: Scene, dataset: Dataset, cell_id: str) -> Cell:
    scenarios = scene.snapshot.scenarios
    if isinstance(scenarios, Unknown):
        return scene.unknown(cell_id, scenarios)
    by = []
    unread: list[Unknown] = []
    for scenario in scenarios:
        if isinstance(scenario.settings, Unknown):
            if scenario.active:
                unread.append(scenario.settings)
            continue
        checked = (
            ref
            for step in scenario.settings.steps
            if step.enabled and step.type == "check_dataset"
            for ref in step_targets(step, scene.snapshot.project_key, "checks")
        )
        if dataset.ref in set(checked):
            by.append(scenario.name or scenario.id)
    if by:
        return scene.live(cell_id, words.listed(by, 4), "scenario steps")
    if unread:
        return scene.unknown(cell_id, unread[0])
    said = (
        "No scenario; its rules run on each build"
        if any(r.auto_run and r.enabled for r in dataset.rules)
        else "No scenario"
    )
    return scene.live(cell_id, said, "scenario steps")


# --- logs ------------------------------------------------------------------------------------------------------------


def _logs(scene: Scene) -> Table:
    rows = (
        (
            scene.fixed("monitoring.logs-jobs.type", "Job logs"),
            scene.fixed(
                "monitoring.logs-jobs.location",
                "Jobs → the job → Logs",
                link=Link("jobs"),
                evidence=(f"on disk: DATADIR/jobs/{scene.snapshot.project_key}/the job's id",),
            ),
            _job_retention(scene),
        ),
        (
            scene.fixed("monitoring.logs-scenarios.type", "Scenario history"),
            scene.fixed(
                "monitoring.logs-scenarios.location",
                "Automation → Scenarios → the scenario → Runs",
                link=Link("scenarios"),
                evidence=(f"on disk: DATADIR/scenarios/{scene.snapshot.project_key}/the scenario's id/the run's id",),
            ),
            _scenario_retention(scene),
        ),
        (
            scene.fixed("monitoring.logs-system.type", "System logs"),
            _system_location(scene),
            _system_retention(scene),
        ),
    )
    return Table(("Log Type", "Location", "Retention"), rows, "Where logs are, and how long they stay")


def _job_retention(scene: Scene) -> Cell:
    cell_id, path = "monitoring.logs-jobs.retention", "logs.job_retention"
    cleared = clearing(scene, "clear-job-logs")
    oldest = None
    if not isinstance(scene.snapshot.jobs, Unknown):
        starts = (job.start or job.initiated_at for job in scene.snapshot.jobs)
        oldest = min((start for start in starts if start is not None), default=None)
    default = _retention(scene, cell_id, path, cleared, oldest, "job", "DSS never deletes job logs by itself")
    return scene.declare(cell_id, path, scene.profile.logs.job_retention, default)


def _scenario_retention(scene: Scene) -> Cell:
    cell_id, path = "monitoring.logs-scenarios.retention", "logs.scenario_retention"
    cleared = clearing(scene, "clear-scenario-logs")
    oldest = min((s.history_since for s in scene.scenarios if s.history_since), default=None)
    note = "a run may be listed although its log is gone"
    default = _retention(scene, cell_id, path, cleared, oldest, "run that was read", note)
    return scene.declare(cell_id, path, scene.profile.logs.scenario_retention, default)


def _retention(
    scene: Scene,
    cell_id: str,
    path: str,
    cleared: Known[str],
    oldest: datetime | None,
    what: str,
    note: str,
) -> Cell:
    if isinstance(cleared, str) and cleared:
        return scene.live(cell_id, cleared, "scenario steps", declare=path, reason=note)
    if oldest is not None:
        said = f"At least {words.duration((scene.now - oldest).total_seconds())}: the oldest {what} is of "
        return scene.inferred(
            cell_id, said + words.day(oldest, scene.zone, scene.now), f"the oldest {what}", declare=path, reason=note
        )
    if isinstance(cleared, Unknown):
        return scene.unknown(cell_id, cleared, declare=path)
    return scene.missing(cell_id, path, f"no scenario of this project clears them, and none is on record; {note}")


def clearing(scene: Scene, macro: str) -> Known[str]:
    """Which scenario of this project clears logs, and how old it lets them grow; '' when none that was read does."""
    scenarios = scene.snapshot.scenarios
    if isinstance(scenarios, Unknown):
        return scenarios
    unread: list[Unknown] = []
    for scenario in scenarios:
        if not scenario.active:
            continue
        if isinstance(scenario.settings, Unknown):
            unread.append(scenario.settings)
            continue
        for step in scenario.settings.steps:
            if step.enabled and step.type == "runnable" and str(step.params.get("runnableType", "")).endswith(macro):
                config = step.params.get("config")
                age = config.get("age") if isinstance(config, dict) else None
                name = scenario.name or scenario.id
                return f"{age} days, cleared by {name}" if isinstance(age, (int, float)) else f"Cleared by {name}"
    return unread[0] if unread else ""


def _system_location(scene: Scene) -> Cell:
    cell_id, path = "monitoring.logs-system.location", "logs.system_location"
    logs = scene.snapshot.logs
    if isinstance(logs, Unknown):
        default = scene.default(
            cell_id,
            "DATADIR/run, the audit trail in DATADIR/run/audit; Administration → Maintenance → Log files",
            "default: where DSS writes them, unless it runs in Dataiku Cloud",
            declare=path,
            reason=f"the list of logs was not read: {logs.reason}",
            needs=logs.needs,
        )
    else:
        default = scene.live(
            cell_id,
            "Administration → Maintenance → Log files",
            "log list",
            declare=path,
            evidence=logs[:50],
        )
    return scene.declare(cell_id, path, scene.profile.logs.system_location, default)


def _system_retention(scene: Scene) -> Cell:
    cell_id, path = "monitoring.logs-system.retention", "logs.system_retention"
    default = scene.default(
        cell_id, "Rotated at 100 MB, 10 files kept", "default: DSS's own rotation, unless it was changed", declare=path
    )
    return scene.declare(cell_id, path, scene.profile.logs.system_retention, default)
