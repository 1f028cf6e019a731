"""Questions about the instance that no single project answers. Each ends in one of three states: wrong, fine, or
unknown with what would tell. What is wrong is said even where more may be; "fine" takes that all of it was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from ...model.known import Known, Unknown
from ...model.portfolio import Clearing, Finding, LogSize, Standing, Surroundings, Traits
from ...model.snapshot import User
from .. import words

IDLE_AFTER = timedelta(days=2)
LOGS_HEAVY = 10e9
MAX_EVIDENCE = 20

# What becomes of a scenario that does its work, be it late.
_RUNS = frozenset(
    {"ON_TIME", "LATE_START", "LATE_FINISH", "RECOVERED", "REPLACED_BY_MANUAL", "RUNNING", "PENDING", "QUIET"}
)
_RANK = ("wrong", "unknown", "fine")


def find(
    standings: Sequence[Standing], not_read: int, around: Surroundings, now: datetime, *, whole: bool = True
) -> tuple[Finding, ...]:
    """Every question, worst first. `not_read` is how many of the projects were not judged; `whole` says that the caller
    sees all projects of the instance, so that what none of them has is missing."""
    seen = _Seen(standings, not_read, whole)
    found = (
        _clearing(seen, "job logs"),
        _clearing(seen, "scenario logs"),
        _owners(seen, around.users),
        _run_as(seen, around.users),
        _untold(seen),
        _triggers(seen),
        _kernels(around, now),
        _logs(around.logs),
    )
    return tuple(sorted(found, key=lambda finding: _RANK.index(finding.state)))


class _Seen:
    """The projects in order of their keys, and why not all is known of them."""

    def __init__(self, standings: Sequence[Standing], not_read: int, whole: bool) -> None:
        self.standings = sorted(standings, key=lambda each: each.key)
        self._not_read = not_read
        self._whole = whole

    def gap(self, part: Callable[[Traits], object]) -> tuple[str, str]:
        """Why `part` is not known of all projects, and what would tell; ('', '') where it is."""
        unknown = [each for standing in self.standings if isinstance(each := part(standing.traits), Unknown)]
        blind = self._not_read + len(unknown)
        if not blind:
            return "", ""
        why = unknown[0].reason if unknown else "not read in the time that was given"
        needs = next((each.needs for each in unknown if each.needs), "" if unknown else "more minutes")
        return f"of {words.count(blind, 'project')} it is not known ({why})", needs

    def scope(self) -> tuple[str, str]:
        if self._whole:
            return "", ""
        return "projects that you may not see are not known", "instance administrator"


def _finding(
    id: str, title: str, wrong: Sequence[str], gap: tuple[str, str], *, bad: str, fine: str, told: str = ""
) -> Finding:
    """Wrong where there is anything wrong, unknown where something was not seen, else fine. `bad` is what the lines of
    `wrong` are."""
    unseen, needs = gap
    if wrong:
        said = f"{bad}: {words.listed(list(wrong), 3)}" + (f"; {unseen}" if unseen else "")
        left = max(0, len(wrong) - MAX_EVIDENCE)
        return Finding(id, title, "wrong", said, needs, tuple(wrong[:MAX_EVIDENCE]), left)
    if unseen:
        return Finding(id, title, "unknown", f"{told or 'nothing wrong was seen'}; {unseen}", needs)
    return Finding(id, title, "fine", fine)


# --- clean-up --------------------------------------------------------------------------------------------------------


def _clearing(seen: _Seen, what: str) -> Finding:
    """One scenario that clears the logs of all projects will do; where each project has its own, all of them must."""
    id, title = f"clears-{what.replace(' ', '-')}", f"A scenario clears {what}"
    found = [
        (standing.key, clearing)
        for standing in seen.standings
        if not isinstance(standing.traits.clearing, Unknown)
        for clearing in standing.traits.clearing
        if clearing.what == what
    ]
    working = [(key, each) for key, each in found if each.deletes and each.verdict in _RUNS]
    everywhere = next((f"{each.scenario} in {key}" for key, each in working if each.all_projects), "")
    if everywhere:
        return Finding(id, title, "fine", f"{everywhere} clears them in all projects")
    idle = [f"{key}: {_why_idle(each)}" for key, each in found if (key, each) not in working]
    unseen, needs = _both(seen.gap(lambda traits: traits.clearing), seen.scope())
    if unseen:
        said = f"{idle[0]}; {unseen}" if idle else f"none was seen for all projects; {unseen}"
        return Finding(id, title, "unknown", said, needs, tuple(idle[:MAX_EVIDENCE]))
    covered = {key for key, _ in working}
    bare = [standing.key for standing in seen.standings if standing.key not in covered and _has_logs(standing)]
    if not bare:
        return Finding(id, title, "fine", f"every project with active scenarios clears its own {what}")
    lines = (*idle, *(f"{key}: no active scenario clears them" for key in bare))
    return Finding(
        id,
        title,
        "wrong",
        f"{words.count(len(bare), 'project')} with active scenarios and nothing that clears {what}",
        "",
        lines[:MAX_EVIDENCE],
        max(0, len(lines) - MAX_EVIDENCE),
    )


def _has_logs(standing: Standing) -> bool:
    return bool(standing.traits.active) and not isinstance(standing.traits.active, Unknown)


def _why_idle(clearing: Clearing) -> str:
    if not clearing.deletes:
        return f"{clearing.scenario} only lists them (performDeletion is off)"
    return f"{clearing.scenario} clears them, but is {clearing.verdict.replace('_', ' ').lower()}"


def _both(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    return "; ".join(part for part in (one[0], other[0]) if part), one[1] or other[1]


# --- people ----------------------------------------------------------------------------------------------------------


def _owners(seen: _Seen, users: Known[tuple[User, ...]]) -> Finding:
    owned = [(standing.project.owner_login, standing.key) for standing in seen.standings]
    return _people("owners", "Project owners can sign in", owned, users, ("", ""), "owner")


def _run_as(seen: _Seen, users: Known[tuple[User, ...]]) -> Finding:
    runs = [
        (login, f"{standing.key}.{scenario}")
        for standing in seen.standings
        if not isinstance(standing.traits.run_as, Unknown)
        for scenario, login in standing.traits.run_as
    ]
    gap = seen.gap(lambda traits: traits.run_as)
    return _people("run-as", "Users that scenarios run as can sign in", runs, users, gap, "run-as user")


def _people(
    id: str,
    title: str,
    named: Sequence[tuple[str, str]],
    users: Known[tuple[User, ...]],
    gap: tuple[str, str],
    noun: str,
) -> Finding:
    if isinstance(users, Unknown):
        return Finding(id, title, "unknown", users.reason, users.needs)
    logins = {user.login: user for user in users}
    states = [(login, place, account(logins, login)) for login, place in named]
    wrong = [f"{place} ({login} is {state})" for login, place, state in states if state in ("gone", "disabled")]
    unsure = [login or "an unnamed user" for login, _, state in states if state == "unknown"]
    if unsure:
        hidden = f"whether {words.listed(sorted(set(unsure)), 3, 'or')} may sign in is not shown"
        gap = _both(gap, (hidden, "instance administrator"))
    total = words.count(len(named), noun)
    return _finding(id, title, wrong, gap, bad=words.count(len(wrong), f"dead {noun}"), fine=f"{total}, all enabled")


def account(logins: Mapping[str, User], login: str) -> str:
    """Whether the user of that login can sign in: "enabled", "disabled", "gone" or "unknown"."""
    user = logins.get(login)
    if not login or (user is not None and user.enabled is None):
        return "unknown"
    if user is None:
        # An API key or a service of DSS itself runs scenarios under a name that no user has.
        return "unknown" if login.startswith(("api:", "dss:")) else "gone"
    return "enabled" if user.enabled else "disabled"


# --- scenarios -------------------------------------------------------------------------------------------------------


def _untold(seen: _Seen) -> Finding:
    wrong = [
        f"{standing.key}.{name}"
        for standing in seen.standings
        if not isinstance(standing.traits.untold, Unknown)
        for name in standing.traits.untold
    ]
    return _finding(
        "told",
        "Somebody is told when a scenario fails",
        wrong,
        seen.gap(lambda traits: traits.untold),
        bad=f"{words.count(len(wrong), 'scenario')} whose failure reaches nobody",
        fine="every active scenario has a reporter that sends on failure",
    )


def _triggers(seen: _Seen) -> Finding:
    """A missing flag says nothing; a project without active scenarios has nothing to start."""
    off = [s.key for s in seen.standings if s.project.triggers_disabled and s.traits.active != 0]
    unsaid = [s.key for s in seen.standings if s.project.triggers_disabled is None]
    hidden = f"of {words.count(len(unsaid), 'project')} DSS does not say it" if unsaid else ""
    gap = (hidden, "admin on the project" if unsaid else "")
    return _finding(
        "triggers",
        "Automatic triggers are on",
        off,
        gap,
        bad=f"{words.count(len(off), 'project')} with automatic triggers off",
        fine="in every project that was read",
    )


# --- memory and disk -------------------------------------------------------------------------------------------------


def _kernels(around: Surroundings, now: datetime) -> Finding:
    id, title = "notebooks", "No notebook holds memory for days"
    if isinstance(around.kernels, Unknown):
        return Finding(id, title, "unknown", around.kernels.reason, around.kernels.needs)
    waiting = [kernel for kernel in around.kernels if not kernel.busy]
    idle = sorted(
        ((now - kernel.idle_since, kernel) for kernel in waiting if kernel.idle_since is not None),
        key=lambda pair: (-pair[0], pair[1].project_key, pair[1].notebook),
    )
    wrong = [
        f"{kernel.project_key}.{kernel.notebook}, idle for {words.duration(since.total_seconds())}"
        for since, kernel in idle
        if since >= IDLE_AFTER
    ]
    unsaid = sum(kernel.idle_since is None for kernel in waiting)
    hidden = f"of {words.count(unsaid, 'kernel')} DSS does not say the last activity" if unsaid else ""
    count = words.count(len(around.kernels), "kernel")
    return _finding(
        id,
        title,
        wrong,
        (hidden, ""),
        bad=f"{words.count(len(wrong), 'kernel')} idle for more than {IDLE_AFTER.days} days",
        fine=f"{count} running, none idle for more than {IDLE_AFTER.days} days",
    )


def _logs(logs: Known[tuple[LogSize, ...]]) -> Finding:
    id, title = "log-debt", "Logs do not fill the disk"
    if isinstance(logs, Unknown):
        return Finding(id, title, "unknown", logs.reason, logs.needs)
    ordered = sorted(logs, key=lambda each: (-each.size, each.project_key))
    heavy = [f"{each.project_key} {words.size(each.size)}" for each in ordered if each.size >= LOGS_HEAVY]
    total = words.size(sum(each.size for each in logs))
    return _finding(
        id,
        title,
        heavy,
        ("", ""),
        bad=f"{words.count(len(heavy), 'project')} with over {words.size(LOGS_HEAVY)} of logs, {total} in all",
        fine=f"{total} in all, no project over {words.size(LOGS_HEAVY)}",
    )
