"""A large project made to measure: chains of datasets, each built by a scenario of its own."""

from __future__ import annotations

from typing import Any

from .instance import Project

Raw = dict[str, Any]

_MADE = {"versionNumber": 3, "lastModifiedBy": {"login": "admin"}, "lastModifiedOn": 1_748_851_200_000}


def project(key: str, datasets: int, scenarios: int) -> Project:
    """A project with that many datasets, in chains of equal length, one chain a scenario."""
    made = Project(key=key, settings=_settings())
    length = max(2, datasets // scenarios)
    for number in range(datasets):
        chain, place = divmod(number, length)
        name = _name(chain, place)
        made.datasets[name] = _dataset(name, source=place == 0)
        if place:
            made.recipes[f"compute_{name}"] = {"recipe": _recipe(_name(chain, place - 1), name), "payload": ""}
    for chain in range(scenarios):
        last = max(place for place in range(length) if _name(chain, place) in made.datasets)
        made.scenarios[f"BUILD_{chain:03d}"] = _scenario(chain, _name(chain, last))
    return made


def _name(chain: int, place: int) -> str:
    return f"chain_{chain:03d}_{place:03d}"


def _settings() -> Raw:
    return {
        "name": "Everything at once",
        "shortDesc": "Many datasets and scenarios, to see how large projects fare",
        "owner": "admin",
        "permissions": [{"group": "analysts", "readProjectContent": True}],
        "exposedObjects": {"objects": []},
        "settings": {"disableAutomaticTriggers": False},
        "projectStatus": "In production",
        "tags": [],
        "versionTag": _MADE,
        "creationTag": _MADE,
    }


def _dataset(name: str, source: bool) -> Raw:
    columns = [
        {"name": "row_id", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "amount", "type": "double"},
    ]
    return {
        "type": "UploadedFiles" if source else "Filesystem",
        "managed": not source,
        "formatType": "csv",
        "params": {"connection": "filesystem_managed", "path": f"/${{projectKey}}.{name}"},
        "partitioning": {"dimensions": []},
        "schema": {"columns": columns, "userModified": True},
        "metrics": {"probes": [{"type": "records", "enabled": True, "computeOnBuildMode": "PARTITION"}]},
        "metricsChecks": {"monitor": False, "checks": []},
        "flowOptions": {"rebuildBehavior": "NORMAL"},
        "tags": [],
        "creationTag": _MADE,
    }


def _recipe(before: str, after: str) -> Raw:
    return {
        "type": "shaker",
        "inputs": {"main": {"items": [{"ref": before, "deps": []}]}},
        "outputs": {"main": {"items": [{"ref": after, "appendMode": False}]}},
        "tags": [],
        "creationTag": _MADE,
    }


def _scenario(chain: int, target: str) -> Raw:
    hour, minute = divmod(chain * 7 % 300, 60)
    trigger = {
        "id": f"t{chain:07d}",
        "type": "temporal",
        "name": "Every night",
        "delay": 5,
        "active": True,
        "params": {
            "frequency": "Daily",
            "repeatFrequency": 1,
            "hour": hour,
            "minute": minute,
            "timezone": "Europe/Paris",
        },
    }
    build = {"builds": [{"type": "DATASET", "itemId": target, "partitionsSpec": ""}], "jobType": "RECURSIVE_BUILD"}
    step = {"id": "build_0", "type": "build_flowitem", "name": f"Build {target}", "enabled": True, "params": build}
    return {
        "type": "step_based",
        "name": f"Build chain {chain}",
        "active": True,
        "triggers": [trigger],
        "reporters": [],
        "params": {"steps": [step]},
        "tags": [],
        "versionTag": _MADE,
        "creationTag": _MADE,
    }
