"""The node itself: what it is, who asks, what it is connected to, what it logs."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any, Optional

from .. import rights
from ..instance import Project, Raw
from ..rights import INSTANCE_ADMIN
from .routing import DOCUMENTED, INFERRED, Call, forbidden, not_found, route, unauthenticated

BROWSER_COOKIE = "localdss_user"
_COUNTED = ("datasets", "recipes", "scenarios")


@route("GET", "/instance-info", DOCUMENTED, right=None)
def instance_info(call: Call) -> Raw:
    return {**call.instance.node, "dssVersion": call.instance.version, "nodeUrl": call.instance.url}


@route("GET", "/auth/info", DOCUMENTED, right=None)
def auth_info(call: Call) -> Raw:
    return identity(call, call.caller)


@route("POST", "/auth/info-from-browser-headers", DOCUMENTED, right=None)
def info_from_browser_headers(call: Call) -> Raw:
    return identity(call, _browser(call))


@route("POST", "/auth/ticket-from-browser-headers", DOCUMENTED, right=None)
def ticket_from_browser_headers(call: Call) -> Raw:
    browser = _browser(call)
    if not rights.may_impersonate(call.instance, call.caller.login, browser):
        raise forbidden(f"{call.caller.login} may not impersonate {browser.login} in webapps")
    return {"msg": call.instance.ticket_for(browser.login)}


def identity(call: Call, who: rights.Caller) -> Raw:
    info: Raw = {
        "authIdentifier": who.login,
        "associatedDSSUser": who.login,
        "groups": list(who.groups),
        "userProfile": call.instance.users[who.login].get("userProfile"),
        "via": [],
    }
    return {**info, "secrets": []} if call.flag("withSecrets") else info


def _browser(call: Call) -> rights.Caller:
    """The person whose browser sent these headers; DSS knows them by its cookie alone."""
    headers = {str(name).lower(): str(value) for name, value in call.object().items()}
    cookie: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
    morsel = cookie.get(BROWSER_COOKIE)
    who: Optional[rights.Caller] = morsel and rights.caller(call.instance, morsel.value, "cookie")
    if who is None:
        raise unauthenticated()
    return who


@route("GET", "/admin/logs/", DOCUMENTED, right=INSTANCE_ADMIN)
def logs(call: Call) -> list[str]:
    return sorted(call.instance.logs)


@route("GET", "/admin/logs/<name>", INFERRED, right=INSTANCE_ADMIN)
def log(call: Call, name: str) -> Raw:
    if name not in call.instance.logs:
        raise not_found(f"Log {name}")
    return {"name": name, "lines": call.instance.logs[name]}


@route("GET", "/admin/connections/", DOCUMENTED, right=INSTANCE_ADMIN)
def connections(call: Call) -> Raw:
    return {name: {"name": name, **raw} for name, raw in call.instance.connections.items()}


@route("GET", "/connections/get-names", DOCUMENTED, right=None, since="12.1")
def connection_names(call: Call) -> list[str]:
    wanted = call.arg("type", "all")
    everything = call.instance.connections.items()
    return [name for name, raw in everything if wanted in ("all", raw.get("type")) and rights.may_use(raw, call.caller)]


@route("GET", "/admin/code-envs/", DOCUMENTED, right=None)
def code_envs(call: Call) -> list[Raw]:
    return call.instance.code_envs


@route("GET", "/admin/code-envs/usages", INFERRED, right=INSTANCE_ADMIN)
def all_code_env_usages(call: Call) -> list[Raw]:
    return [usage for env in call.instance.code_envs for usage in _usages(call, env)]


@route("GET", "/admin/code-envs/<lang>/<name>/usages", INFERRED, right=INSTANCE_ADMIN)
def code_env_usages(call: Call, lang: str, name: str) -> list[Raw]:
    for env in call.instance.code_envs:
        if (env.get("envLang"), env.get("envName")) == (lang, name):
            return _usages(call, env)
    raise not_found(f"Code env {lang} {name}")


@route("DELETE", "/admin/code-envs/<lang>/<name>", DOCUMENTED, right=INSTANCE_ADMIN)
def delete_code_env(call: Call, lang: str, name: str) -> Raw:
    kept = [env for env in call.instance.code_envs if (env.get("envLang"), env.get("envName")) != (lang, name)]
    if len(kept) == len(call.instance.code_envs):
        raise not_found(f"Code env {lang} {name}")
    call.instance.code_envs[:] = kept
    return {"messages": {"messages": [], "anyMessage": False, "error": False, "warning": False, "success": True}}


def _usages(call: Call, env: Raw) -> list[Raw]:
    """Where an environment is named: as a project's default, in a recipe, a step or a webapp."""
    found = []
    for project in call.instance.projects.values():
        places: list[tuple[str, str, Any]] = [("PROJECT", "", (project.settings.get("settings") or {}).get("codeEnvs"))]
        places += [("RECIPE", name, whole["recipe"].get("params")) for name, whole in project.recipes.items()]
        places += [("SCENARIO_STEP", name, raw.get("params")) for name, raw in project.scenarios.items()]
        places += [("WEBAPP", name, raw.get("params")) for name, raw in project.webapps.items()]
        for usage, object_id, where in places:
            if env.get("envName") in _env_names(where):
                base = {"envLang": env.get("envLang"), "envName": env.get("envName"), "envUsage": usage}
                found.append({**base, "projectKey": project.key, "objectId": object_id or None})
    return found


