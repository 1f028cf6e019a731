"""The page Clean-up: what the state folder tells of plans and executions, and the two things a person may ask for there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...core.cleanup import tag_day
from ...dss import deletions, leftovers, plans, rights
from ...dss.identity import Access
from ...dss.session import attempt
from ...dss.store import Store, find
from ...errors import DssError, DssUnreachable
from ...model.cleanup import GROUP, Overview, Plan, Sum, Tagged, Thing
from ...model.known import Unknown, known
from ..acts import Asked, Done, Outcome, Refused, claimed, folder, refuse
from .executing import approved
from .macro import APPROVAL_DAYS

_KINDS = {"DATASET": "datasets", "MANAGED_FOLDER": "folders"}


def overview(access: Access, project_key: str, zone: str) -> Overview:
    """The project's clean-up for a reader of the project, with times in `zone`: of a plan about several projects, this
    one's part alone."""
    return replace(_overview(access, project_key), zone=zone)


def _overview(access: Access, project_key: str) -> Overview:
    clients = access.clients
    store = find(clients, project_key)
    now = clients.now()[0]
    if isinstance(store, Unknown):
        return Overview(now, unknown=store.reason)
    tagged = _tagged(access, project_key)
    if store is None:
        return Overview(now, there=False, quarantined=tagged)
    found = attempt("the state folder", _told, store, project_key, now)
    if isinstance(found, Unknown):
        return Overview(now, unknown=found.reason, quarantined=tagged)
    return replace(found, quarantined=tagged)


def _told(store: Store, project_key: str, taken_at: datetime) -> Overview:
    files = store.files()
    past, debts = plans.history(store, files)
    newest = next(iter(plans.ids(files)), "")
    plan = plans.read(store, newest) if newest else None
    approvals = {plan_id: (login, at) for plan_id, login, at in reversed(approved(store, taken_at, APPROVAL_DAYS))}
    login, at = approvals.get(newest, ("", None))
    executed = any(each.plan_id == newest and each.ended for each in plans.attempts(files))
    own = _of_project(plan, project_key) if plan else None
    return Overview(taken_at, True, "", own, login, at, executed, past, debts)


def _of_project(plan: Plan, project_key: str) -> Plan:
    """Nobody sees another project here: what is left is counted anew."""
    if plan.projects == (project_key,):
        return plan
    own = tuple(candidate for candidate in plan.candidates if candidate.thing.project_key == project_key)
    sums = []
    for name in GROUP:
        sizes = [c.thing.size for c in own if c.thing.group == name and c.goes]
        spared = sum(c.thing.group == name and not c.goes for c in own)
        sums.append(Sum(name, len(sizes), sum(each or 0 for each in sizes), sizes.count(None), spared))
    gaps = tuple(gap for gap in plan.gaps if gap.project_key == project_key)
    return replace(plan, projects=(project_key,), candidates=own, sums=tuple(sums), gaps=gaps, log_debt=None)


def _tagged(access: Access, project_key: str) -> tuple[Tagged, ...]:
    snapshot, origins = leftovers.read_objects(access.clients, project_key)
    names = {folder.id: folder.name for folder in known(snapshot.folders, ())}
    days = ((ref, tag_day(origin.tags)) for ref, origin in origins.items())
    return tuple(Tagged(ref.kind, ref.id, names.get(ref.id) or ref.id, day.isoformat()) for ref, day in days if day)


def approve(asked: Asked) -> Outcome:
    """Let the next scheduled run execute a plan (`plan`): said by an administrator of the project, as themselves."""
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    earlier = claimed(state, asked)
    if earlier is not None:
        return earlier
    plan_id, about = asked.form["plan"], f"plan:{asked.form['plan']}"
    if not rights.is_project_admin(asked.access.clients, asked.project_key):
        return refuse(state, asked, about, "A plan is approved by an administrator of the project.")
    if plans.read(state, plan_id) is None:
        return refuse(state, asked, about, f"There is no plan {plan_id} in the state folder.", "Make a new plan.")
    return Done(state.append(asked.event("approval", about, "may be executed", days=APPROVAL_DAYS)))


def unquarantine(asked: Asked) -> Outcome:
    """Take a dataset or folder (`kind`, `id`) out of quarantine: it is in use after all."""
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    earlier = claimed(state, asked)
    if earlier is not None:
        return earlier
    kind, object_id = asked.form["kind"], asked.form["id"]
    about = f"{'dataset' if kind == 'DATASET' else 'folder'}:{object_id}"
    thing = Thing(_KINDS.get(kind, "datasets"), asked.project_key, object_id)
    try:
        deletions.untag(asked.access.clients, thing)
    except (DssError, DssUnreachable) as error:
        advice = "Look at its tags in DSS, and take it off there."
        return refuse(state, asked, about, f"Its quarantine tag could not be taken off: {error}.", advice)
    return Done(state.append(asked.event("receipt", about, "taken out of quarantine")))
