"""Saved models with their versions, model evaluation stores."""

from __future__ import annotations

import shutil

from .. import disk
from ..clock import from_ms
from ..instance import MODEL, STORE, Raw
from ..rights import WRITE
from . import measures
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, illegal, not_found, route

_M = "/projects/<key>/savedmodels/<model_id>"


@route("GET", "/projects/<key>/savedmodels/", DOCUMENTED)
def models(call: Call) -> list[Raw]:
    return [_model(call, model_id) for model_id in call.project.saved_models]


@route("GET", _M, RECORDED)
def model(call: Call, model_id: str) -> Raw:
    return _model(call, model_id)


def _model(call: Call, model_id: str) -> Raw:
    return {"id": model_id, "projectKey": call.project.key, **call.model(model_id)}


@route("GET", f"{_M}/versions", INFERRED)
def model_versions(call: Call, model_id: str) -> list[Raw]:
    active = call.model(model_id).get("activeVersion")
    return [_version(each, active) for each in _versions(call, model_id)]


def _versions(call: Call, model_id: str) -> list[str]:
    """The ids of the versions, oldest first; a model without a history has its active one."""
    active = call.model(model_id).get("activeVersion")
    return call.project.model_versions.get(model_id) or ([str(active)] if active else [])


def _version(version_id: str, active: object) -> Raw:
    trained = int(version_id) if version_id.isdigit() else None
    snippet = {"versionId": version_id, "trainDate": trained}
    named = {"id": version_id, "active": version_id == str(active)}
    return {**named, "name": from_ms(trained).isoformat() if trained else None, "snippet": snippet}


@route("POST", f"{_M}/versions/<version_id>/actions/setActive", DOCUMENTED, right=WRITE)
def set_active_version(call: Call, model_id: str, version_id: str) -> None:
    if version_id not in _versions(call, model_id):
        raise not_found(f"Version {version_id} of saved model {model_id}")
    call.model(model_id)["activeVersion"] = version_id


@route("POST", f"{_M}/actions/delete-versions", DOCUMENTED, right=WRITE)
def delete_versions(call: Call, model_id: str) -> None:
    """Deletes versions with their files. That DSS refuses the active one is inferred."""
    asked, known = call.object().get("versions"), _versions(call, model_id)
    if not isinstance(asked, list):
        raise illegal("versions must be a list of ids")
    if str(call.model(model_id).get("activeVersion")) in asked:
        raise illegal("The active version of a saved model cannot be deleted")
    missing = [each for each in asked if each not in known]
    if missing:
        raise not_found(f"Version {missing[0]} of saved model {model_id}")
    call.project.model_versions[model_id] = [each for each in known if each not in asked]
    root = disk.home(call.instance) / "saved_models" / call.project.key / model_id / "versions"
    for each in asked:
        shutil.rmtree(root / each, ignore_errors=True)


@route("GET", f"{_M}/metrics/<version_id>", DOCUMENTED)
def model_metrics(call: Call, model_id: str, version_id: str) -> Raw:
    call.model(model_id)
    return measures.last(call.project, MODEL, model_id)


@route("GET", "/projects/<key>/evaluationstores/", INFERRED)
def stores(call: Call) -> list[Raw]:
    return [{"id": name, "projectKey": call.project.key, **raw} for name, raw in call.project.evaluation_stores.items()]


@route("GET", "/projects/<key>/evaluationstores/<store_id>", INFERRED)
def store(call: Call, store_id: str) -> Raw:
    if store_id not in call.project.evaluation_stores:
        raise not_found(f"Model evaluation store {store_id}")
    return {"id": store_id, "projectKey": call.project.key, **call.project.evaluation_stores[store_id]}


@route("GET", "/projects/<key>/evaluationstores/<store_id>/metrics/last", INFERRED)
def store_metrics(call: Call, store_id: str) -> Raw:
    store(call, store_id)
    return measures.last(call.project, STORE, store_id)
