"""What would make a project tell of itself: mails on failure, a watch, a morning check, DSS's own statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from ...model.known import Known, Unknown, known
from ...model.plan import DATASET, EDIT, SCENARIO, WATCH_NAME, ZONE, Change, Step, Trial
from ...model.report import Report
from ...model.snapshot import Channel, ObjectRef, Snapshot
from .. import words
from .ids import EVALUATION_STEP, MORNING_MACRO, MORNING_NAME, STATS_ZONE

WATCH_MINUTES = 15
MORNING_HOUR = 7
FAILED = "outcome == 'FAILED'"  # a condition that DSS documents for reporters

_STATS_TYPE = "StatsDB"
_VIEWS: Mapping[str, tuple[str, str, str]] = {
    # view: the key of its own parameters, what one read replaces, its columns as "name:type"
    "SCENARIO_RUNS": (
        "scenarioRuns",
        "the runs of every scenario, in place of a call for each",
        "scenario_project_key scenario_id scenario_run_id time_start:date time_end:date outcome warnings_count:bigint "
        "scenario_name trigger_name scenario_run_as_user run_as_user_identifier run_as_user_via",
    ),
    "FLOW_ACTIONS": (
        "flowActions",
        "every build of every object, in place of a call for each",
        "project_key object_id partition job_project_key job_id activity_id scenario_project_key scenario_id "
        "scenario_run_id step_id step_run_id time_start:date time_end:date outcome result warnings_count:bigint type "
        "is_last:boolean",
    ),
}


@dataclass(frozen=True)
class Mail:
    """Where mails go: the addresses, and the channel. `problem` says why none can be sent, '' where one can."""

    to: str
    channel_id: str = ""
    problem: str = ""


def mail_by(channels: Known[tuple[Channel, ...]], wanted: str, to: str) -> Mail:
    """The channel for mails: the one named, else the only or first one of the mail family."""
    if isinstance(channels, Unknown):
        return Mail(
            to, wanted, "" if wanted and to else f"which mail channel there is cannot be told: {channels.reason}"
        )
    mails = [channel.id for channel in channels if channel.family == "mail" or "mail" in channel.type.lower()]
    mails += [channel.id for channel in channels if channel.type.lower() == "smtp" and channel.id not in mails]
    if wanted and wanted not in mails:
        return Mail(to, wanted, f"there is no mail channel {wanted}; there is {words.listed(mails) or 'none'}")
    if not mails:
        return Mail(to, "", "this DSS has no mail channel: an administrator adds one")
    return Mail(to, wanted or mails[0], "" if to.strip() else "nobody to write to: fill in “Mail to”")


def mails_on_failure(snapshot: Snapshot, report: Report, mail: Mail) -> Iterator[Change]:
    """A reporter for each active scenario whose failure reaches nobody. A scenario of which that cannot be told is
    listed with the reason."""
    for scenario in known(report.scenarios, ()):
        if not scenario.active or scenario.test:
            continue
        told = scenario.told
        title = f"Mail {mail.to or 'somebody'} when “{scenario.name or scenario.id}” fails"
        about, ident = f"scenario:{scenario.id}", f"mail:{scenario.id}"
        if isinstance(told, Unknown):
            yield Change(ident, "mail", title, about, "who hears of it cannot be told", obstacle=told.reason)
            continue
        if not told.nobody:
            continue
        why = told.broken[0] if told.broken else "its failure reaches nobody"
        reporter = _reporter(mail, "Operations Guide: failure", "${scenarioName} failed in ${projectKey}")
        step = Step(EDIT, ("scenarios", scenario.id), reporter, place=("reporters",))
        yield Change(ident, "mail", title, about, why, (step,), proposed=_via(mail), obstacle=mail.problem)


def watch(snapshot: Snapshot, mail: Mail, *, active: bool, heartbeat: str, facts: str = "") -> Iterator[Change]:
    """A scenario that judges the project every quarter of an hour, and whose run fails only when something new is
    wrong: so that its reporter, which DSS can make depend on the outcome alone, speaks only on change. `facts` is the
    dataset that it appends each day's facts to, '' for none."""
    if _has_scenario(snapshot, WATCH_NAME):
        return
    config: dict[str, Any] = {"fail_at": "error", "only_on_change": True}
    if heartbeat:
        config["heartbeat_url"] = heartbeat
    if facts:
        config["facts_dataset"] = facts
    step = {
        "type": EVALUATION_STEP,
        "id": "evaluate",
        "name": "Evaluate operations",
        "runConditionType": "RUN_ALWAYS",
        "params": {"config": config},
    }
    rhythm = {"frequency": "Minutely", "repeatFrequency": WATCH_MINUTES, "timezone": "SERVER"}
    trigger = _temporal("every-quarter", rhythm, snapshot.taken_at)
    mails = [] if mail.problem else [_reporter(mail, "Something new is wrong", "${projectKey}: ${operations_headline}")]
    body = _scenario(WATCH_NAME, active, [step], [trigger], mails)
    said = f"every {WATCH_MINUTES} minutes, {'active' if active else 'inactive until you switch it on'}"
    said += f"; {_via(mail)}" if mails else f"; nobody is written to: {mail.problem}"
    said += "; with a heartbeat" if heartbeat else ""
    said += f"; appends each day's facts to {facts}" if facts else ""
    why = "a reporter cannot tell of a scenario that never started"
    yield Change(
        "watch",
        "watch",
        f"Create the scenario “{WATCH_NAME}”",
        "",
        why,
        (Step(SCENARIO, ("scenarios",), body),),
        proposed=said,
    )


