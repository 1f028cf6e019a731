"""Whether a project is ready to be operated: what it has and what it lacks, each with what could not be known.

For a person: *ready means that somebody owns it, each output has a promise, each scenario's failure reaches somebody, and
a person reviewed the guide lately.* What cannot be told is never taken for met.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dateutil import tz

from ..model.known import Known, Unknown
from ..model.profile import Declared
from ..model.report import OutputReport, Report, ScenarioReport, Told
from ..model.snapshot import Snapshot, User
from . import words
from .portfolio.findings import account

OWNER, PROMISES, REPORTERS, REVIEW = REQUIREMENTS = ("owner", "promises", "reporters", "review")
MET, LACKING, UNKNOWN = "met", "lacking", "unknown"
_NAMED = 5


@dataclass(frozen=True)
class Requirement:
    """One of `REQUIREMENTS`: `state` is met, lacking or unknown, `said` a clause that says why, `needs` what would make
    it known."""

    id: str
    state: str
    said: str
    needs: str = ""


def readiness(
    snapshot: Snapshot,
    declared: Declared,
    report: Report,
    users: Known[tuple[User, ...]],
    wanted: Collection[str],
    review_days: int,
) -> tuple[Requirement, ...]:
    """The wanted requirements in their order. `users` are the people of the instance; a review counts for
    `review_days`."""
    found = {
        OWNER: lambda: _owner(snapshot, users),
        PROMISES: lambda: _promises(report.outputs, snapshot),
        REPORTERS: lambda: _reporters(report.scenarios),
        REVIEW: lambda: _review(snapshot, declared, report, review_days),
    }
    return tuple(found[name]() for name in REQUIREMENTS if name in wanted)


def operated(report: Report) -> bool:
    """Whether there is anything to operate: False only where it is known that the project has no output and no active
    scenario."""
    scenarios = report.scenarios
    idle = not isinstance(scenarios, Unknown) and not any(scenario.active for scenario in scenarios)
    return not (idle and report.outputs == ())


def _owner(snapshot: Snapshot, users: Known[tuple[User, ...]]) -> Requirement:
    project = snapshot.project
    if isinstance(project, Unknown):
        return _unknown(OWNER, "whether it has an owner", project)
    if not project.owner_login:
        return Requirement(OWNER, LACKING, "it has no owner")
    name = words.one_line(project.owner_name or project.owner_login, 60)
    if isinstance(users, Unknown):
        return Requirement(OWNER, UNKNOWN, f"whether its owner {name} can sign in: {users.reason}", users.needs)
    state = account({user.login: user for user in users}, project.owner_login)
    if state in ("gone", "disabled"):
        return Requirement(OWNER, LACKING, f"its owner {name} cannot sign in: the account is {state}")
    hidden = " (whether that account is enabled is shown to administrators alone)" if state == "unknown" else ""
    return Requirement(OWNER, MET, f"{name} owns it{hidden}")


def _promises(outputs: Known[tuple[OutputReport, ...]], snapshot: Snapshot) -> Requirement:
    if isinstance(outputs, Unknown):
        return _unknown(PROMISES, "whether each output has a promise", outputs)
    if isinstance(snapshot.variables, Unknown):
        return _unknown(PROMISES, "what is promised", snapshot.variables)
    if isinstance(snapshot.graph, Unknown):
        return _unknown(PROMISES, "whether these are all outputs", snapshot.graph)
    bare = [output.ref.smart_name(snapshot.project_key) for output in outputs if output.verdict == "NOT_DECLARED"]
    if bare:
        count = f"{len(bare):,} of {words.count(len(outputs), 'output')}"
        return Requirement(PROMISES, LACKING, f"{count} without a promise: {words.listed(_named(bare), _NAMED)}")
    said = f"{words.count(len(outputs), 'output')}, each with a promise" if outputs else "it has no output"
    return Requirement(PROMISES, MET, said)


def _reporters(scenarios: Known[tuple[ScenarioReport, ...]]) -> Requirement:
    if isinstance(scenarios, Unknown):
        return _unknown(REPORTERS, "whether a scenario's failure reaches anybody", scenarios)
    active = [scenario for scenario in scenarios if scenario.active and not scenario.test]
    mute = [s.name or s.id for s in active if isinstance(s.told, Told) and s.told.nobody]
    if mute:
        return Requirement(REPORTERS, LACKING, f"nobody is told when {words.listed(_named(mute), _NAMED, 'or')} fails")
    unread = next((s.told for s in active if isinstance(s.told, Unknown)), None)
    if unread is not None:
        return _unknown(REPORTERS, "whether a scenario's failure reaches anybody", unread)
    unsure = [s.name or s.id for s in active if isinstance(s.told, Told) and not s.told.ways]
    if unsure:
        names = words.listed(_named(unsure), _NAMED, "or")
        return Requirement(
            REPORTERS,
            UNKNOWN,
            f"whether a message is sent when {names} fails: its reporter's condition or channel cannot be read",
        )
    count = words.count(len(active), "active scenario")
    return Requirement(REPORTERS, MET, f"{count}, somebody is told of each" if active else "it has no active scenario")


def _review(snapshot: Snapshot, declared: Declared, report: Report, review_days: int) -> Requirement:
    reviewed = declared.profile.reviewed
    if reviewed is None and isinstance(snapshot.variables, Unknown):
        return _unknown(REVIEW, "whether the guide was reviewed", snapshot.variables)
    if reviewed is None:
        return Requirement(REVIEW, LACKING, "no person has noted a review of its guide")
    today = snapshot.taken_at.astimezone(tz.gettz(report.zone) or tz.UTC).date()
    days, by = (today - reviewed.on).days, f" by {words.one_line(reviewed.by, 60)}" if reviewed.by else ""
    when = f"its guide was reviewed {words.date_text(reviewed.on, today)}{by}"
    if days < 0:
        return Requirement(REVIEW, LACKING, f"{when}, a day still to come")
    if days > review_days:
        return Requirement(REVIEW, LACKING, f"{when}, {days:,} days ago; {review_days:,} are allowed")
    return Requirement(REVIEW, MET, when)


def _unknown(id: str, what: str, why: Unknown) -> Requirement:
    return Requirement(id, UNKNOWN, f"{what}: {why.reason}", why.needs)


def _named(names: Sequence[str]) -> list[str]:
    return [words.one_line(name, 60) for name in names]
