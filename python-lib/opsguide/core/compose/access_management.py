"""Access Management: which right each task takes, who holds it now and why, how to ask for it."""

from __future__ import annotations

from ...model.guide import Block, Callout, Cell, Heading, Link, Table, Tone
from ...model.known import Unknown, known
from ...model.rights import ADMIN, GRANT, READ, RUN, WRITE, closure, named, strongest
from ...model.snapshot import User
from .. import access, words
from ..access import Holder
from .scene import Scene, key

NEEDS = ("permissions", "settings", "users", "groups", "scenario_settings")

_TASKS = (
    ("view", "View jobs/data", READ),
    ("run", "Run scenarios", RUN),
    ("build", "Build datasets, rerun recipes and jobs", WRITE),
    ("modify", "Modify recipes", WRITE),
    ("grant", "Give access to others", GRANT),
    ("admin", "Admin functions", ADMIN),
)
_MAY = (
    (READ, "view"),
    (RUN, "run scenarios"),
    (WRITE, "build"),
    (WRITE, "modify"),
    (GRANT, "give access"),
    (ADMIN, "administer"),
)
_PERMISSIONS = "project permissions"
_ROWS = 40
_PEOPLE = 8


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("required-permissions", "Required Permissions"),
        Table(
            ("Task", "Required Role", "How to Request", "Held Now By"),
            tuple(_task_row(scene, *task) for task in _TASKS),
            "The project permission each task takes",
        ),
        Heading("who-holds-access", "Who Holds Access Now"),
        _holders_table(scene),
        Heading("run-scenarios-alone", "What Run Scenarios Alone Can Do"),
        _run_alone(scene),
        Heading("request-access", "How to Request Access"),
        _ways(scene),
        Heading("access-troubleshooting", "Access Troubleshooting"),
        _troubleshooting(scene),
        Callout(
            "corrected",
            (
                '"Dataset not found" may also mean that the dataset is not shared with this project, was renamed or deleted.',
            ),
        ),
    )


# --- tasks -----------------------------------------------------------------------------------------------------------


def _task_row(scene: Scene, name: str, task: str, right: str) -> tuple[Cell, ...]:
    row = f"access-management.{name}"
    return (
        scene.fixed(f"{row}.task", task),
        scene.fixed(f"{row}.role", named(right)),
        _request(scene, f"{row}.request"),
        _held_by(scene, f"{row}.holders", right),
    )


def _held_by(scene: Scene, cell_id: str, right: str) -> Cell:
    """Whoever holds the right, how in the evidence; a nobody who can log in is a thing to see."""
    found = scene.holders
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    holding = [holder for holder in found if right in holder.rights]
    everywhere = "instance administrators: everything, in every project"
    if not any(not holder.dead for holder in holding):
        lost = f"; {_list_of(holding)} cannot log in" if holding else ""
        said = f"Nobody but administrators of the instance{lost}"
        return scene.live(cell_id, said, _PERMISSIONS, tone=scene.alarm(Tone.NOTICE), evidence=(everywhere,))
    why = tuple(f"{_called(holder, short=True)}: {holder.why(right)}" for holder in holding[:_ROWS])
    return scene.live(cell_id, _list_of(holding), _PERMISSIONS, evidence=(*why, everywhere))


def _list_of(holding: list[Holder]) -> str:
    return words.listed([_called(holder) + _lost(holder) for holder in holding], 6)


def _called(holder: Holder, *, short: bool = False) -> str:
    """A holder by name, the owner as such unless it is `short`."""
    name = words.one_line(holder.name, 80)
    owner = name if short else f"{name} (owner)"
    return {"group": f"group {name}", "owner": owner}.get(holder.kind, name)


def _lost(holder: Holder) -> str:
    """What keeps everybody from using what was granted, short enough for a row of names."""
    if holder.missing:
        return " (nobody in it)" if holder.members == () and holder.kind == "group" else " (not in DSS)"
    return " (disabled)" if holder.dead else ""


# --- who -------------------------------------------------------------------------------------------------------------