@dataclass(frozen=True)
class MorningPlan:
    """What the morning scenario is to do: run the checks of what is `checked`, after it computed the metrics of what is
    `computed`, which no build computes."""

    checked: Sequence[ObjectRef]
    computed: Sequence[ObjectRef]
    mail: Mail
    active: bool
    zone: str


def morning(
    snapshot: Snapshot, plan: MorningPlan, there: Known[Optional[tuple[str, Mapping[str, Any]]]]
) -> Iterator[Change]:
    """A scenario that computes metrics, runs checks and then the morning check every day, and fails when something is
    wrong: a check of age that builds alone would run says nothing on the day on which none comes. Where it is `there`
    (its id and settings), what it does not compute or check yet."""
    if there is not None:
        yield from _more_of_the_morning(plan, there)
        return
    if _has_scenario(snapshot, MORNING_NAME):
        return
    step = {
        "type": "runnable",
        "id": "check",
        "name": "Morning check",
        "runConditionType": "RUN_ALWAYS",
        "params": {
            "runnableType": MORNING_MACRO,
            "config": {"scenarios": [], "outputs": [], "fail_at": "error"},
            "adminConfig": {},
            "proceedOnFailure": False,
        },
    }
    daily = {
        "frequency": "Daily",
        "repeatFrequency": 1,
        "hour": MORNING_HOUR,
        "minute": 0,
        "timezone": plan.zone or "SERVER",
    }
    mail, active = plan.mail, plan.active
    mails = (
        [] if mail.problem else [_reporter(mail, "The morning check failed", "${projectKey}: the morning check failed")]
    )
    before = [part.step(wanted) for part, wanted in _parts(plan) if wanted]
    trigger = _temporal("every-morning", daily, snapshot.taken_at)
    body = _scenario(MORNING_NAME, active, [*before, step], [trigger], mails)
    said = f"daily at {MORNING_HOUR:02d}:00 {plan.zone or 'server time'}, {'active' if active else 'inactive until you switch it on'}"
    said += f"; {_via(mail)}" if mails else f"; nobody is written to: {mail.problem}"
    said += f"; runs the checks of {_counted(plan.checked)} first" if plan.checked else ""
    said += f"; computes the newest data of {words.count(len(plan.computed), 'source')} before" if plan.computed else ""
    why = "the morning's three steps without anybody opening the page"
    create = Step(SCENARIO, ("scenarios",), body)
    yield Change("morning", "morning", f"Create the scenario “{MORNING_NAME}”", "", why, (create,), proposed=said)


