"""How good are the definitions: alarms before a promise is missed, and row counts against DSS's interquartile rule.

Seeded simulations, judged by the same functions that judge a project. `python bench/definitions.py [--quick]` prints a
line a claim, with the number it is held against in brackets; the last line is the ratio that matters most: false
alarms of the interquartile rule for each of ours.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from opsguide.core.duration import percentile
from opsguide.core.forecast import Course, Leg, Outlook, foresee
from opsguide.core.volume import Count, judge_volume

SEED = 20_251_014
START = datetime(2025, 1, 6, 2, tzinfo=timezone.utc)  # a Monday
DAY = timedelta(days=1)
LOOKS = (5, 15)  # minutes between two looks: an open page, a watching scenario
FLAGGED = ("WARNING", "ERROR", "NEW_LEVEL")


# --- at risk ---------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """Alarms and what they were about."""

    cases: int = 0
    bad: int = 0
    alarms: int = 0
    right: int = 0

    def add(self, bad: bool, alarm: bool) -> None:
        self.cases += 1
        self.bad += bad
        self.alarms += alarm
        self.right += bad and alarm

    @property
    def precision(self) -> float:
        return self.right / self.alarms if self.alarms else math.nan

    @property
    def recall(self) -> float:
        return self.right / self.bad if self.bad else math.nan


def at_risk(chance: random.Random, every: timedelta, histories: int, nights: int = 60) -> Tally:
    """Runs of 1 to 4 hours, each with a spread of its own, due when 9 in 100 of them are not ready. Looked at again and
    again from the start until due: an alarm is one at any of these times."""
    tally = Tally()
    for _ in range(histories):
        usual, spread = chance.uniform(3600, 4 * 3600), chance.uniform(0.08, 0.35)
        lengths = [_length(chance, usual, spread) for _ in range(60 + nights)]
        due = START + timedelta(seconds=percentile([_length(chance, usual, spread) for _ in range(2000)], 0.91))
        for night in range(60, 60 + nights):
            past = tuple(reversed(lengths[night - 60 : night]))
            end = START + timedelta(seconds=lengths[night])
            tally.add(end > due, any(_alarms(past, now, due) for now in _looks(min(end, due), every)))
    return tally


def _length(chance: random.Random, usual: float, spread: float) -> float:
    slow = chance.uniform(1.5, 3.0) if chance.random() < 0.03 else 1.0
    return usual * math.exp(chance.gauss(0, spread)) * slow


def _looks(until: datetime, every: timedelta) -> Iterator[datetime]:
    now = START
    while now < until:
        yield now
        now += every


def _alarms(past: tuple[float, ...], now: datetime, due: datetime) -> bool:
    found = foresee([Course(START, True, (Leg("run", past),))], now)
    return isinstance(found, Outlook) and bool(found.risk(due, tight=False))


# --- row counts ------------------------------------------------------------------------------------------------------

WEEK = (1.0, 1.0, 1.0, 1.05, 1.3, 0.4, 0.3)
FAULTS = {"half": 0.5, "a fifth lost": 0.8, "a third lost": 0.67, "half again": 1.5, "double": 2.0}


def weekly(chance: random.Random, n: int) -> list[float]:
    level, noise = math.exp(chance.uniform(6, 14)), chance.uniform(0.02, 0.10)
    return [level * WEEK[day % 7] * math.exp(chance.gauss(0, noise)) for day in range(n)]


def calm(chance: random.Random, n: int) -> list[float]:
    level, noise = math.exp(chance.uniform(6, 14)), chance.uniform(0.01, 0.06)
    return [level * math.exp(chance.gauss(0, noise)) for _ in range(n)]


def noisy(chance: random.Random, n: int) -> list[float]:
    level, noise = math.exp(chance.uniform(6, 12)), chance.uniform(0.15, 0.35)
    return [level * math.exp(chance.gauss(0, noise)) for _ in range(n)]


def drifting(chance: random.Random, n: int) -> list[float]:
    level, slope = math.exp(chance.uniform(7, 13)), chance.uniform(0.001, 0.006)
    return [level * math.exp(slope * day + chance.gauss(0, 0.04)) for day in range(n)]


KINDS: dict[str, Callable[[random.Random, int], list[float]]] = {
    "weekly": weekly,
    "calm": calm,
    "noisy": noisy,
    "drifting": drifting,
}


def interquartile(rows: Sequence[float]) -> bool:
    """DSS's rule on the last of `rows`: beyond 1.5 times the distance of the quartiles of the 30 before it warns."""
    *past, last = rows[-31:]
    low, high = percentile(past, 0.25), percentile(past, 0.75)
    reach = 1.5 * (high - low)
    return not low - reach <= last <= high + reach


