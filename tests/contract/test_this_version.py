"""Every component on the version of DSS that is played, with the client that is installed: what the matrix repeats.

Newer routes are asked for by path, never by a method that an old client lacks; where DSS does not have one, what hangs on it
is unknown, and the rest goes on.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import dataikuapi
import pytest
import requests

import localdss
import opsguide
from localdss.api.routing import parse_version
from localdss.host import run_check, run_probe, run_standards_check, run_step, run_tool
from localdss.server import Server
from opsguide.dss.reads import READS
from opsguide.model.self_check import State
from opsguide.service import self_check
from tests.readings import clients

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT, data_dir_open_to="none") as server:
        yield server


def macro(dss: Server, name: str, login: str = "olivia", **params: Any) -> str:
    one = dataikuapi.DSSClient(dss.url, login).get_project("RETAIL").get_macro(f"pyrunnable_operations-guide_{name}")
    return str(one.get_result(one.run(params=params), as_type=None).read().decode())


def missing(dss: Server) -> set[str]:
    """The reads that this version does not have yet."""
    return {read.name for read in READS if parse_version(read.since or "11") > parse_version(dss.instance.version)}


def test_every_part_of_the_library_can_be_imported() -> None:
    """Also what is loaded only when somebody asks for it: the library of a format may not support this Python."""
    imported = 0
    for module in pkgutil.walk_packages(opsguide.__path__, "opsguide."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if error.name != "dataiku":  # DSS's own, which only its processes have
                raise
        imported += 1
    assert imported > 200


def test_every_read_works_or_is_not_there_yet(dss: Server) -> None:
    found = self_check(clients(dss), "RETAIL", {})
    states = {each.name: each.state for each in found.reads}
    assert {name for name, state in states.items() if state in (State.DIFFERS, State.FAILED, State.DENIED)} == set()
    assert {name for name, state in states.items() if state is State.NO_ROUTE} <= missing(dss)
    assert {states[name] for name in missing(dss)} <= {State.NO_ROUTE, State.NOT_TRIED}


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("guide?depth=whole", "Quick Reference"),
        ("today", "The Night"),
        ("incidents", "Incidents"),
        ("status", "sales_mart"),
        ("guide.json", '"schema_version"'),
        ("today.md", "# "),
        ("metrics", "# EOF"),
    ],
)
def test_the_web_page_shows_it(dss: Server, path: str, holds: str) -> None:
    url = f"{dss.url}/web-apps-backends/RETAIL/0pGu1de/{path}"
    answer = requests.get(url, cookies={"localdss_user": "olivia"}, timeout=120)
    assert answer.status_code == 200
    assert holds in answer.text


@pytest.mark.parametrize(
    ("name", "params", "holds"),
    [
        ("morning-check", {}, "Check Scenario Status"),
        ("instance-check", {"minutes": 5}, "RETAIL|Retail"),
        ("instrument-project", {}, "sales_mart"),
        ("publish-guide", {}, "would|article"),
        ("clean-up", {}, "Clean-up plan"),
        ("self-check", {}, "reads work"),
    ],
)
def test_the_macros_answer(dss: Server, name: str, params: dict[str, Any], holds: str) -> None:
    dss.requests.clear()
    assert re.search(holds, macro(dss, name, **params))
    later = [each.path for each in dss.requests.unknown() if not _is_later(dss, each.method, each.path)]
    assert later == []


def _is_later(dss: Server, method: str, path: str) -> bool:
    return any(read.matches(method, path) for read in READS if read.name in missing(dss))


@pytest.mark.parametrize("kind", ["freshness", "row-count", "schema-change"])
def test_the_checks_judge(dss: Server, kind: str) -> None:
    raw = {"type": f"custom_python_operations-guide_{kind}", "meta": {"label": "Ours"}, "config": {}}
    outcome, said = run_check(dss.instance, "RETAIL", "olivia", "DATASET", "orders_clean", "NP", raw)
    assert outcome in ("OK", "WARNING", "ERROR", "EMPTY")
    assert said


@pytest.mark.parametrize(("kind", "holds"), [("row-count", "row_count"), ("freshness", "age_hours")])
def test_the_probes_measure(dss: Server, kind: str, holds: str) -> None:
    raw = {
        "type": f"py_plugin_operations-guide_{kind}",
        "meta": {"name": "Ours"},
        "configuration": {"config": {}},
    }
    found = run_probe(dss.instance, "RETAIL", "olivia", "DATASET", "orders_clean", "NP", raw)
    assert found[holds][0] > 0


def test_the_step_judges(dss: Server) -> None:
    step = "pystep_operations-guide_evaluate-operations"
    told = run_step(dss.instance, "RETAIL", "svc_retail", step, {"fail_at": "never"})
    assert told.variables["operations_verdict"] == "ERROR"


def test_the_agent_tool_answers_where_dss_has_agent_tools(dss: Server) -> None:
    since(dss, "13.4")
    tool = "Custom_agent_tool_operations-guide_operations"
    told = run_tool(dss.instance, "RETAIL", "olivia", tool, {}, {"ask": "ready", "about": "sales_mart"})
    assert told["output"].startswith("sales_mart (dataset)")


def test_the_standards_check_judges_where_dss_has_project_standards(dss: Server) -> None:
    since(dss, "14.1")
    kind = "project_standards_check_spec_operations-guide_operations-readiness"
    assert run_standards_check(dss.instance, "SUPPLY", "admin", kind, {})["status"] in ("SUCCESS", "FAILURE")


def since(dss: Server, version: str) -> None:
    if parse_version(dss.instance.version) < parse_version(version):
        pytest.skip(f"DSS has it since {version}")