def _holders_table(scene: Scene) -> Table:
    found = scene.holders
    columns = ("Who", "Was Given", "May", "People")
    caption = "The owner, groups and users named in the project's permissions"
    if isinstance(found, Unknown):
        row = "access-management.holders"
        cells = tuple(scene.unknown(f"{row}.{column}", found) for column in ("who", "given", "may", "people"))
        return Table(columns, (cells, _administrators_row(scene)), caption)
    left_out = f"; the first {_ROWS} of {len(found)}" if len(found) > _ROWS else ""
    rows = (*(_holder_row(scene, holder) for holder in found[:_ROWS]), _administrators_row(scene))
    return Table(columns, rows, caption + left_out)


def _holder_row(scene: Scene, holder: Holder) -> tuple[Cell, ...]:
    row = f"access-management.holder-{holder.kind}-{key(holder.name)}"
    may = [(right, verb) for right, verb in _MAY if right in holder.rights]
    return (
        scene.live(f"{row}.who", _called(holder), _PERMISSIONS),
        scene.live(f"{row}.given", _given(holder), _PERMISSIONS),
        scene.live(
            f"{row}.may",
            words.capital(words.listed([verb for _, verb in may])) or "None of these tasks",
            _PERMISSIONS,
            evidence=tuple(
                f"{named(right)}: {holder.why(right)}" for right in dict.fromkeys(right for right, _ in may)
            ),
        ),
        _people(scene, f"{row}.people", holder),
    )


def _given(holder: Holder) -> str:
    """What was ticked and follows from nothing else ticked, each with what it brings along of what tasks take."""
    if holder.kind == "owner":
        return "Owner of the project, which implies everything"
    told = []
    for right in strongest(holder.ticked):
        brings = [named(each) for each in (READ, RUN, WRITE, GRANT) if each != right and each in closure([right])]
        implied = "everything" if right == ADMIN else words.listed(brings)
        name = words.one_line(named(right), 80)
        told.append(f"{name}, which implies {implied}" if implied else name)
    return "; ".join(told)


def _administrators_row(scene: Scene) -> tuple[Cell, ...]:
    row = "access-management.administrators"
    holder = access.administrators(scene.snapshot)
    groups = f"groups {holder.name}" if ", " in holder.name else f"group {holder.name}"
    return (
        scene.fixed(f"{row}.who", "Administrators of the instance"),
        scene.fixed(f"{row}.given", "Nothing in this project: they need no grant")
        if not holder.name
        else scene.live(f"{row}.given", f"By {words.one_line(groups)}, in every project", "group list"),
        scene.fixed(f"{row}.may", "Everything"),
        _people(scene, f"{row}.people", holder),
    )


def _people(scene: Scene, cell_id: str, holder: Holder) -> Cell:
    """Who it is in the end: those who can log in, those who cannot, or why that cannot be told."""
    if holder.missing:
        return scene.live(cell_id, words.capital(holder.missing), "user and group lists", tone=scene.alarm(Tone.NOTICE))
    if isinstance(holder.members, Unknown):
        return scene.unknown(cell_id, holder.members)
    able = [_person(user) for user in holder.members if user.enabled is not False]
    disabled = [_person(user) for user in holder.members if user.enabled is False]
    told = [words.listed(able, _PEOPLE)] if able else []
    told += [f"disabled: {words.listed(disabled, _PEOPLE)}"] if disabled else []
    doubt = any(user.enabled is None for user in holder.members)
    return scene.live(
        cell_id,
        words.capital("; ".join(told)) if not able else "; ".join(told),
        "user list",
        tone=Tone.NONE if able else scene.alarm(Tone.NOTICE),
        evidence=(
            *able[_PEOPLE:100],
            *disabled[_PEOPLE:100],
            *(("whether they can log in is not known: this takes an administrator of the instance",) if doubt else ()),
        ),
    )


def _person(user: User) -> str:
    name = words.one_line(user.display_name, 80)
    login = words.one_line(user.login, 80)
    return f"{name} ({login})" if name and name != login else login


# --- running scenarios -----------------------------------------------------------------------------------------------


