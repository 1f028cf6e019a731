"""What a story says of one project: how things usually go, what went otherwise on some days, and luck where it says nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta, timezone
from random import Random
from typing import Any, Optional
from zoneinfo import ZoneInfo

from .clock import to_ms
from .instance import Project

Raw = dict[str, Any]

_EVENTS = {"day", "scenario", "source", "arrives", "missing", "skip", "late_minutes", "slow", "fail", "abort", "rerun"}
_EVENTS |= {"rows", "rules"}
_FACTS = {"sources", "scenarios", "rows", "born", "unbuilt", "built_days_ago", "bundles", "commits", "past", "events"}
_FACTS |= {"causes", "leftovers"}


class Told:
    """A story as one project hears it, at the instant `now`. Refuses what nothing reads."""

    def __init__(self, project: Project, story: Raw, zone: str, now: datetime) -> None:
        self.project, self.now = project, now
        self.facts: Raw = (story.get("projects") or {}).get(project.key) or {}
        self.zone = ZoneInfo(story.get("zone") or zone)
        self.days: int = story.get("days", 0)
        self.since = now - timedelta(days=self.days)
        self.seed = f"{story.get('seed', 0)}/{project.key}"
        self.causes: dict[str, Raw] = self.facts.get("causes") or {}
        self.events: dict[tuple[int, str], Raw] = {}
        self.source_events: dict[tuple[int, str], Raw] = {}
        self.row_events: dict[tuple[int, str], float] = {}
        self.rule_events: dict[tuple[int, str], Raw] = {}
        events = [*(self.facts.get("past") or []), *(self.facts.get("events") or [])]
        strange = set(self.facts) - _FACTS or {key for event in events for key in set(event) - _EVENTS}
        if strange:
            raise ValueError(f"a story of {project.key} says {sorted(strange)[0]!r}, which nothing reads")
        for event in events:
            self._note(event)

    def scenario(self, scenario_id: str) -> Raw:
        """How a scenario usually goes."""
        return (self.facts.get("scenarios") or {}).get(scenario_id) or {}

    def event(self, scenario_id: str, at: datetime) -> Raw:
        """What went otherwise with a scenario on that day."""
        return self.events.get((self.days_ago(at), scenario_id)) or {}

    def verdict(self, rule_id: str, at: datetime) -> Optional[Raw]:
        """What a rule found on that day, where the story says so."""
        return self.rule_events.get((self.days_ago(at), rule_id))

    def born(self, scenario_id: str) -> datetime:
        """When a scenario was made; the beginning of the story for those that are older."""
        days_ago = (self.facts.get("born") or {}).get(scenario_id)
        return self.since if days_ago is None else max(self.since, self.local(int(days_ago), "16:41"))

    def _note(self, event: Raw) -> None:
        day = int(event["day"])
        if "scenario" in event:
            self.events[day, event["scenario"]] = self._explained(event)
        if "source" in event:
            self.source_events[day, event["source"]] = event
        for name, factor in (event.get("rows") or {}).items():
            self.row_events[day, name] = float(factor)
        for rule, verdict in (event.get("rules") or {}).items():
            self.rule_events[day, rule] = verdict

    def _explained(self, event: Raw) -> Raw:
        """The event with the recipe and message of the cause that it names."""
        cause = (event.get("fail") or {}).get("cause")
        if cause is None:
            return event
        return {**event, "fail": {key: self.causes[cause][key] for key in ("recipe", "message")}}

    def worded(self, message: str, at: datetime) -> str:
        """A message with the day before that instant in place of `{yesterday}`."""
        day = at.astimezone(self.zone).date() - timedelta(days=1)
        return message.replace("{yesterday}", day.strftime("%Y/%m/%d"))

    def chance(self, *parts: object) -> Random:
        """Luck that is the same each time for the same parts."""
        return Random("/".join([self.seed, *map(str, parts)]))

    def days_ago(self, at: datetime) -> int:
        """How many days before the telling, as the story's zone counts days."""
        return (self.now.astimezone(self.zone).date() - at.astimezone(self.zone).date()).days

    def local(self, days_ago: int, clock: str) -> datetime:
        """The instant at which clocks in the story's zone show a time, some days before the telling."""
        hour, minute = (int(part) for part in clock.split(":"))
        day = self.now.astimezone(self.zone).date() - timedelta(days=days_ago)
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(timezone.utc)

    def arrivals(self, inputs: Iterable[str], made_here: Collection[str]) -> dict[str, list[datetime]]:
        """When new data came to each source (an input that no recipe makes), oldest first. Sources that the story does not
        name get a time of their own."""
        found: dict[str, list[datetime]] = {}
        for ref in sorted(set(inputs) - set(made_here)):
            if ref in self.project.datasets and self.project.datasets[ref].get("type") in ("UploadedFiles", "Inline"):
                continue
            said = (self.facts.get("sources") or {}).get(ref) or {}
            usual = said.get("arrives") or "{:02d}:{:02d}".format(
                self.chance("arrives", ref).randint(0, 4), self.chance("minute", ref).randint(0, 59)
            )
            found[ref] = [at for at in self._each_arrival(ref, usual, float(said.get("jitter", 8))) if at <= self.now]
        return found

    def _each_arrival(self, ref: str, usual: str, jitter: float) -> Iterator[datetime]:
        for days_ago in range(self.days + 1, -1, -1):
            event = self.source_events.get((days_ago, ref)) or {}
            if not event.get("missing"):
                late = self.chance("arrival", ref, days_ago).gauss(0, jitter / 2)
                at = self.local(days_ago, str(event.get("arrives") or usual))
                yield at if event.get("arrives") else at + timedelta(minutes=late)

    def age(self) -> None:
        """What the story calls new was made a working afternoon so many days ago."""
        for scenario_id, days_ago in (self.facts.get("born") or {}).items():
            born = to_ms(self.local(int(days_ago), "16:41"))
            raw = self.project.scenarios[scenario_id]
            for tag in (raw.get("versionTag"), raw.get("creationTag")):
                if tag:
                    tag["lastModifiedOn"] = born
            for trigger in raw.get("triggers") or []:
                (trigger.get("params") or {})["lastUpdate"] = born

    def row_count(self, name: str, at: datetime) -> int:
        """How many rows a build at that moment gives."""
        said = (self.facts.get("rows") or {}).get(name) or {}
        base = float(said.get("base") or self.chance("rows", name).randint(300, 20_000))
        noise = float(said.get("noise", 0.03))
        local = at.astimezone(self.zone)
        week = said.get("weekday") or [1.0] * 7
        data_day = (local.date() - timedelta(days=1)).weekday()
        growth = (1 + float(said.get("growth", 0))) ** -self.days_ago(at)
        luck = math.exp(self.chance("count", name, local.date(), local.hour).gauss(0, noise)) if noise else 1.0
        return round(base * week[data_day] * growth * luck * self.row_events.get((self.days_ago(at), name), 1.0))
