"""The flow: graph, zones, recipes."""

from __future__ import annotations

from ..instance import Raw
from ..rights import WRITE
from .projects import version_tag
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, conflict, illegal, not_found, route

_DEFAULT_ZONE: Raw = {"name": "Default", "color": "#C82423"}


@route("GET", "/projects/<key>/flow/graph/", DOCUMENTED)
def graph(call: Call) -> Raw:
    return call.project.graph()


@route("GET", "/projects/<key>/flow/zones", DOCUMENTED)
def zones(call: Call) -> list[Raw]:
    return [_zone(call, zone_id) for zone_id in dict.fromkeys(("default", *call.project.zones))]


@route("GET", "/projects/<key>/flow/zones/<zone_id>", DOCUMENTED)
def zone(call: Call, zone_id: str) -> Raw:
    if zone_id != "default" and zone_id not in call.project.zones:
        raise not_found(f"Flow zone {zone_id}")
    return _zone(call, zone_id)


@route("POST", "/projects/<key>/flow/zones", DOCUMENTED, right=WRITE)
def create_zone(call: Call) -> Raw:
    body, zone_id = call.object(), call.instance.new_id("zone")
    if not body.get("name"):
        raise illegal("The zone needs a name")
    tag = version_tag(call, 0)
    named = {"name": str(body["name"]), "color": body.get("color") or "#2ab1ac"}
    call.project.zones[zone_id] = {**named, "items": [], "versionTag": tag, "creationTag": tag}
    return _zone(call, zone_id)


@route("DELETE", "/projects/<key>/flow/zones/<zone_id>", DOCUMENTED, right=WRITE)
def delete_zone(call: Call, zone_id: str) -> None:
    """What stood in it stands in the default zone from then on."""
    if zone_id not in call.project.zones:
        raise not_found(f"Flow zone {zone_id}")
    del call.project.zones[zone_id]


@route("POST", "/projects/<key>/flow/zones/<zone_id>/items", DOCUMENTED, right=WRITE)
def add_to_zone(call: Call, zone_id: str) -> Raw:
    """Moves an object there from the zone that it stood in."""
    if zone_id not in call.project.zones:
        raise not_found(f"Flow zone {zone_id}")
    body = call.object()
    item = {"objectType": body.get("objectType"), "objectId": body.get("objectId")}
    for raw in call.project.zones.values():
        if raw.get("items"):
            raw["items"] = [each for each in raw["items"] if {key: each.get(key) for key in item} != item]
    call.project.zones[zone_id].setdefault("items", []).append(item)
    return _zone(call, zone_id)


def _zone(call: Call, zone_id: str) -> Raw:
    """A zone; what stands in no zone's file belongs to the default one."""
    raw = call.project.zones.get(zone_id, _DEFAULT_ZONE)
    items = list(raw.get("items") or [])
    if zone_id == "default":
        items += _homeless(call)
    return {"id": zone_id, "projectKey": call.project.key, "shared": [], **raw, "items": items}


def _homeless(call: Call) -> list[Raw]:
    housed = {
        (item.get("objectType"), item.get("objectId"))
        for zone in call.project.zones.values()
        for item in zone.get("items") or []
    }
    everything = [(kind, name) for kind, objects in call.project.objects().items() for name in objects]
    everything += [("RECIPE", name) for name in call.project.recipes]
    return [{"objectType": kind, "objectId": name} for kind, name in everything if (kind, name) not in housed]


@route("GET", "/projects/<key>/recipes/", RECORDED)
def recipes(call: Call) -> list[Raw]:
    return [
        {"projectKey": call.project.key, "name": name, **whole["recipe"]}
        for name, whole in call.project.recipes.items()
    ]


@route("POST", "/projects/<key>/recipes/", DOCUMENTED, right=WRITE)
def create_recipe(call: Call) -> Raw:
    body = call.object()
    recipe = body.get("recipePrototype") or body
    name = str(recipe.get("name") or call.instance.new_id("recipe_"))
    if name in call.project.recipes:
        raise conflict(f"Recipe {name} already exists")
    tag = version_tag(call, 0)
    payload = str((body.get("creationSettings") or {}).get("rawPayload") or "")
    call.project.recipes[name] = {"recipe": {**recipe, "versionTag": tag, "creationTag": tag}, "payload": payload}
    return {"name": name}


@route("GET", "/projects/<key>/recipes/<name>", RECORDED)
def recipe(call: Call, name: str) -> Raw:
    whole = _recipe(call, name)
    return {"recipe": {"projectKey": call.project.key, "name": name, **whole["recipe"]}, "payload": whole["payload"]}


@route("PUT", "/projects/<key>/recipes/<name>", RECORDED, right=WRITE)
def save_recipe(call: Call, name: str) -> Raw:
    before, body = _recipe(call, name), call.object()
    recipe = {**(body.get("recipe") or {}), "versionTag": version_tag(call, before["recipe"])}
    call.project.recipes[name] = {"recipe": recipe, "payload": body.get("payload", before["payload"])}
    return {"msg": "Updated"}


@route("GET", "/projects/<key>/recipes/<name>/status", INFERRED)
def recipe_status(call: Call, name: str) -> Raw:
    _recipe(call, name)
    messages = {"messages": [], "anyMessage": False, "success": True, "warning": False, "error": False, "fatal": False}
    return {"selectedEngine": {"type": "DSS"}, "engines": [{"type": "DSS"}], "allMessagesForFrontend": messages}


def _recipe(call: Call, name: str) -> Raw:
    if name not in call.project.recipes:
        raise not_found(f"Recipe {call.project.key}.{name}")
    return call.project.recipes[name]