def _run_alone(scene: Scene) -> Table:
    row = "access-management.alone"
    return Table(
        ('With "Run scenarios" Alone', "Possible", "Why"),
        (
            (
                scene.fixed(f"{row}-run-as.what", "Start a scenario that has a Run as user"),
                _startable(scene, f"{row}-run-as.possible", True),
                scene.fixed(f"{row}-run-as.why", "It runs with the rights of that user, whoever starts it"),
            ),
            (
                scene.fixed(f"{row}-no-run-as.what", "Start a scenario that has none"),
                _startable(scene, f"{row}-no-run-as.possible", False),
                scene.fixed(
                    f"{row}-no-run-as.why", f"DSS wants {named(WRITE)} for it, or a Run as user in its settings"
                ),
            ),
            _fixed_row(scene, "build", "Build a dataset, rerun a job or a recipe", f"Takes {named(WRITE)}"),
            _fixed_row(scene, "view", "See the flow, the data and the logs", f"Takes {named(READ)}"),
            _fixed_row(scene, "change", "Change a scenario or switch its triggers", f"Takes {named(WRITE)}"),
            (
                scene.fixed(f"{row}-who.what", "Who is in this position"),
                _only_running(scene, f"{row}-who.possible"),
                scene.fixed(f"{row}-who.why", f"They hold {named(RUN)} and not {named(WRITE)}"),
            ),
        ),
        "What the right to run scenarios allows by itself",
    )


def _fixed_row(scene: Scene, name: str, what: str, why: str) -> tuple[Cell, ...]:
    row = f"access-management.alone-{name}"
    return scene.fixed(f"{row}.what", what), scene.fixed(f"{row}.possible", "No"), scene.fixed(f"{row}.why", why)


def _startable(scene: Scene, cell_id: str, run_as: bool) -> Cell:
    """The active scenarios with, or without, a Run as user."""
    scenarios = scene.snapshot.scenarios
    if isinstance(scenarios, Unknown):
        return scene.unknown(cell_id, scenarios)
    active = [scenario for scenario in scenarios if scenario.active]
    unread = next((s.settings for s in active if isinstance(s.settings, Unknown)), None)
    if unread is not None:
        return scene.unknown(cell_id, unread)
    names = [
        words.one_line(scenario.name or scenario.id, 80)
        for scenario in active
        if not isinstance(scenario.settings, Unknown) and scenario.settings.run_as_configured is run_as
    ]
    if not names:
        said = "No active scenario has one" if run_as else "Every active scenario has one"
        return scene.live(cell_id, said, "scenario settings")
    lead = "Yes" if run_as else "No"
    return scene.live(cell_id, f"{lead}: {words.listed(names, 6)}", "scenario settings", evidence=tuple(names[6:100]))


def _only_running(scene: Scene, cell_id: str) -> Cell:
    found = scene.holders
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    only = [holder for holder in found if RUN in holder.rights and WRITE not in holder.rights]
    return scene.live(cell_id, _list_of(only) or "Nobody", _PERMISSIONS)


# --- asking ----------------------------------------------------------------------------------------------------------


def _request(scene: Scene, cell_id: str) -> Cell:
    button = "" if _requests_state(scene) == "DISABLED" else "; or request access on the project's page in DSS"
    default = scene.default(
        cell_id, f"Ask {_admins(scene)}{button}", "default: the project's administrators", declare="access_request"
    )
    asked = scene.profile.access_request
    link = Link("web", asked) if asked.lower().startswith(("http://", "https://", "mailto:")) else None
    return scene.declare(cell_id, "access_request", words.one_line(asked), default, link=link)


def _ways(scene: Scene) -> Table:
    row = "access-management.way"
    return Table(
        ("Way", "Open", "Goes To"),
        (
            (
                scene.fixed(f"{row}-declared.what", "What the owners say"),
                _request(scene, f"{row}-declared.open"),
                scene.fixed(f"{row}-declared.to", "As said there; name the permission that the task takes"),
            ),
            (
                scene.fixed(f"{row}-dss.what", "DSS's own request: open the project's page in DSS, Request access"),
                _requests_open(scene, f"{row}-dss.open"),
                _requests_go_to(scene, f"{row}-dss.to"),
            ),
        ),
        "Ways to ask for access",
    )


def _requests_state(scene: Scene) -> str:
    settings = scene.snapshot.settings
    return "" if isinstance(settings, Unknown) else settings.access_requests