def ours(rows: Sequence[float]) -> bool:
    counts = [Count(START + DAY * day, round(count)) for day, count in enumerate(rows)]
    return judge_volume(counts, timezone.utc).verdict in FLAGGED


RULES = {"ours": ours, "interquartile": interquartile}


@dataclass
class Score:
    clean: int = 0
    false_alarms: int = 0
    faults: int = 0
    found: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.clean + other.clean,
            self.false_alarms + other.false_alarms,
            self.faults + other.faults,
            self.found + other.found,
        )

    @property
    def per_hundred(self) -> float:
        return 100 * self.false_alarms / self.clean

    @property
    def recall(self) -> float:
        return self.found / self.faults


def volume(chance: random.Random, tables: int) -> dict[str, dict[str, Score]]:
    """By kind and rule: clean builds that were flagged, and faults of one build that were."""
    scores = {kind: {rule: Score() for rule in RULES} for kind in KINDS}
    for kind, make in KINDS.items():
        for _ in range(tables):
            rows = make(chance, 105)
            for day in range(98, 105):
                past = rows[:day]
                wrong = [*past, rows[day] * chance.choice(list(FAULTS.values()))]
                for rule, flags in RULES.items():
                    score = scores[kind][rule]
                    score.clean += 1
                    score.false_alarms += flags(rows[: day + 1])
                    score.faults += 1
                    score.found += flags(wrong)
    return scores


def appends(chance: random.Random, tables: int) -> dict[str, dict[str, float]]:
    """A table that grows by about as much every day: the share of missing, doubled and halved appends that is found."""
    faults = {"missing": 0.0, "doubled": 2.0, "halved": 0.5}
    found = {name: dict.fromkeys(RULES, 0) for name in faults}
    for _ in range(tables):
        # Some add about the same every day, some by the day of the week.
        noise, week = chance.uniform(0.02, 0.20), WEEK if chance.random() < 0.3 else (1.0,) * 7
        added = [10_000 * week[day % 7] * math.exp(chance.gauss(0, noise)) for day in range(90)]
        total = [1_000_000 + sum(added[: day + 1]) for day in range(90)]
        for name, factor in faults.items():
            rows = [*total[:-1], total[-2] + factor * added[-1]]
            for rule, flags in RULES.items():
                found[name][rule] += flags(rows)
    return {name: {rule: count / tables for rule, count in by_rule.items()} for name, by_rule in found.items()}


# --- the claims ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the simulations, for a test")
    quick = parser.parse_args().quick
    chance = random.Random(SEED)
    for minutes in LOOKS:
        risk = at_risk(random.Random(SEED), timedelta(minutes=minutes), histories=8 if quick else 80)
        print(
            f"at risk, looked at every {minutes} min: {risk.cases:,} nights, {risk.bad / risk.cases:.0%} missed: "
            f"precision {risk.precision:.0%} [53 %], recall {risk.recall:.0%} [95 %]"
        )
    scores = volume(chance, tables=6 if quick else 60)
    for kind, by_rule in scores.items():
        _print_volume(kind, by_rule)
    whole = {rule: sum((by_rule[rule] for by_rule in scores.values()), Score()) for rule in RULES}
    _print_volume("all", whole, " [0.8 against 3.0, 66 % against 49 %]")
    held_against = {"missing": "100 %", "doubled": "83 %", "halved": "83 %"}
    for name, by_rule in appends(chance, tables=10 if quick else 300).items():
        found = f"{by_rule['ours']:.0%} against {by_rule['interquartile']:.0%}"
        print(f"appends {name}: found {found} [{held_against[name]} against 0]")
    recall = whole["ours"].recall / whole["interquartile"].recall
    alarms = whole["interquartile"].per_hundred / max(whole["ours"].per_hundred, 0.01)
    print(f"recall ratio {recall:.2f} (ours ÷ interquartile)")
    print(f"false alarm ratio {alarms:.2f} (interquartile ÷ ours)")


def _print_volume(kind: str, by_rule: dict[str, Score], held_against: str = "") -> None:
    mine, theirs = by_rule["ours"], by_rule["interquartile"]
    print(
        f"volume, {kind}: false alarms per 100 builds {mine.per_hundred:.1f} against {theirs.per_hundred:.1f}, "
        f"recall {mine.recall:.0%} against {theirs.recall:.0%}{held_against}"
    )


if __name__ == "__main__":
    main()
