"""The instance check through the real client: who sees what, and how one broken project, a lack of time or of rights shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import dataikuapi
import pytest
from bs4 import BeautifulSoup
from dataikuapi.utils import DataikuException

import localdss
from localdss import many
from localdss.clock import to_ms
from localdss.server import Server
from opsguide.dss import store
from opsguide.errors import InvalidParameter
from opsguide.model.guide import Tone
from opsguide.model.portfolio import Finding, Portfolio
from opsguide.service import ProblemsFound, instance_check, read
from opsguide.service.portfolio import OUT_OF_TIME
from opsguide.service.reading import TODAY, today_of
from opsguide.settings import Settings
from tests.readings import clients

TYPE = "pyrunnable_operations-guide_instance-check"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
NUMBER = 33
VIEWS = {
    "instance_stats_scenario_runs": "STATS.scenario_runs",
    "instance_stats_flow_actions": "STATS.flow_actions",
    "instance_stats_jobs": "STATS.jobs",
}


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as server:
        yield server


@pytest.fixture(scope="module")
def large() -> Iterator[Server]:
    """Many small projects; the clock stands still, so that two checks are of one moment."""
    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    with localdss.serve(story=None, at=now, sample=False, plugins=()) as server:
        many.fill(server.instance, NUMBER)
        yield server


@pytest.fixture(scope="module")
def direct(large: Server) -> Portfolio:
    """What a check without internal stats finds."""
    return check(large)


@pytest.fixture(autouse=True)
def _well(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in ("dss", "large"):
        if name in request.fixturenames:
            request.getfixturevalue(name).faults.clear()


def check(server: Server, login: str = "admin", config: Any = None, **settings: Any) -> Portfolio:
    return instance_check(clients(server, login), config or {}, Settings.read(settings))


def finding(found: Portfolio, id: str) -> Finding:
    return next(each for each in found.findings if each.id == id)


def verdicts(found: Portfolio) -> dict[str, str]:
    return {each.key: each.verdict for each in found.projects}


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_everybody_is_shown_what_they_may_see(dss: Server) -> None:
    assert set(verdicts(check(dss))) == {"RETAIL", "SUPPLY"}
    assert set(verdicts(check(dss, "raj"))) == {"RETAIL"}


@pytest.mark.dss("14.3")
def test_without_the_right_it_reports_what_it_may_and_says_what_it_could_not(dss: Server) -> None:
    found = check(dss, "raj", {"measure_logs": True})
    states = {each.id: (each.state, each.needs) for each in found.findings}
    for id in ("notebooks", "log-debt", "clears-job-logs"):
        assert states[id] == ("unknown", "instance administrator")
    assert states["told"][0] == "wrong"
    assert not found.notes


def test_an_older_dss_tells_nothing_of_people_to_who_is_no_administrator() -> None:
    with localdss.serve(story="healthy", at=AT, version="13.5.0") as old:
        found = check(old, "raj")
    assert finding(found, "owners").state == finding(found, "run-as").state == "unknown"
    assert finding(found, "owners").needs == "instance administrator"


@pytest.mark.dss("14.3")
def test_an_administrator_is_told_how_much_the_logs_take() -> None:
    with localdss.serve(story=None, at=AT) as quiet:
        found = check(quiet, config={"measure_logs": True})
        assert finding(found, "log-debt").state == "fine"
        quiet.faults.change("GET", "/directories-footprint/all-dss", lambda _: {"hasResult": False, "alive": False})
        died = finding(check(quiet, config={"measure_logs": True}), "log-debt")
    assert (died.state, "ended without a result" in died.said) == ("unknown", True)


def test_an_administrator_is_told_all_of_it(dss: Server) -> None:
    found = check(dss)
    assert finding(found, "owners").state == "fine"
    assert finding(found, "log-debt").needs == "the option “Measure logs” of the instance check"
    assert "SUPPLY: no active scenario clears them" in finding(found, "clears-job-logs").evidence


def test_a_project_stands_as_on_its_own_page(dss: Server) -> None:
    found = {each.key: each for each in check(dss).projects}
    assert {"RETAIL", "SUPPLY"} <= set(found)
    for key, standing in found.items():
        page = today_of(read(clients(dss), key, Settings(), need=TODAY))
        assert standing.scenarios == page.counts.scenarios
        promised = {output.verdict for output in page.outputs if output.verdict != "NOT_DECLARED"}
        assert {verdict for verdict, _ in standing.outputs} == promised


def test_a_dead_owner_and_a_dead_run_as_user_are_found(dss: Server) -> None:
    settings, users = dss.instance.projects["SUPPLY"].settings, dss.instance.users
    owner, login = settings["owner"], "left.long.ago"
    settings["owner"] = login
    scenario = next(iter(dss.instance.projects["SUPPLY"].scenarios.values()))
    before = scenario.get("runAsUser")
    scenario["runAsUser"] = "gone.too"
    users[login] = {**users[owner], "login": login, "enabled": False}
    try:
        found = check(dss)
    finally:
        settings["owner"], scenario["runAsUser"] = owner, before
        del users[login]
    assert finding(found, "owners").evidence == (f"SUPPLY ({login} is disabled)",)
    assert any("(gone.too is gone)" in line for line in finding(found, "run-as").evidence)


def test_what_is_muted_does_not_alarm_and_says_so(large: Server) -> None:
    now = large.instance.clock.now()
    until = (now + timedelta(hours=4)).isoformat()
    large.instance.connections[store.CONNECTION] = {
        "type": "Filesystem",
        "allowManagedFolders": True,
        "usableBy": "ALL",
    }
    folder = store.create(clients(large), "P0007")
    folder.append(store.event(now, "mute", "olivia", "scenario:NIGHT_0", "known fault", until=until))
    try:
        found = {each.key: each for each in check(large, config={"projects": ["P0007", "P0032"]}).projects}
    finally:
        large.instance.projects["P0007"].folders.clear()
    assert found["P0007"].verdict not in ("ERROR", "WARNING")
    assert found["P0007"].tone is not Tone.GOOD
    assert found["P0007"].headline == "1 muted, nothing else is wrong"
    assert any("known fault" in remark for remark in found["P0007"].remarks)
    assert dict(found["P0007"].scenarios)["FAILED"] == 1
    assert found["P0032"].verdict == "ERROR"


# --- one project never hides another ---------------------------------------------------------------------------------


BROKEN = [
    ("refused", lambda dss: dss.faults.status("GET", "/projects/SUPPLY/*", 403)),
    ("broken", lambda dss: dss.faults.status("GET", "/projects/SUPPLY/*", 500)),
    ("cut off", lambda dss: dss.faults.cut_off("GET", "/projects/SUPPLY/scenarios/")),
    ("nonsense", lambda dss: dss.faults.change("GET", "/projects/SUPPLY/scenarios/", lambda listed: {"not": "a list"})),
    ("no runs", lambda dss: dss.faults.status("GET", "/projects/SUPPLY/scenarios/*/get-last-runs", 500)),
]


@pytest.mark.parametrize(("case", "spoil"), BROKEN, ids=[case for case, _ in BROKEN])
def test_a_broken_project_is_unknown_and_the_others_are_judged_as_ever(dss: Server, case: str, spoil: Any) -> None:
    whole = {each.key: each for each in check(dss).projects}
    spoil(dss)
    found = {each.key: each for each in check(dss).projects}
    assert found["SUPPLY"].verdict == "UNKNOWN"
    assert found["SUPPLY"].headline
    assert found["RETAIL"].scenarios == whole["RETAIL"].scenarios
    assert found["RETAIL"].outputs == whole["RETAIL"].outputs


def test_without_the_list_of_projects_nothing_is_claimed(dss: Server) -> None:
    dss.faults.status("GET", "/projects/", 500)
    found = check(dss)
    assert (found.total, found.headline, found.tone) == (0, "No project could be read", Tone.UNKNOWN)
    assert found.findings == ()
    assert "the list of projects could not be read" in found.notes[0]
    with pytest.raises(ProblemsFound, match="could not see enough"):
        check(dss, config={"fail_at": "error"})


def test_when_the_time_is_up_the_rest_is_named(large: Server) -> None:
    large.faults.latency = 0.05
    found = check(large, config={"minutes": 0.01})
    assert found.projects
    assert found.not_read
    assert len(found.projects) + len(found.not_read) == found.total == NUMBER + 1
    assert {each.reason for each in found.not_read} == {OUT_OF_TIME}
    assert "not read" in found.headline
    assert finding(found, "told").state != "fine"


# --- calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.dss("12.6")
def test_it_asks_two_lists_and_two_calls_for_each_active_scenario(large: Server) -> None:
    large.requests.clear()
    found = check(large)
    around = 6  # the projects, and what is told once for all
    notes = 2 * sum(verdict in ("ERROR", "WARNING", "UNKNOWN") for verdict in verdicts(found).values())
    assert len(large.requests) == found.calls
    assert found.calls <= around + 2 * (NUMBER + 1) + 2 * many.SCENARIOS * NUMBER + notes
    assert not large.requests.writes()
    assert not large.requests.unknown()


def test_never_more_calls_at_once_than_the_settings_allow(large: Server) -> None:
    large.requests.clear()
    large.faults.latency = 0.05
    instance_check(clients(large, workers=3), {}, Settings())
    # No answer comes sooner: for that long each of them is surely under way.
    spans = [(each.started, each.started + timedelta(seconds=0.05)) for each in large.requests]
    most = max(sum(start <= at < end for start, end in spans) for at, _ in spans)
    assert 2 <= most <= 3


# --- internal stats --------------------------------------------------------------------------------------------------


def test_internal_stats_tell_the_same_of_all_that_is_not_as_usual(large: Server, direct: Portfolio) -> None:
    large.requests.clear()
    bulk = check(large, **VIEWS)
    assert bulk.notes == ()
    assert len(large.requests) == bulk.calls < direct.calls / 5
    told = verdicts(direct)
    for key, verdict in verdicts(bulk).items():
        assert verdict == told[key] or (verdict == "AS_USUAL" and told[key] == "OK")
    assert sum(verdict == "ERROR" for verdict in told.values()) == 3


def test_what_was_not_read_is_no_answer_of_the_instance(large: Server) -> None:
    found = check(large, **VIEWS)
    assert finding(found, "told").state != "fine"
    assert "Read every project" in finding(found, "clears-job-logs").needs
    assert all("were not read" in each.headline for each in found.projects if each.verdict == "AS_USUAL")


def test_every_project_is_read_where_that_is_asked_for(large: Server, direct: Portfolio) -> None:
    assert verdicts(check(large, config={"read_everything": True}, **VIEWS)) == verdicts(direct)


def test_an_object_whose_newest_build_failed_is_a_warning(large: Server) -> None:
    start = to_ms(large.instance.clock.now() - timedelta(hours=3))
    build = {"kind": "DATASET", "id": "sales", "start": start, "end": start + 1000, "outcome": "FAILED", "jobId": "j"}
    large.instance.projects["P0001"].build_history.append(build)
    try:
        found = {each.key: each for each in check(large, **VIEWS).projects}
    finally:
        large.instance.projects["P0001"].build_history.clear()
    assert found["P0001"].verdict == "WARNING"
    assert found["P0001"].problems == ("sales: its newest build failed",)


DOUBTS = [
    (
        "refused",
        "could not be read",
        lambda dss: dss.faults.status("GET", "/projects/STATS/datasets/scenario_runs/data", 403),
    ),
    (
        "cut off",
        "could not be read",
        lambda dss: dss.faults.cut_off("GET", "/projects/STATS/datasets/scenario_runs/data"),
    ),
    (
        "lags behind",
        "was not believed",
        lambda dss: dss.faults.change(
            "GET", "/projects/*/scenarios/*/get-last-runs", lambda runs: [{**runs[0], "runId": "newer"}, *runs]
        ),
    ),
]


@pytest.mark.parametrize(("case", "said", "spoil"), DOUBTS, ids=[case for case, *_ in DOUBTS])
def test_a_view_that_is_doubted_is_said_and_everything_is_read(
    large: Server, direct: Portfolio, case: str, said: str, spoil: Any
) -> None:
    spoil(large)
    found = check(large, **VIEWS)
    assert found.notes
    assert "STATS.scenario_runs" in found.notes[0]
    assert said in found.notes[0]
    assert "AS_USUAL" not in verdicts(found).values()
    if case != "lags behind":
        assert verdicts(found) == verdicts(direct)


def test_a_name_that_is_none_is_said(large: Server) -> None:
    found = check(large, instance_stats_scenario_runs="nonsense")
    assert "“nonsense” is not of the form PROJECT.dataset" in found.notes[0]
    assert set(verdicts(found).values()) <= {"OK", "ERROR", "IDLE"}


# --- options ---------------------------------------------------------------------------------------------------------


def test_projects_and_tags_choose_what_is_read(large: Server) -> None:
    large.instance.projects["P0007"].settings["tags"] = ["prod"]
    try:
        assert set(verdicts(check(large, config={"projects": ["P0001"], "tags": ["prod"]}))) == {"P0001", "P0007"}
    finally:
        large.instance.projects["P0007"].settings["tags"] = []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"minutes": "soon"}, "“minutes” is 'soon'; it can be from 1 to 600"),
        ({"minutes": -1}, "“minutes” is -1"),
        ({"minutes": float("nan")}, "“minutes” is nan"),
        ({"fail_at": "panic"}, "“fail_at” is 'panic'; it can be never, error, warning, unknown"),
        ({"projects": "P0001"}, "“projects” is a list of names"),
        ({"projects": ["P0001", "NOPE"]}, "“projects” names NOPE, which you do not see in this DSS"),
    ],
)
def test_a_parameter_out_of_range_is_refused(large: Server, config: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        check(large, config=config)
    assert said in str(refused.value)


def test_it_fails_at_the_severity_that_was_asked_for(large: Server) -> None:
    failing, well = ["P0007"], ["P0001"]
    with pytest.raises(ProblemsFound, match="P0007: Night 0: failed"):
        check(large, config={"fail_at": "error", "projects": failing})
    check(large, config={"fail_at": "unknown", "projects": well})
    check(large, config={"fail_at": "never", "projects": failing})


def test_progress_is_told_project_by_project(large: Server) -> None:
    told: list[int] = []
    instance_check(clients(large), {}, Settings(), told.append)
    assert told == sorted(told)
    assert told[-1] == 100
    assert len(set(told)) > NUMBER / 2


# --- as a macro ------------------------------------------------------------------------------------------------------


def run(dss: Server, login: str = "admin", params: Any = None, project: str = "RETAIL") -> BeautifulSoup:
    macro = dataikuapi.DSSClient(dss.url, login).get_project(project).get_macro(TYPE)
    return BeautifulSoup(macro.get_result(macro.run(params=params), as_type=None).read().decode(), "html.parser")


def test_the_macro_shows_it_worst_first_from_whichever_project_it_is_run(dss: Server) -> None:
    page = run(dss, project="SUPPLY")
    assert "of 2 projects" in page.h2.text
    assert [title.text for title in page.select("h3")] == ["Projects", "The Instance"]
    rows = page.select("table")[0].tbody.select("tr")
    assert [row.th.select_one(".value").text for row in rows] == ["Retail Nightly (RETAIL)", "Supply (SUPPLY)"]
    assert not page.select("script")


def test_the_macro_only_reads(dss: Server) -> None:
    dss.requests.clear()
    run(dss)
    assert [each.path for each in dss.requests.writes() if "/runnables/" not in each.path] == []


def test_the_macro_fails_as_a_step_should(dss: Server) -> None:
    with pytest.raises(DataikuException, match="ProblemsFound"):
        run(dss, params={"fail_at": "error"})


def test_a_reader_of_one_project_runs_it_too(dss: Server) -> None:
    page = run(dss, "raj")
    assert "What would tell: instance administrator" in page.text
    assert "SUPPLY" not in page.text
