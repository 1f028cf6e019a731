"""docs/probes-and-checks.md: what the probes measure and the checks judge, from their descriptors; the examples are
worked out by the code that judges a project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from opsguide.core import outcomes, row_limits, schema_change
from opsguide.core.freshness import DataTime, judge_age, judge_deadline
from opsguide.core.outcomes import Outcome
from opsguide.core.sla import Promise
from opsguide.core.volume import Count, judge_volume
from opsguide.model.known import Cause, Unknown

ROOT = Path(__file__).resolve().parent.parent

INTRODUCTION = """\
# Probes and checks

What the plugin adds to *Metrics* and to *Checks* or *Data Quality* of a dataset or folder. The checks judge with the same
functions as the *Today* page; in DSS 12.6 and newer they are Data Quality rules as well. The tables are those of the
forms in DSS; the examples are worked out by the code. To the message of a row count the check adds which count it judged,
and of when; to that of a changed schema the recipes that read the dataset.

Where a check cannot tell (nothing counted yet, a right that is missing, DSS not answering), it answers what *Then it is*
names, by default a warning, with the reason behind "Cannot tell:". It never answers OK for what it does not know unless
you say so there. A parameter that cannot be meant is an error, with the parameter's name.
"""

METRICS = {
    "row-count": {
        "row_count": "rows of the dataset, or of the partition it is computed on",
        "engine": "how they were counted: `existing metric`, `DSS metrics engine: …`, `SQL COUNT(*)` or `streamed`",
        "delta": "rows more than in the count before the last build; where DSS does not build it, than on an earlier day",
        "delta_pct": "the same in percent; left out where there were no rows before",
        "zero_days": "days in a row, today included, without rows; 0 where there are some",
        "file_count": "files of a folder",
        "total_size": "their bytes; left out where DSS does not tell all of them",
    },
    "freshness": {
        "last_modified": "end of the last successful build, else the change of the newest file",
        "age_hours": "hours since then",
        "clock": "which of the two it was; with what is not known, and why",
        "data_time": "newest value of the time column that is no more than 5 minutes ahead",
        "data_lag_hours": "hours since then",
        "data_clock": "what told it: DSS's metric, with its date, or the database; with what is not known, and why",
        "future_values": "values further ahead, which were left out; told where the database was asked",
    },
}

_NOW = datetime(2026, 3, 2, 6, 0, tzinfo=timezone.utc)  # a Monday
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_NO_CLOCK = Unknown("no successful build is on record", Cause.NOT_RECORDED)


def page() -> str:
    parts = [INTRODUCTION]
    for title, folder, name in (("Probe", "python-probes", "probe.json"), ("Check", "python-checks", "check.json")):
        for path in sorted((ROOT / folder).iterdir()):
            descriptor = json.loads((path / name).read_text("utf-8"))
            parts.append("\n".join(_component(title, path.name, descriptor)))
    return "\n".join(parts)


def _component(title: str, component: str, descriptor: dict[str, Any]) -> Iterator[str]:
    yield f"## {title} *{descriptor['meta']['label']}* (`{component}`)"
    yield f"\n{descriptor['meta']['description']}\n"
    if title == "Probe":
        yield "| Metric | Meaning |\n|---|---|"
        yield from (f"| `{metric}` | {meaning} |" for metric, meaning in METRICS[component].items())
        yield ""
    yield "| Field | Parameter | Default | Meaning |\n|---|---|---|---|"
    yield from (parameter_row(param) for param in descriptor["params"])
    yield ""
    if title == "Check":
        yield "| Example | Outcome | Message |\n|---|---|---|"
        for case, outcome in EXAMPLES[component]():
            word, message = outcomes.answer(outcome, "WARNING")
            yield f"| {case} | {word} | {message} |"
        yield ""


def parameter_row(param: dict[str, Any]) -> str:
    """A row of the table of parameters: field, name and type, default, meaning."""
    if param["type"] == "SEPARATOR":
        return f"| **{param['label']}** | | | {param.get('description', '')} |"
    default = param.get("defaultValue", "")
    shown = "" if default == "" else f"`{json.dumps(default)}`"
    choices = ", ".join(f"`{choice['value']}` {choice['label']}" for choice in param.get("selectChoices", ()))
    meaning = param["description"] + (f" One of: {choices}." if choices else "")
    return f"| {param['label']} | `{param['name']}` {param['type']} | {shown} | {meaning} |"


# --- examples --------------------------------------------------------------------------------------------------------


def _mondays(last: float) -> list[Count]:
    """Twelve weeks of daily builds around 55,000 rows, fewer on weekends; the last is today's."""
    steady = (0.98, 1.02, 1.0, 1.03, 0.97, 1.01, 0.99)
    days = [_NOW - _DAY * back for back in range(84, 0, -1)]
    rows = [55_000 * steady[n % 7 - n // 7 % 3] * (0.4 if day.weekday() >= 5 else 1) for n, day in enumerate(days)]
    return [*(Count(day, round(count)) for day, count in zip(days, rows)), Count(_NOW, last)]


def _rows_examples() -> Iterator[tuple[str, Outcome]]:
    for last in (54_000, 48_500, 41_902):
        judged = outcomes.of_volume(judge_volume(_mondays(last), timezone.utc))
        yield f"a Monday with {last:,} rows, compared with what is usual", judged
    yield "no rows at all", outcomes.of_volume(judge_volume(_mondays(0), timezone.utc))
    yield "a table built for the second time", outcomes.of_volume(judge_volume(_mondays(54_000)[-2:], timezone.utc))
    counts = _mondays(41_902)
    for same_weekday, case in ((False, "the build before"), (True, "the same weekday before")):
        judged = row_limits.change(counts, timezone.utc, same_weekday=same_weekday, warn=0.2, error=0.5)
        yield f"compared with {case}: warning over 20 %, error over 50 %", judged
    yield "41,902 rows, minimum (warning) 50,000", row_limits.within(41_902, row_limits.Limits(warn_least=50_000))


def _freshness_examples() -> Iterator[tuple[str, Outcome]]:
    promise = Promise(ZoneInfo("UTC"), available_by=time(5, 30), warn_age_seconds=26 * 3600, max_age_seconds=50 * 3600)
    for hours in (3, 30, 51):
        built = DataTime("end of the last successful build", _NOW - hours * _HOUR, _NOW - hours * _HOUR)
        yield (
            f"built {hours} h ago, warning beyond 26 h, error beyond 50 h",
            outcomes.of_freshness(judge_age(promise, built, _NOW)),
        )
    newest = DataTime(
        "newest order_date", _NOW - 9 * _HOUR, _NOW - 4 * _HOUR, note="computed before the last build ended"
    )
    case = "newest value 9 h old when last computed, built since then; warning beyond 8 h"
    yield case, outcomes.of_freshness(judge_age(replace(promise, warn_age_seconds=8 * 3600), newest, _NOW))
    yield "never built, nothing else tells", outcomes.of_freshness(judge_age(promise, _NO_CLOCK, _NOW))
    for case, came in (("at 04:10", _NOW - 110 * _MINUTE), ("yesterday at 04:10", _NOW - _DAY - 110 * _MINUTE)):
        built = DataTime("end of the last successful build", came, came)
        yield f"due by 05:30, built {case}", outcomes.of_freshness(judge_deadline(promise, built, _NOW))


def _schema_examples() -> Iterator[tuple[str, Outcome]]:
    severity = {"removed": "ERROR", "retyped": "ERROR", "added": "WARNING", "reordered": "OK"}
    accepted = schema_change.columns_of(["id: bigint", "day: date", "amount: double"])
    for case, now in (
        ("nothing changed", ["id: bigint", "day: date", "amount: double"]),
        ("a column more", ["id: bigint", "day: date", "amount: double", "note: string"]),
        ("a column less, another of a new type", ["id: string", "day: date"]),
        ("another order", ["day: date", "id: bigint", "amount: double"]),
    ):
        yield case, schema_change.judge(accepted, schema_change.columns_of(now), severity)
    yield "nothing accepted yet", schema_change.judge((), accepted, severity)


EXAMPLES = {"row-count": _rows_examples, "freshness": _freshness_examples, "schema-change": _schema_examples}