def _env_names(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {str(value["envName"])} if value.get("envName") else set()
        return own.union(*(_env_names(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(_env_names(each) for each in value))
    return set()


@route("GET", "/admin/variables/", DOCUMENTED, right=INSTANCE_ADMIN)
def variables(call: Call) -> Raw:
    return call.instance.variables


@route("GET", "/admin/general-settings", DOCUMENTED, right=INSTANCE_ADMIN)
def general_settings(call: Call) -> Raw:
    return call.instance.general_settings


@route("GET", "/admin/licensing/status", INFERRED, right=INSTANCE_ADMIN)
def licence(call: Call) -> Raw:
    return {"base": {"valid": True, "expired": False}, "limits": {}, "communityEdition": False}


@route("GET", "/admin/monitoring/global-usage-summary", DOCUMENTED, right=INSTANCE_ADMIN)
def usage_summary(call: Call) -> Raw:
    projects = list(call.instance.projects.values())
    whole = {"projects": len(projects), **_counts(call, projects)}
    if not call.flag("withPerProject"):
        return whole
    return {**whole, "projectSummaries": [{"projectKey": each.key, **_counts(call, [each])} for each in projects]}


def _counts(call: Call, projects: list[Project]) -> Raw:
    keys = {project.key for project in projects}
    return {
        **{name: {"all": sum(len(getattr(each, name)) for each in projects)} for name in _COUNTED},
        "notebooks": {
            "nbJupyterNotebooks": sum(notebook.get("projectKey") in keys for notebook in call.instance.notebooks),
            "nbSqlNotebooks": sum(len(each.sql_notebooks) for each in projects),
        },
    }


@route("GET", "/plugins/", DOCUMENTED, right=None)
def plugins(call: Call) -> list[Raw]:
    return [
        {
            "id": plugin.id,
            "version": plugin.descriptor.get("version"),
            "isDev": True,
            "meta": plugin.descriptor.get("meta") or {},
        }
        for plugin in call.instance.plugins
    ]


@route("GET", "/plugins/<plugin_id>/settings", DOCUMENTED, right=INSTANCE_ADMIN)
def plugin_settings(call: Call, plugin_id: str) -> Raw:
    _plugin(call, plugin_id)
    return {"config": call.instance.plugin_settings.get(plugin_id, {}), "presets": [], "parameterSets": []}


@route("POST", "/plugins/<plugin_id>/settings", DOCUMENTED, right=INSTANCE_ADMIN)
def save_plugin_settings(call: Call, plugin_id: str) -> None:
    _plugin(call, plugin_id)
    call.instance.plugin_settings[plugin_id] = call.object().get("config") or {}


def _plugin(call: Call, plugin_id: str) -> Any:
    for plugin in call.instance.plugins:
        if plugin.id == plugin_id:
            return plugin
    raise not_found(f"Plugin {plugin_id}")
