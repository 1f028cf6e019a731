"""Access Management: which right each task takes, who holds it now, how to ask for it."""

from __future__ import annotations

from ...model.guide import Block, Callout, Cell, Heading, Link, Table, Tone
from ...model.known import Unknown
from .. import words
from .scene import Scene

NEEDS = ("permissions", "users", "groups", "scenario_settings")

_TASKS = (
    ("view", "View jobs/data", "Read project content", "readProjectContent"),
    ("run", "Run scenarios", "Run scenarios", "runScenarios"),
    ("modify", "Modify recipes", "Write project content", "writeProjectContent"),
    ("admin", "Admin functions", "Admin", "admin"),
)


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("required-permissions", "Required Permissions"),
        Table(
            ("Task", "Required Role", "How to Request", "Held Now By"),
            tuple(_task_row(scene, *task) for task in _TASKS),
            "The project permission each task takes",
        ),
        Callout(
            "note",
            (
                'The right "Run scenarios" alone starts only scenarios that have a Run as user set, and it does not let '
                "you build datasets or run recipes: those take the right to write project content.",
            ),
        ),
        Heading("access-troubleshooting", "Access Troubleshooting"),
        _troubleshooting(scene),
        Callout(
            "corrected",
            (
                '"Dataset not found" may also mean that the dataset is not shared with this project, was renamed or deleted.',
            ),
        ),
    )


def _task_row(scene: Scene, name: str, task: str, role: str, right: str) -> tuple[Cell, ...]:
    row = f"access-management.{name}"
    return (
        scene.fixed(f"{row}.task", task),
        scene.fixed(f"{row}.role", role),
        _request(scene, f"{row}.request"),
        _holders(scene, f"{row}.holders", right),
    )


def _request(scene: Scene, cell_id: str) -> Cell:
    default = scene.default(
        cell_id,
        f"Ask {_admins_text(scene)}; or request access on the project's page in DSS",
        "default: the project's administrators",
        declare="access_request",
    )
    asked = scene.profile.access_request
    link = Link("web", asked) if asked.lower().startswith(("http://", "https://", "mailto:")) else None
    return scene.declare(cell_id, "access_request", words.one_line(asked), default, link=link)


def _holders(scene: Scene, cell_id: str, right: str) -> Cell:
    grants = scene.snapshot.permissions
    if isinstance(grants, Unknown):
        return scene.unknown(cell_id, grants)
    owner = _owner_login(scene)
    groups = [f"group {grant.name}" for grant in grants if grant.kind == "group" and right in grant.rights]
    users = [grant.name for grant in grants if grant.kind == "user" and right in grant.rights]
    holders = list(
        dict.fromkeys([*([f"{owner} (owner)"] if owner else []), *groups, *(u for u in users if u != owner)])
    )
    if not holders:
        return scene.live(cell_id, "Nobody but administrators of the instance", "project permissions", tone=Tone.NOTICE)
    return scene.live(cell_id, words.listed(holders, 6), "project permissions", evidence=tuple(holders[6:100]))


def _owner_login(scene: Scene) -> str:
    project = scene.snapshot.project
    return "" if isinstance(project, Unknown) else project.owner_login


def _admins_text(scene: Scene) -> str:
    """Who can grant access: the project's administrators where they are known, else in general."""
    grants = scene.snapshot.permissions
    admins = [_owner_login(scene)] if _owner_login(scene) else []
    if not isinstance(grants, Unknown):
        admins += [f"group {g.name}" if g.kind == "group" else g.name for g in grants if "admin" in g.rights]
    return words.listed(list(dict.fromkeys(admins)), 4, "or") if admins else "an administrator of the project"


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
        f"Request access from {_admins_text(scene)}",
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
