"""Daily facts: one file a day in the state folder, and rows in a dataset of any connection, none twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import dataikuapi
import pytest

import localdss
from localdss import host
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.dss.store import Store
from opsguide.errors import InvalidParameter
from opsguide.model.fact import COLUMNS
from opsguide.settings import Settings
from tests.readings import clients

STEP = "pystep_operations-guide_evaluate-operations"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
FILES = {"type": "Filesystem", "managed": True, "params": {"connection": "filesystem_managed"}}
TABLE = {"type": "PostgreSQL", "managed": True, "params": {"connection": "postgres_dwh", "table": "facts"}}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.instance.clock.stop(AT)
    supply = served.instance.projects["SUPPLY"]
    before = set(supply.folders)
    yield served
    served.faults.clear()
    for made in set(supply.folders) - before:
        del supply.folders[made]
    supply.datasets.pop("facts", None)
    supply.rows.pop("facts", None)


def look(dss: Server, **settings: Any) -> str:
    return service.look(
        clients(dss), "SUPPLY", {"fail_at": "never"}, Settings(server_timezone="Europe/Paris", **settings)
    ).facts


def files(state: Store, under: str = "/facts/") -> dict[str, Any]:
    return {file.path: state.document(file.path) for file in state.files(under)}


def test_a_day_is_written_once_when_it_is_over(dss: Server) -> None:
    assert look(dss) == ""  # without a state folder nothing is kept, and none is made for it
    assert store.find(clients(dss), "SUPPLY") is None
    state = store.create(clients(dss), "SUPPLY")
    assert look(dss) == "facts of 2026-03-02 kept"
    first = files(state)
    (found,) = first.values()
    assert list(first) == ["/facts/2026-03-02.json"]
    assert (found["schema_version"], found["project_key"], found["zone"]) == (1, "SUPPLY", "Europe/Paris")
    assert {(each["kind"], each["id"]) for each in found["facts"]} == {
        ("OUTPUT", "suppliers"), ("SCENARIO", "REFRESH_SUPPLIERS"),
    }  # fmt: skip
    scenario = next(each for each in found["facts"] if each["kind"] == "SCENARIO")
    assert (scenario["runs"], scenario["failed"]) == (1, 0)  # the Monday's
    dss.requests.clear()
    assert look(dss) == ""
    assert not [each for each in dss.requests.writes() if "/facts/" in each.path]
    assert files(state) == first
    dss.instance.clock.stop(AT + 3 * DAY)
    assert look(dss) == "facts of 2026-03-03, 2026-03-04, 2026-03-05 kept"
    assert files(state)["/facts/2026-03-02.json"] == found


def test_what_is_older_than_the_settings_say_goes_and_memories_stay(dss: Server) -> None:
    state = store.create(clients(dss), "SUPPLY")
    old, older = (store.event(AT - days * DAY, "note", "olivia") for days in (150, 200))
    for event in (old, older):
        state.append(event)
        state.put(f"/published/aa/{event.path.rpartition('/')[2]}", json.dumps({}).encode())
    assert look(dss, retention_days=180) == "facts of 2026-03-02 kept, 2 files older than 180 days deleted"
    assert set(files(state, "/events/2025")) == {old.path}
    assert [path.rpartition("/")[2] for path in files(state, "/published/")] == [old.path.rpartition("/")[2]]
    dss.instance.clock.stop(AT + DAY)
    assert look(dss, retention_days=100) == "facts of 2026-03-03 kept, 1 file older than 100 days deleted"
    assert len(files(state, "/published/")) == 1  # the newest is what the next publication looks up


def test_old_files_that_cannot_be_deleted_do_not_hide_that_the_day_was_kept(dss: Server) -> None:
    state = store.create(clients(dss), "SUPPLY")
    state.append(store.event(AT - 200 * DAY, "note", "olivia"))
    dss.faults.status("DELETE", "/projects/SUPPLY/managedfolders/*", 500, "disk on fire")
    said = look(dss, retention_days=180)
    assert said.startswith("facts of 2026-03-02 kept, files older than 180 days not deleted: ")
    assert "disk on fire" in said


def step(dss: Server, login: str = "admin") -> str:
    config = {"fail_at": "never", "facts_dataset": "facts"}
    return str(host.run_step(dss.instance, "SUPPLY", login, STEP, config).variables["operations_facts"])


def rows(dss: Server) -> list[dict[str, str]]:
    dataset = dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY").get_dataset("facts")
    names = [column["name"] for column in dataset.get_schema()["columns"]]
    return [dict(zip(names, row)) for row in dataset.iter_rows()]


@pytest.mark.parametrize("raw", [FILES, TABLE], ids=["files", "table"])
def test_days_are_appended_to_a_dataset_once(dss: Server, raw: dict[str, Any]) -> None:
    supply = dss.instance.projects["SUPPLY"]
    supply.datasets["facts"] = {**raw, "schema": {"columns": []}, "partitioning": {"dimensions": []}}
    assert step(dss) == "2 facts of 2026-03-02 appended to facts"
    first = rows(dss)
    assert [column["name"] for column in supply.datasets["facts"]["schema"]["columns"]] == list(COLUMNS)
    assert [(each["kind"], each["id"]) for each in first] == [
        ("OUTPUT", "suppliers"),
        ("SCENARIO", "REFRESH_SUPPLIERS"),
    ]
    assert first[1]["runs"] in (1, "1")
    assert first[1]["verdict"] in (None, "")
    assert step(dss) == ""  # nothing but the dataset itself remembers it
    assert rows(dss) == first
    dss.instance.clock.stop(AT + DAY)
    assert step(dss) == "2 facts of 2026-03-03 appended to facts"
    assert rows(dss)[:2] == first
    assert len(rows(dss)) == 4


def test_what_stands_in_the_way_is_said_and_nothing_is_written(dss: Server) -> None:
    supply = dss.instance.projects["SUPPLY"]
    assert "facts not appended: the dataset facts: " in step(dss)
    other = {"columns": [{"name": "day", "type": "string"}]}
    supply.datasets["facts"] = {**FILES, "schema": other, "partitioning": {"dimensions": []}}
    assert step(dss).startswith("facts not appended: the dataset facts lacks the columns project_key, kind, id")
    assert "facts" not in supply.rows
    with pytest.raises(InvalidParameter, match="name of a dataset"):
        service.look(clients(dss), "SUPPLY", {"facts_dataset": ["a"]}, Settings())


WRITES = """
import dataiku, pandas
def rows():
    return [row[0] for row in dataiku.Dataset("facts").iter_tuples()]
frame = pandas.DataFrame({"day": ["a"], "n": [1]})
dataset = dataiku.Dataset("facts", ignore_flow=True)
dataset.write_with_schema(frame)
dataset.write_with_schema(frame)
print(rows(), [column["type"] for column in dataset.read_schema()])
dataset.spec_item["appendMode"] = True
with dataset.get_writer() as writer:
    writer.write_row_dict({"n": 2, "day": "b"})
    try:
        writer.write_tuple(["too short"])
    except ValueError as error:
        print(error)
print(rows())
"""


def test_the_local_writer_replaces_unless_it_is_told_to_append(dss: Server) -> None:
    supply, said = dss.instance.projects["SUPPLY"], []
    supply.datasets["facts"] = {**FILES, "schema": {"columns": []}, "partitioning": {"dimensions": []}}
    host.run_script(dss.instance, "SUPPLY", "admin", WRITES, log=said.append)
    assert said == ["['a'] ['string', 'bigint']", "1 values for 2 columns", "['a', 'b']"]
    with pytest.raises(host.ComponentFailed, match="don't have"):
        host.run_script(dss.instance, "SUPPLY", "dmitri", WRITES.replace("write_with_schema", "write_dataframe"))
