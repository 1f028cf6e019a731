"""The dataset for daily facts that instrument-project makes: on the connection chosen, written by the watch, never lost."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import dataikuapi
import pytest

import localdss
from localdss import host
from localdss.server import Server
from opsguide import service
from opsguide.errors import InvalidParameter
from opsguide.model.fact import COLUMNS
from opsguide.model.guide import Table
from opsguide.settings import Settings
from tests.readings import clients

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
STEP = "pystep_operations-guide_evaluate-operations"
MAKE, LET = "facts:dataset", "facts:watch"
FILES, TABLES, LANDING = "filesystem_managed", "postgres_dwh", "filesystem_landing"
PLACE = "/projects/SUPPLY/datasets"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.instance.clock.stop(AT)
    supply = served.instance.projects["SUPPLY"]
    parts = ("datasets", "scenarios", "folders", "rows")
    before = {part: copy.deepcopy(getattr(supply, part)) for part in parts}
    served.requests.clear()
    yield served
    served.faults.clear()
    for part, value in before.items():
        setattr(supply, part, value)


def run(dss: Server, login: str = "admin", **config: Any) -> Any:
    return service.instrument(clients(dss, login), "SUPPLY", config, Settings(server_timezone="Europe/Paris"))


def rows(guide: Any) -> dict[str, str]:
    tables = [block for block in guide.sections[0].blocks if isinstance(block, Table)]
    return {row[1].value: " | ".join(cell.value for cell in row) for table in tables for row in table.rows}


def receipt(guide: Any) -> str:
    said = " ".join(str(part) for block in guide.sections[0].blocks for part in getattr(block, "parts", ()))
    return said.rstrip(".").rpartition(" ")[2]


def datasets(dss: Server) -> dict[str, Any]:
    found: dict[str, Any] = dss.instance.projects["SUPPLY"].datasets
    return found


def watch_config(dss: Server) -> dict[str, Any]:
    scenarios = dss.instance.projects["SUPPLY"].scenarios.values()
    made = next(raw for raw in scenarios if raw["name"] == "Operations watch")
    config: dict[str, Any] = made["params"]["steps"][0]["params"]["config"]
    return config


def written(dss: Server, name: str = "operations_facts") -> list[Any]:
    return list(dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY").get_dataset(name).iter_rows())


def append(dss: Server, name: str = "operations_facts") -> str:
    config = {"fail_at": "never", "facts_dataset": name}
    return str(host.run_step(dss.instance, "SUPPLY", "admin", STEP, config).variables["operations_facts"])


@pytest.mark.parametrize("connection", [FILES, TABLES])
def test_it_is_made_on_the_connection_chosen_and_takes_facts(dss: Server, connection: str) -> None:
    shown = rows(run(dss, facts_connection=connection))
    assert f"on the connection {connection}, {len(COLUMNS)} columns, without rows" in shown[MAKE]
    assert dss.requests.writes() == []
    done = run(dss, mode="apply", groups=["facts"], facts_connection=connection)
    assert "applied and read back" in rows(done)[MAKE]
    made = datasets(dss)["operations_facts"]
    assert (made["managed"], made["params"]["connection"]) == (True, connection)
    assert {column["name"]: column["type"] for column in made["schema"]["columns"]} == COLUMNS
    assert MAKE not in rows(run(dss, facts_connection=connection)), "what is there is not offered again"
    assert append(dss).endswith("2 facts of 2026-03-02 appended to operations_facts")
    assert len(written(dss)) == 2


def test_the_watch_appends_to_it_whichever_is_made_first(dss: Server) -> None:
    asked = {"facts_connection": FILES, "facts_dataset": "our_facts"}
    run(dss, mode="apply", groups=["watch"], **asked)
    assert "facts_dataset" not in watch_config(dss), "it is not told of a dataset that nobody asked for"
    both = run(dss, mode="apply", groups=["facts"], **asked)
    assert [name for name, said in rows(both).items() if "applied and read back" in said] == [MAKE, LET]
    assert watch_config(dss)["facts_dataset"] == "our_facts"
    assert not {MAKE, LET} & set(rows(run(dss, **asked)))
    undone = rows(run(dss, mode="undo", receipt=receipt(both)))
    assert "as before" in undone[LET]
    assert "deleted" in undone[MAKE]
    assert "our_facts" not in datasets(dss)
    assert "facts_dataset" not in watch_config(dss)

    run(dss, mode="detach")
    run(dss, mode="apply", groups=["facts", "watch"], **asked)
    assert watch_config(dss)["facts_dataset"] == "our_facts"


def test_what_was_collected_is_never_thrown_away(dss: Server) -> None:
    done = run(dss, mode="apply", rows=[MAKE], facts_connection=FILES)
    append(dss)
    kept = written(dss)
    said = rows(run(dss, mode="undo", receipt=receipt(done)))[MAKE]
    assert "left as it is: it holds rows: delete it in DSS if nobody wants them" in said
    assert "left as it is: it holds rows" in rows(run(dss, mode="detach"))[MAKE]
    assert (written(dss), len(kept)) == (kept, 2)
    dss.faults.status("GET", f"{PLACE}/operations_facts/data/", 500)
    assert "whether it holds rows could not be told" in rows(run(dss, mode="detach"))[MAKE]
    assert "operations_facts" in datasets(dss)


def test_another_dataset_of_that_name_is_left_as_it_is(dss: Server) -> None:
    before = copy.deepcopy(datasets(dss))
    shown = rows(run(dss, facts_connection=FILES, facts_dataset="suppliers"))[MAKE]
    assert (
        "there is a dataset suppliers of something else: it lacks the columns day, project_key, kind, id and" in shown
    )
    done = run(dss, mode="apply", rows=[MAKE], facts_connection=FILES, facts_dataset="suppliers")
    assert "not applied: there is a dataset suppliers of something else" in rows(done)[MAKE]
    assert datasets(dss) == before
    # One of facts that a person made is used as it is, and one that comes into being in between is not touched.
    columns = [{"name": name, "type": kind, "comment": "ours"} for name, kind in COLUMNS.items()]
    datasets(dss)["ours"] = {"type": "Filesystem", "params": {}, "schema": {"columns": columns}}
    assert MAKE not in rows(run(dss, facts_connection=FILES, facts_dataset="ours"))


@pytest.mark.parametrize(
    ("login", "connection", "said"),
    [
        ("admin", "", "no connection is chosen: fill in “Connection for facts”"),
        ("admin", "nowhere", "DSS refused: Connection nowhere does not exist"),
        ("admin", LANDING, "does not allow managed datasets"),
        ("samir", LANDING, "You may not use connection: filesystem_landing"),
    ],
)
def test_what_dss_refuses_is_said_and_nothing_is_left(dss: Server, login: str, connection: str, said: str) -> None:
    before = copy.deepcopy(datasets(dss))
    assert said in rows(run(dss, login, mode="apply", rows=[MAKE], facts_connection=connection))[MAKE]
    assert datasets(dss) == before


def test_without_its_columns_it_is_deleted_again(dss: Server) -> None:
    dss.faults.status("PUT", f"{PLACE}/operations_facts/schema", 500, times=1)
    said = rows(run(dss, mode="apply", rows=[MAKE], facts_connection=FILES))[MAKE]
    assert "not applied: it was made, but not complete: DSS refused" in said
    assert said.endswith("; taken back")
    assert "operations_facts" not in datasets(dss)


def test_an_answer_that_never_comes_is_found_out_by_undo(dss: Server) -> None:
    dss.faults.cut_off("POST", f"{PLACE}/managed", times=1)
    done = run(dss, mode="apply", rows=[MAKE], facts_connection=FILES)
    assert "it may have been made or not: undo finds out" in rows(done)[MAKE]
    assert datasets(dss)["operations_facts"]["schema"] == {"columns": []}
    assert "deleted" in rows(run(dss, mode="undo", receipt=receipt(done)))[MAKE]
    assert "operations_facts" not in datasets(dss)


def test_a_name_that_dss_would_not_take_is_refused(dss: Server) -> None:
    with pytest.raises(InvalidParameter, match="a dataset's name has letters, digits and _"):
        run(dss, facts_dataset="our facts; drop")
