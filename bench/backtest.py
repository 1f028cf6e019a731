"""How good are the alarms on row counts over a year: precision and recall, against DSS's interquartile rule.

Seeded histories of daily builds, each with what real tables have: a season over the week, a trend, public holidays,
level shifts that stay; and faults injected into one build in fifty. Both rules see the same rows, faults of the past
included, as nobody marks them. `python bench/backtest.py [--quick]` prints a line a kind of table; the last line is the
ratio of the F scores of all. Ours is the weaker one in three of them, and says so: it finds fewer faults in noisy tables,
warns on public holidays, which only a calendar could tell it, and goes on warning after a level shift until a person
confirms the new level, which nobody does here.

An alarm on a fault is right; on any other build it is false, with one exception: for three builds after a level shift
an alarm is what a person wants, and is not counted at all.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Optional

from definitions import DAY, START, WEEK, interquartile

from opsguide.core.volume import Count, judge_volume

SEED = 20_251_014
DAYS, JUDGED_FROM = 250, 90
FAULTS = (0.0, 0.2, 0.5, 0.67, 0.8, 1.5, 2.0, 4.0)
FAULT_RATE = 0.02
SHIFT_GRACE = 3
HOLIDAYS = frozenset({(1, 1), (4, 21), (5, 1), (5, 8), (5, 29), (6, 9), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})


@dataclass(frozen=True)
class Table:
    """`rows` of each day, faults included; the days of the `faults`; those of `shifts`."""

    rows: tuple[float, ...]
    faults: frozenset[int]
    shifts: frozenset[int]


@dataclass
class Tally:
    faults: int = 0
    alarms: int = 0
    right: int = 0
    builds: int = 0

    def add(self, fault: bool, alarm: bool) -> None:
        self.builds += 1
        self.faults += fault
        self.alarms += alarm
        self.right += fault and alarm

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in ("faults", "alarms", "right", "builds")))

    @property
    def precision(self) -> float:
        return self.right / self.alarms if self.alarms else math.nan

    @property
    def recall(self) -> float:
        return self.right / self.faults if self.faults else math.nan

    @property
    def f_score(self) -> float:
        return 2 * self.right / (self.alarms + self.faults) if self.alarms + self.faults else math.nan


# --- tables ----------------------------------------------------------------------------------------------------------


def table(
    chance: random.Random,
    *,
    noise: tuple[float, float] = (0.02, 0.08),
    week: bool = False,
    trend: bool = False,
    holidays: bool = False,
    shifts: int = 0,
) -> Table:
    """A year's build counts of one table; `noise` is the range of the spread of the logarithm of its rows."""
    level, spread = math.exp(chance.uniform(6, 14)), chance.uniform(*noise)
    slope = chance.uniform(0.0005, 0.003) if trend else 0.0
    moved = sorted(chance.sample(range(JUDGED_FROM, DAYS), shifts))
    factors = {day: chance.choice((0.6, 1.6, 2.2)) for day in moved}
    rows, faults = [], set()
    for day in range(DAYS):
        level *= factors.get(day, 1.0)
        expected = level * math.exp(slope * day)
        on = (START + DAY * day).date()
        if week:
            expected *= WEEK[day % 7]
        if holidays and _is_holiday(on):
            expected *= 0.35
        count = expected * math.exp(chance.gauss(0, spread))
        if day >= JUDGED_FROM and chance.random() < FAULT_RATE:
            count *= chance.choice(FAULTS)
            faults.add(day)
        rows.append(count)
    return Table(tuple(rows), frozenset(faults), frozenset(moved))


def _is_holiday(on: date) -> bool:
    return (on.month, on.day) in HOLIDAYS


KINDS: dict[str, Callable[[random.Random], Table]] = {
    "calm": lambda chance: table(chance),
    "weekday season": lambda chance: table(chance, week=True),
    "trend": lambda chance: table(chance, trend=True),
    "season, trend and holidays": lambda chance: table(chance, week=True, trend=True, holidays=True),
    "season and level shifts": lambda chance: table(chance, week=True, shifts=2),
    "noisy": lambda chance: table(chance, noise=(0.15, 0.35)),
}


RULES = ("ours", "interquartile")

# --- the two rules on them -------------------------------------------------------------------------------------------


def backtest(chance: random.Random, tables: int) -> dict[str, dict[str, Tally]]:
    scores = {kind: {rule: Tally() for rule in RULES} for kind in KINDS}
    for kind, make in KINDS.items():
        for _ in range(tables):
            made = make(chance)
            ours = _Ours()
            for day in range(JUDGED_FROM, DAYS):
                rows = made.rows[: day + 1]
                alarms = {"ours": ours.flags(rows), "interquartile": interquartile(rows)}
                if any(0 <= day - shift < SHIFT_GRACE for shift in made.shifts) and day not in made.faults:
                    continue
                for rule, alarm in alarms.items():
                    scores[kind][rule].add(day in made.faults, alarm)
    return scores


class _Ours:
    """Our rule over the days of one table: a new level is told once."""

    def __init__(self) -> None:
        self._levels: set[Optional[datetime]] = set()

    def flags(self, rows: Sequence[float]) -> bool:
        judged = judge_volume([Count(START + DAY * day, round(n)) for day, n in enumerate(rows)], timezone.utc)
        if judged.verdict == "NEW_LEVEL" and judged.since not in self._levels:
            self._levels.add(judged.since)
            return True
        return judged.verdict in ("WARNING", "ERROR")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few tables of each kind, for a test")
    quick = parser.parse_args().quick
    scores = backtest(random.Random(SEED), tables=2 if quick else 40)
    for kind, by_rule in scores.items():
        _print(kind, by_rule)
    whole = {rule: sum((by_rule[rule] for by_rule in scores.values()), Tally()) for rule in RULES}
    _print("all", whole)
    print(f"F score ratio {whole['ours'].f_score / whole['interquartile'].f_score:.2f} (ours ÷ interquartile)")


def _print(kind: str, by_rule: dict[str, Tally]) -> None:
    mine, theirs = by_rule["ours"], by_rule["interquartile"]
    print(
        f"{kind}: precision {mine.precision:.0%} against {theirs.precision:.0%}, "
        f"recall {mine.recall:.0%} against {theirs.recall:.0%} ({mine.builds:,} builds, {mine.faults} faults)"
    )


if __name__ == "__main__":
    main()
