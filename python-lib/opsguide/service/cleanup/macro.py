"""The macro `clean-up`: plans, or executes a plan by its id, or what a schedule may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

from ...dss import inside, plans, rights, schedules
from ...dss.session import Clients
from ...dss.store import Store, create, find
from ...errors import DssDenied, InvalidParameter, NotAccepted
from ...model.cleanup import GROUP, Options, Plan, Report
from ...model.known import Unknown
from ...render.cleanup import candidates_csv
from ...settings import Settings
from ..entry import macro_in_dss
from ..parameters import left_on, switched_on, whole_in
from ..reading import zone_of_project
from .executing import CLOCKS_DIFFER, approved, execute
from .planning import Caller, make_plan

PLAN, EXECUTE, SCHEDULED, SCENARIO = "PLAN", "EXECUTE", "SCHEDULED", "SCENARIO"
MODES = (PLAN, EXECUTE, SCHEDULED, SCENARIO)
APPROVAL_DAYS = 7
MACRO = "pyrunnable_operations-guide_clean-up"

# The least and the most of each number: below the least, what is new would go.
_BOUNDS = {
    "older_than_days": (1, 3650),
    "failures_days": (0, 3650),
    "keep_last": (0, 10_000),
    "keep_versions": (1, 10_000),
    "unused_days": (7, 3650),
    "idle_hours": (1, 24 * 365),
    "quarantine_days": (1, 365),
}
_LISTS = ("temporary", "include", "exclude")


def clean_up_in_dss(
    project_key: str,
    config: Optional[Mapping[str, Any]],
    plugin_config: Optional[Mapping[str, Any]],
    progress: Callable[[int], None],
) -> Report:
    """The macro, with the rights of whoever runs it. See `clean_up`."""
    return macro_in_dss(partial(clean_up, home=inside.data_directory()), project_key, config, plugin_config, progress)


def clean_up(
    clients: Clients,
    project_key: str,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[int], None] = lambda percent: None,
    *,
    home: Optional[Path] = None,
) -> Report:
    """One run of the macro. `config` is its parameters, `home` DSS's data directory where this process sees it; `progress`
    is told percent done. DssDenied for whoever does not administer the project, or asks for all projects or for files
    without administering the instance; InvalidParameter for what is out of range; NotAccepted for a plan that may not be
    executed."""
    mode = str(config.get("mode") or PLAN)
    if mode not in MODES:
        raise InvalidParameter(f"“mode” is {mode!r}; it can be {', '.join(MODES)}", name="mode")
    options = options_of(config)
    caller = _caller(clients, project_key, options, home, switched_on(config, "create_state_folder"))
    zone = zone_of_project(clients, project_key, settings)
    if mode == SCENARIO:
        found = _with_scenario(caller, options, progress)
    elif mode == EXECUTE:
        found = _by_id(caller, options, str(config.get("plan_id") or "").strip(), progress)
    elif mode == SCHEDULED:
        found = _scheduled(caller, options, progress)
    else:
        found = _planned(caller, options, progress)
    return replace(found, zone=zone)


def options_of(config: Mapping[str, Any]) -> Options:
    """The macro's parameters as options; what is missing takes its default. InvalidParameter names what is wrong."""
    given: dict[str, Any] = {
        name: whole_in(config, name, getattr(Options, name), *bounds) for name, bounds in _BOUNDS.items()
    }
    given.update((name, _patterns(config, name)) for name in _LISTS)
    given["groups"] = tuple(name for name in GROUP if left_on(config, name))
    given["temporary_tag"] = str(config.get("temporary_tag") or Options.temporary_tag).strip()
    given["keep_last_success"] = left_on(config, "keep_last_success")
    given["all_projects"] = switched_on(config, "all_projects")
    given["log_files"] = switched_on(config, "delete_log_files")
    return Options(**given)


