"""The guide from end to end: every project there is becomes a whole page in three formats, for so many calls and no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import localdss
from localdss import big, history, story
from localdss.instance import Project
from localdss.server import Server
from opsguide import service
from opsguide.core.runs import started_by_a_person
from opsguide.dss import gateway, stats
from opsguide.model.guide import cells_of
from opsguide.model.known import Unknown, known
from opsguide.settings import Settings
from tests.readings import REAL, active, clients, real_projects
from tests.whole import SECTIONS, Visit, assert_whole, cell, limit

# A session cookie is exchanged for a ticket, the ticket tried, and the project's smallest part read with it.
TO_BE_LET_IN = 5  # who browses, their ticket, whether it holds, whether they may read; and once the node
DATASETS, CHAINS = 2000, 6
# Of this process and the DSS inside it. Reading and judging take about three on one idle core.
CPU_SECONDS = 20


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve() as dss:
        dss.instance.add(Project(key="EMPTY"))
        unscheduled = big.project("UNSCHEDULED", 12, 2)
        unscheduled.scenarios.clear()
        dss.instance.add(unscheduled)
        without_data = big.project("WITHOUT_DATA", 12, 2)
        without_data.datasets.clear()
        without_data.recipes.clear()
        dss.instance.add(without_data)
        dss.instance.add(big.project("LARGE", DATASETS, CHAINS))
        story.tell(dss.instance, dss.instance.projects["LARGE"], "scale")
        yield dss


@pytest.fixture
def dss(served: Server) -> Server:
    served.requests.clear()
    return served


def assert_within_budget(dss: Server, visit: Visit) -> None:
    """First paint, then the whole guide in every format, whoever is let in being counted apart."""
    beside = service.read(clients(dss), visit.desk.project_key, Settings(), need=gateway.FIRST | {"settings"})
    dss.requests.clear()
    visit.guide("first")
    assert len(dss.requests) <= 6 + active(beside.snapshot)
    visit.show()
    assert len(dss.requests) <= limit(beside.snapshot, len(service.monitored(beside.snapshot, beside.declared)))
    assert dss.requests.writes() == []
    assert dss.requests.unknown() == []


def test_the_guide_says_the_same_whatever_was_read_before(dss: Server) -> None:
    """One process shows it from what Today read, another one reads it by itself."""
    dss.instance.clock.stop(dss.instance.clock.now())
    after_today, alone = Visit(dss), Visit(dss)
    after_today.get("/today")
    said = [{each.id: (each.reason, each.needs) for each in cells_of(visit.guide())} for visit in (after_today, alone)]
    dss.instance.clock.set(dss.instance.clock.now())
    assert said[0] == said[1]


@pytest.mark.parametrize("key", ["RETAIL", "SUPPLY", "EMPTY", "UNSCHEDULED", "WITHOUT_DATA"])
@pytest.mark.dss("14.3")
def test_every_project_is_a_whole_page_within_its_budget(dss: Server, key: str) -> None:
    visit = Visit(dss, key)
    assert len(dss.requests) <= TO_BE_LET_IN
    assert_within_budget(dss, visit)


@pytest.mark.skipif(not real_projects(), reason=f"no real projects at {REAL}: set OPSGUIDE_REAL_PROJECTS")
@pytest.mark.parametrize("index", range(len(real_projects())), ids=[path.name for path in real_projects()])
@pytest.mark.dss("14.3")
def test_every_real_project_is_a_whole_page_within_its_budget(real: Server, index: int) -> None:
    assert_within_budget(real, Visit(real, list(real.instance.projects)[index]))


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    directories: list[Path] = real_projects()
    with localdss.serve(story="healthy", projects=directories, sample=False) as dss:
        assert len(dss.instance.projects) == len(directories)
        yield dss


@pytest.mark.parametrize(("login", "run_as", "calls"), [("raj", "svc_retail", 5), ("priya", "olivia", 5)])
def test_being_let_in_takes_few_calls_and_once(dss: Server, login: str, run_as: str, calls: int) -> None:
    visit = Visit(dss, login=login, run_as=run_as)
    assert len(dss.requests) == calls <= TO_BE_LET_IN
    visit.get("/guide")
    visit.get("/guide")
    assert not [each for each in list(dss.requests)[calls:] if each.path.startswith("/auth/")][1:]


@pytest.mark.dss("12.6")
def test_section_by_section_is_within_the_budget_of_the_whole(dss: Server) -> None:
    visit = Visit(dss)
    dss.requests.clear()
    visit.guide("first")
    for section in SECTIONS:
        settled = visit.desk.section(visit.access, section)
        assert settled is not None
        assert settled[0].waits_for == ()
        assert settled[1] is visit.guide("first"), "the page around it is of the same reading"
    assert_whole(visit.guide("first"))
    calls = len(dss.requests)
    reading = service.read(clients(dss), "RETAIL", Settings(), need=gateway.FIRST | {"settings"})
    assert calls <= limit(reading.snapshot, len(service.monitored(reading.snapshot, reading.declared)))


def test_a_project_without_scenarios_says_so(dss: Server) -> None:
    guide = Visit(dss, "UNSCHEDULED").guide()
    assert "no scenarios" in cell(guide, "quick-reference-card.now.scenarios").value
    assert "output" in cell(guide, "quick-reference-card.now.outputs").value


def test_a_project_without_datasets_says_so(dss: Server) -> None:
    guide = Visit(dss, "WITHOUT_DATA").guide()
    assert "no outputs" in cell(guide, "quick-reference-card.now.outputs").value
    assert "no sources" in cell(guide, "quick-reference-card.wrong.sources").value
    assert "2 active scenarios" in cell(guide, "quick-reference-card.now.scenarios").value


@pytest.mark.dss("14.3")
def test_two_thousand_datasets_are_read_in_seconds(dss: Server) -> None:
    visit = Visit(dss, "LARGE")
    began = time.process_time()
    assert_within_budget(dss, visit)
    assert time.process_time() - began < CPU_SECONDS
    asked = {each.path.split("/datasets/")[1].split("/")[0] for each in dss.requests if "/datasets/" in each.path}
    assert len(asked - {""}) <= 3 * CHAINS


# --- DSS's own records -----------------------------------------------------------------------------------------------

# All that says what ran, what was built and what should have been.
RUNS_AND_BUILDS = gateway.FIRST | {"scenario_settings", "builds", "instance", "permissions", "settings"}


def test_runs_and_builds_come_in_fourteen_calls_from_internal_stats() -> None:
    with localdss.serve(story="internal-stats") as dss:
        project = big.project("BULK", 160, 40)
        history.add_internal_stats(project)
        dss.instance.add(project)
        story.tell(dss.instance, project, "scale")
        for key in ("RETAIL", "BULK"):
            dss.requests.clear()
            # Without what people noted, which is in neither.
            reading = service.read(clients(dss), key, Settings(), need=RUNS_AND_BUILDS, ledger=None)
            of_settings = dss.requests.of("GET", "/projects/<key>/scenarios/<scenario_id>")
            assert len(of_settings) == active(reading.snapshot) >= stats.WORTH_FROM_SCENARIOS
            timed = [name for name, said in reading.declared.profile.datasets.items() if said.time_column]
            of_columns = dss.requests.of("GET", "/projects/<key>/datasets/<name>/metrics/last/<partition>")
            assert len(of_columns) == len(timed)
            # Two are asked to compare; of those that a person ran, the view does not say so: one call each.
            by_hand = [s.id for s in reading.snapshot.scenarios if any(map(started_by_a_person, known(s.runs, ())))]
            of_runs = dss.requests.of("GET", "/projects/<key>/scenarios/<scenario_id>/get-last-runs")
            assert len(of_runs) <= 2 + len(by_hand)
            assert len(dss.requests) - len(of_settings) - len(of_columns) - len(by_hand) <= 14
            assert len(reading.snapshot.read_from) == 2
            assert reading.snapshot.remarks == ()
            assert not [s.id for s in reading.snapshot.scenarios if s.active and isinstance(s.runs, Unknown)]


def test_a_guide_from_internal_stats_says_what_one_without_them_says() -> None:
    at = story.anchor("nightly-late")
    told = {}
    for name in ("nightly-late", "internal-stats"):
        with localdss.serve(story=name, at=at) as dss:
            dss.instance.clock.stop(at)
            told[name] = {c.id: (c.value, c.tone) for c in cells_of(Visit(dss).guide()) if ".status-" in c.id}
    assert told["internal-stats"] == told["nightly-late"]
    assert len(told["nightly-late"]) > 10