@dataclass(frozen=True)
class _Part:
    """A step of the morning scenario that names objects: its `type` in DSS, and under which of its parameters they stand
    (`key`)."""

    id: str
    type: str
    key: str
    name: str
    title: str
    why: str
    rest: Mapping[str, Any]

    def step(self, refs: Sequence[ObjectRef]) -> dict[str, Any]:
        return {
            "type": self.type,
            "id": self.id,
            "name": self.name,
            "runConditionType": "RUN_ALWAYS",
            "params": {self.key: [_item(ref) for ref in refs], **self.rest},
        }

    def names(self, step: Any, ref: ObjectRef) -> bool:
        """Whether a step of a scenario does this with the object."""
        params = step.get("params") if isinstance(step, Mapping) and step.get("type") == self.type else None
        items = params.get(self.key) if isinstance(params, Mapping) else None
        return any(
            isinstance(item, Mapping) and (item.get("type") or "DATASET", item.get("itemId")) == (ref.kind, ref.id)
            for item in (items if isinstance(items, list) else ())
        )


_COMPUTED = _Part(
    "sources",
    "compute_metrics",
    "computes",
    "Newest data of the sources",
    "Compute the newest data of",
    "no build computes it",
    {},
)
_CHECKED = _Part(
    "checks",
    "check_dataset",
    "checks",
    "Checks of the outputs",
    "Run the checks of",
    "a check that builds alone would run says nothing on the day on which none comes",
    {"computeAutomaticRules": True, "handleWarningsAs": "WARNING"},
)


def _parts(plan: MorningPlan) -> tuple[tuple[_Part, Sequence[ObjectRef]], ...]:
    return (_COMPUTED, plan.computed), (_CHECKED, plan.checked)


def _more_of_the_morning(plan: MorningPlan, there: Known[tuple[str, Mapping[str, Any]]]) -> Iterator[Change]:
    """What the morning scenario leaves out of what is followed by now: added to its own step, or as a step before all
    that judge."""
    if isinstance(there, Unknown):
        what = f"Read the settings of the scenario “{MORNING_NAME}”"
        yield Change("morning:settings", "morning", what, "", there.reason, obstacle=there.reason)
        return
    scenario_id, settings = there
    params = settings.get("params")
    found = params.get("steps") if isinstance(params, Mapping) else None
    steps = [step for step in found if isinstance(step, Mapping)] if isinstance(found, list) else []
    for part, wanted in _parts(plan):
        missing = [ref for ref in wanted if not any(part.names(step, ref) for step in steps)]
        if not missing:
            continue
        own = next((step for step in steps if (step.get("type"), step.get("id")) == (part.type, part.id)), None)
        computing = (number for number, step in enumerate(steps, 1) if step.get("type") == _COMPUTED.type)
        yield Change(
            f"morning:{part.id}",
            "morning",
            f"{part.title} {_counted(missing)} more in the scenario “{MORNING_NAME}”",
            f"scenario:{scenario_id}",
            part.why,
            (
                Step(
                    EDIT,
                    ("scenarios", scenario_id),
                    part.step(missing) if own is None else _with_items(own, part, missing),
                    own,
                    ("params", "steps"),
                    at=0 if part is _COMPUTED else max(computing, default=0),
                ),
            ),
            proposed=words.listed([ref.id for ref in missing], 6),
        )


def _with_items(step: Mapping[str, Any], part: _Part, refs: Sequence[ObjectRef]) -> dict[str, Any]:
    params = step.get("params")
    params = dict(params) if isinstance(params, Mapping) else {}
    items = params.get(part.key)
    listed = items if isinstance(items, list) else []
    return {**step, "params": {**params, part.key: [*listed, *(_item(ref) for ref in refs)]}}


