"""Any trigger in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.known import Unknown
from ...model.report import ServerZone
from ...model.snapshot import Trigger
from ..words import listed
from .parse import LAST_DAY, WEEK_OF_MONTH, WEEKDAYS, Temporal, read_temporal
from .zones import zone_for

_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}


def sentence(trigger: Trigger, server: ServerZone, names: Mapping[str, str], project_key: str = "") -> str:
    """The trigger as a person would say it: "Every 2 weeks on Monday and Thursday at 06:30 (America/New_York)".

    `names` gives the names of scenarios, folders and models of the project by id; an id without one stands for itself.
    A trigger that is switched off reads "off: …"."""
    text = (
        _temporal(trigger, server)
        if trigger.type == "temporal"
        else _event(trigger, names, project_key) + _checked(trigger)
    )
    return text if trigger.active else f"off: {text[:1].lower()}{text[1:]}"


def _temporal(trigger: Trigger, server: ServerZone) -> str:
    temporal = read_temporal(trigger)
    if isinstance(temporal, Unknown):
        return f"By the clock, but {temporal.reason}"
    if temporal.frequency == "Minutely":
        return _every(temporal.repeat, "minute")
    return f"{_when(temporal, server)} ({_zone_text(temporal, server)})"


def _when(temporal: Temporal, server: ServerZone) -> str:
    if temporal.frequency == "Hourly":
        return f"{_every(temporal.repeat, 'hour')} at {temporal.minute} min past"
    at = f"at {temporal.hour:02}:{temporal.minute:02}"
    if temporal.frequency == "Daily" or (len(temporal.weekdays) == 7 and temporal.repeat == 1):
        return f"{_every(temporal.repeat, 'day')} {at}"
    if temporal.frequency == "Weekly":
        days = _days(temporal.weekdays)
        return f"Every {days} {at}" if temporal.repeat == 1 else f"{_every(temporal.repeat, 'week')} on {days} {at}"
    day = _day_of_month(temporal, server)
    if temporal.repeat == 1:
        return f"On the {day} of every month {at}"
    return f"{_every(temporal.repeat, 'month')} on the {day} {at}"


def _every(repeat: int, unit: str) -> str:
    return f"Every {unit}" if repeat == 1 else f"Every {repeat} {unit}s"


def _days(weekdays: tuple[int, ...]) -> str:
    in_a_row = weekdays[-1] - weekdays[0] == len(weekdays) - 1
    if in_a_row and len(weekdays) > 2:
        return f"{WEEKDAYS[weekdays[0]]} to {WEEKDAYS[weekdays[-1]]}"
    return listed([WEEKDAYS[day] for day in weekdays])


def _day_of_month(temporal: Temporal, server: ServerZone) -> str:
    if temporal.month_day == LAST_DAY:
        return "last day"
    zone = zone_for(temporal, server)
    # Without the zone the day itself may be one off: then it is told as it was written.
    start = temporal.start_day(None if isinstance(zone, Unknown) else zone)
    if temporal.month_day in WEEK_OF_MONTH:
        which = _ORDINALS[WEEK_OF_MONTH[temporal.month_day]]
        return f"{which} {WEEKDAYS[start.weekday()]}" if start else f"{which} week"
    day = start.day if start else temporal.day_of_month
    return _nth(day) if day else "start day"


def _nth(day: int) -> str:
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _zone_text(temporal: Temporal, server: ServerZone) -> str:
    if temporal.zone:
        known = not isinstance(zone_for(temporal, server), Unknown)
        return temporal.zone if known else f"{temporal.zone}, which is no known time zone"
    return "server time, zone unknown" if isinstance(server.name, Unknown) else f"{server.name}, the server's time"


def _event(trigger: Trigger, names: Mapping[str, str], project_key: str) -> str:
    params = trigger.params
    if trigger.type == "ds_modified":
        return _modified(params, names)
    if trigger.type == "sql_query":
        return f"When the result of a query on connection {_text(params.get('connection')) or '(not given)'} changes"
    if trigger.type == "follow_scenariorun":
        return _after(params, names, project_key)
    if trigger.type == "custom_python":
        return "When its Python code says so"
    if trigger.type.startswith("pytrigger_"):
        return f"When the plugin trigger {trigger.type[len('pytrigger_') :]} fires"
    return f"By a trigger of type {trigger.type or '(none)'}, which this guide does not know"


def _modified(params: Mapping[str, Any], names: Mapping[str, str]) -> str:
    watched = [_watched(watch, names) for watch in _dicts(params.get("watches"))]
    if not watched:
        return "When data changes, but it watches nothing"
    if len(watched) == 1:
        return f"When {watched[0]} changes"
    if params.get("triggerWhenAllFire") is True:
        return f"When {listed(watched)} have all changed"
    return f"When {listed(watched, last='or')} change"


def _watched(watch: Mapping[str, Any], names: Mapping[str, str]) -> str:
    item = _text(watch.get("itemId")) or "(not given)"
    name = item if watch.get("type") in (None, "DATASET") else names.get(item, item)
    partitions = _text(watch.get("partitionsSpec"))
    return f"{name} (partitions {partitions})" if partitions else name


def _after(params: Mapping[str, Any], names: Mapping[str, str], project_key: str) -> str:
    scenario, project = _text(params.get("scenarioId")), _text(params.get("projectKey"))
    elsewhere = project not in ("", project_key)
    name = (scenario if elsewhere else names.get(scenario, scenario)) or "(no scenario given)"
    where = f" of project {project}" if elsewhere else ""
    wanted = outcomes(params)
    return f"After {name}{where} ends" + (f" with {listed(wanted, last='or')}" if wanted else "")


def outcomes(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The outcomes that an after-scenario trigger waits for; none means any. Its shape is not documented: a text, or a
    list of them."""
    value = params.get("outcomeFilter")
    values = value if isinstance(value, (list, tuple)) else [value]
    found = tuple(item for item in values if isinstance(item, str) and item)
    return () if {"ANY", "ALL"} & set(found) else found


def _checked(trigger: Trigger) -> str:
    seconds = trigger.delay_seconds
    if not seconds or seconds <= 0:
        return ""
    for size, unit in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f" (checked every {seconds / size:g} {unit})"
    return f" (checked every {seconds:g} s)"


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