def _patterns(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = config.get(name)
    if value is None:
        return tuple(getattr(Options, name))
    if not isinstance(value, (list, tuple)):
        raise InvalidParameter(f"“{name}” is a list of names, not {value!r}", name=name)
    return tuple(str(each).strip() for each in value if str(each).strip())


def _caller(clients: Clients, project_key: str, options: Options, home: Optional[Path], create_folder: bool) -> Caller:
    """Who runs this. DSS shows the macro to administrators of the project only, and drops its administrators' parameters
    for others; both is asked again here, because a parameter is easily sent another way."""
    if not rights.is_project_admin(clients, project_key):
        raise DssDenied("A clean-up takes an administrator of the project.", status=403, needs="Admin on the project")
    admin = (options.all_projects or options.log_files) and rights.is_instance_admin(clients)
    if (options.all_projects or options.log_files) and not admin:
        asked = "“All projects”" if options.all_projects else "“Delete log files”"
        said = f"{asked} takes an administrator of the instance."
        raise DssDenied(said, status=403, needs="instance administrator")
    state = create(clients, project_key) if create_folder else find(clients, project_key)
    return Caller(clients, project_key, rights.login_of(clients), admin, home, state)


def _projects(caller: Caller, options: Options) -> tuple[str, ...]:
    if not options.all_projects:
        return (caller.project_key,)
    return tuple(
        sorted(str(item["projectKey"]) for item in caller.clients.get_items("/projects/") if item.get("projectKey"))
    )


def _planned(caller: Caller, options: Options, progress: Callable[[int], None]) -> Report:
    plan = make_plan(caller, options, _projects(caller, options), progress)
    notes = [*_notes(caller), *_approval_note(caller)]
    kept_at = ""
    if caller.store is not None:
        plans.write(caller.store, plan, candidates_csv(plan))
        kept_at = f"/plans/{plan.id}.json, /plans/{plan.id}.csv"
    progress(100)
    return Report(plan, notes=tuple(notes), kept_at=kept_at)


def _notes(caller: Caller) -> list[str]:
    if isinstance(caller.state, Unknown):
        return [f"{caller.state.reason}: this plan is kept nowhere, so it cannot be executed."]
    if caller.store is None:
        return [
            "This project has no state folder: the plan is kept nowhere, so it cannot be executed. Run again with “Create "
            "the state folder”."
        ]
    return []


def _by_id(caller: Caller, options: Options, plan_id: str, progress: Callable[[int], None]) -> Report:
    store = _store(caller)
    plan = plans.read(store, plan_id)
    if plan is None:
        raise InvalidParameter(
            f"There is no plan “{plan_id}” in the state folder: run in mode PLAN, and take the id it shows.",
            name="plan_id",
        )
    return _executed(caller, store, plan, options, progress)


def _store(caller: Caller) -> Store:
    if caller.store is None:
        raise NotAccepted(" ".join(_notes(caller)), status=409)
    return caller.store


def _executed(caller: Caller, store: Store, plan: Plan, options: Options, progress: Callable[[int], None]) -> Report:
    """A plan's own rules count, held to their bounds again: it is only a file. What takes an administrator of the instance
    takes one now."""
    checked = options_of(
        {each.name: _as_given(getattr(plan.options, each.name)) for each in fields(Options)} | _groups(plan)
    )
    asked = replace(checked, log_files=plan.options.log_files and options.log_files)
    strangers = [key for key in plan.projects if key != caller.project_key]
    if strangers and not options.all_projects:
        raise NotAccepted(
            f"The plan is about {len(strangers)} other projects: an administrator of the instance executes it, with “All "
            "projects” switched on.",
            status=409,
        )
    execution = execute(caller, store, replace(plan, options=asked), progress)
    root = f"/receipts/{plan.id}/{execution.attempt}"
    return Report(plan, execution, (), f"{root}/rows.csv")


def _as_given(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _groups(plan: Plan) -> dict[str, Any]:
    return {name: name in plan.options.groups for name in GROUP}


def _scheduled(caller: Caller, options: Options, progress: Callable[[int], None]) -> Report:
    """A schedule cannot name an id: it executes the newest plan that an administrator approved lately and that nobody
    executed yet, and otherwise plans."""
    store = caller.store
    if store is None:
        return _planned(caller, options, progress)
    plan, why = _approved_plan(caller, store)
    if plan is None:
        report = _planned(caller, options, progress)
        return replace(report, notes=(*report.notes, f"A scheduled run executes an approved plan only: {why}."))
    return _executed(caller, store, plan, options, progress)


def _approved_plan(caller: Caller, store: Store) -> tuple[Optional[Plan], str]:
    over = {each.plan_id for each in plans.attempts(store.files()) if each.ended}
    why = f"none was approved within {APPROVAL_DAYS} days"
    for plan_id, login, at in approved(store, caller.clients.now()[0], APPROVAL_DAYS):
        if plan_id in over:
            return None, "the newest approved plan was executed already"
        plan = plans.read(store, plan_id)
        if plan is None or at < plan.made_at - CLOCKS_DIFFER:
            why = f"the approved plan {plan_id} is not there any more"
            continue
        if rights.administers(caller.clients, caller.project_key, login):
            return plan, ""
        return None, f"{login}, who approved {plan_id}, is not known to administer this project"
    return None, why


def _approval_note(caller: Caller) -> list[str]:
    if caller.store is None:
        return []
    return [
        "To do exactly this: run again in mode EXECUTE with the plan's id, or approve it on the page Clean-up for the next "
        "scheduled run."
    ]


def _with_scenario(caller: Caller, options: Options, progress: Callable[[int], None]) -> Report:
    """A plan, and the monthly scenario that makes one by itself: inactive until somebody looks at it and activates it."""
    report = _planned(caller, options, progress)
    scenario_id, is_new = schedules.monthly(caller.clients, caller.project_key, MACRO, {"mode": SCHEDULED})
    said = "was created, inactive: look at it and activate it" if is_new else "is there already and was not changed"
    return replace(report, notes=(*report.notes, f"The monthly scenario {scenario_id} {said}."))