def _requests_open(scene: Scene, cell_id: str) -> Cell:
    settings = scene.snapshot.settings
    if isinstance(settings, Unknown):
        return scene.unknown(cell_id, settings)
    said = {
        "ENABLED": "Yes, for whoever finds the project",
        "DISABLED": "No, switched off in this project",
        "INHERIT": "As the instance is set: the project takes over its setting",
        "": "",
    }.get(settings.access_requests, f"Set to {words.one_line(settings.access_requests, 40)}")
    return scene.live(cell_id, said, "project settings", link=Link("permissions"))


def _requests_go_to(scene: Scene, cell_id: str) -> Cell:
    found = scene.holders
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    said = words.listed([_called(holder) for holder in access.usable(found, GRANT)], 6)
    if not said:
        return scene.live(
            cell_id,
            "Nobody who can log in but administrators of the instance",
            _PERMISSIONS,
            tone=scene.alarm(Tone.NOTICE),
        )
    return scene.live(cell_id, said, f"{_PERMISSIONS}: the owner and who holds {named(GRANT)}")


def _admins(scene: Scene) -> str:
    """Who can grant access: those who administer the project and can log in, else in general."""
    admins = [_called(holder) for holder in access.usable(scene.holders, ADMIN)]
    project = known(scene.snapshot.project, None)
    if isinstance(scene.holders, Unknown) and project is not None and project.owner_login:
        admins = [f"{words.one_line(project.owner_login, 80)} (owner)"]
    return words.listed(admins, 4, "or") if admins else "an administrator of the project"


# --- troubleshooting -------------------------------------------------------------------------------------------------


def _troubleshooting(scene: Scene) -> Table:
    rows = [
        (
            scene.fixed("access-management.error-denied.error", '"Permission denied"'),
            scene.fixed("access-management.error-denied.meaning", "Insufficient role"),
            _ask(scene, "access-management.error-denied.resolution"),
        ),
        _error_row(
            scene,
            "not-found",
            '"Dataset not found"',
            "Access not granted",
            "Verify permissions in project settings",
            Link("permissions"),
        ),
        _error_row(
            scene,
            "connection",
            '"You may not use connection"',
            "The connection is not open to your groups",
            "Ask whoever administers the instance to allow the connection for a group of yours",
        ),
        _error_row(
            scene,
            "key",
            "401 Unauthorized, from a program",
            "Its API key is wrong, expired or revoked",
            "Make a new key and put it where the program reads it",
        ),
        *_run_as_rows(scene),
    ]
    return Table(("Error", "Meaning", "Resolution"), tuple(rows), "What access errors mean")


def _ask(scene: Scene, cell_id: str) -> Cell:
    asked = words.one_line(scene.profile.access_request)
    default = scene.default(
        cell_id,
        f"Request access from {_admins(scene)}",
        "default: the project's administrators",
        declare="access_request",
    )
    return scene.declare(cell_id, "access_request", f"Request access from {asked}" if asked else "", default)


def _error_row(
    scene: Scene, name: str, error: str, meaning: str, resolution: str, link: Link | None = None
) -> tuple[Cell, ...]:
    row = f"access-management.error-{name}"
    return (
        scene.fixed(f"{row}.error", error),
        scene.fixed(f"{row}.meaning", meaning),
        scene.fixed(f"{row}.resolution", resolution, link=link),
    )


def _run_as_rows(scene: Scene) -> list[tuple[Cell, ...]]:
    """One row where scenarios run as someone who can no longer log in."""
    scenarios = scene.snapshot.scenarios
    if isinstance(scenarios, Unknown):
        return []
    broken = []
    for scenario in scenarios:
        if not scenario.active or isinstance(scenario.settings, Unknown):
            continue
        user = scene.users.get(scenario.settings.run_as)
        if user is not None and user.enabled is False:
            broken.append(f"{scenario.name or scenario.id} (as {user.login})")
    if not broken:
        return []
    row = "access-management.error-run-as"
    return [
        (
            scene.live(
                f"{row}.error", f"Runs of {words.listed(broken, 4)} fail at once", "scenario settings and users"
            ),
            scene.live(
                f"{row}.meaning",
                "The user it runs as is disabled",
                "user list",
                tone=scene.alarm(Tone.BAD),
            ),
            scene.fixed(f"{row}.resolution", "Set a Run as user that is enabled, in the scenario's settings"),
        )
    ]