def _counted(refs: Sequence[ObjectRef]) -> str:
    """ "2 datasets and 1 folder"."""
    folders = sum(ref.kind == "MANAGED_FOLDER" for ref in refs)
    said = (words.count(len(refs) - folders, "dataset"), words.count(folders, "folder"))
    return " and ".join(each for each in said if not each.startswith("0 "))


def _item(ref: ObjectRef) -> dict[str, str]:
    return {"type": ref.kind, "itemId": ref.id, "partitionsSpec": ""}


def statistics(snapshot: Snapshot) -> Iterator[Change]:
    """Datasets over DSS's own runtime database, restricted to this project, in a zone of their own."""
    if isinstance(snapshot.datasets, Unknown):
        return
    there = {dataset.location for dataset in snapshot.datasets if dataset.type == _STATS_TYPE}
    names = {dataset.name for dataset in snapshot.datasets}
    missing = [view for view in _VIEWS if view not in there]
    if missing:
        zone = Step(ZONE, ("flow", "zones"), {"name": STATS_ZONE, "color": "#9aa5b1"})
        yield Change(
            "stats:zone",
            "stats",
            f"Create the flow zone “{STATS_ZONE}”",
            "",
            "so that they do not stand among your data",
            (zone,),
        )
    for view in missing:
        own, why, columns = _VIEWS[view]
        name = f"operations_{view.lower()}"
        body = {
            "name": name,
            "type": _STATS_TYPE,
            "managed": False,
            "params": {
                "view": view,
                "orderByDate": False,
                **{part: {} for part in ("jobs", "scenarioRuns", "flowActions", "commits", "clusterTasks")},
                own: {"projectKey": snapshot.project_key},
            },
            "schema": {"columns": [_column(each) for each in columns.split()], "userModified": False},
            "zone": STATS_ZONE,
        }
        yield Change(
            f"stats:{view}",
            "stats",
            f"Create the dataset {name}",
            f"dataset:{name}",
            f"one read gives {why}; it is never built",
            (Step(DATASET, ("datasets",), body),),
            Trial("rows", name),
            obstacle=f"there is another dataset named {name}" if name in names else "",
        )


def _scenario(name: str, active: bool, steps: list[Any], triggers: list[Any], reporters: list[Any]) -> dict[str, Any]:
    return {
        "type": "step_based",
        "name": name,
        "active": active,
        "shortDesc": "Made by the Operations Guide; its macro instrument-project takes it back.",
        "params": {"steps": steps},
        "triggers": triggers,
        "reporters": reporters,
    }


def _temporal(ident: str, params: Mapping[str, Any], since: datetime) -> dict[str, Any]:
    whole = {**params, "startingFrom": f"{since.astimezone(timezone.utc):%Y-%m-%dT00:00:00.000Z}"}
    return {"id": ident, "name": ident, "type": "temporal", "active": True, "delay": 5, "params": whole}


def _reporter(mail: Mail, name: str, subject: str) -> dict[str, Any]:
    return {
        "active": True,
        "name": name,
        "phase": "END",
        "runConditionEnabled": True,
        "runCondition": FAILED,
        "messaging": {
            "type": "mail-scenario",
            "configuration": {
                "channelId": mail.channel_id,
                "subject": subject,
                "recipient": mail.to,
                "sendAsHTML": True,
                "messageSource": "TEMPLATE_FILE",
                "templateFormat": "FREEMARKER",
                "templateName": "default.ftl",
                "attachments": [],
            },
        },
    }


def _via(mail: Mail) -> str:
    return f"mails {mail.to} through {mail.channel_id}" if mail.to else ""


def _has_scenario(snapshot: Snapshot, name: str) -> bool:
    return any(scenario.name == name for scenario in known(snapshot.scenarios, ()))


def _column(told: str) -> dict[str, str]:
    name, _, kind = told.partition(":")
    return {"name": name, "type": kind or "string"}
