"""A DSS that refuses, lacks, hangs or garbles: the page still renders whole, says what it could not read, and nothing
that was not read looks good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.core.compose import compose
from opsguide.dss import gateway, session
from opsguide.model.guide import Guide, Origin, cells_of
from opsguide.settings import Settings
from tests.readings import clients
from tests.whole import Visit, assert_whole, cell, good, unknowns

P = "/projects/<key>"
CONTENT, PROJECT_ADMIN = "Read project content on RETAIL", "Admin on the project"
REFUSED = "Action forbidden"
# Far longer than a page takes on a slow machine: one that comes before it has not waited for what hangs.
HANGS = 120.0

# Every route that a whole reading asks, and the right that DSS wants for it ('' where nothing says which).
ROUTES: dict[str, str] = {
    P: CONTENT,
    f"{P}/variables/": CONTENT,
    f"{P}/scenarios/": CONTENT,
    f"{P}/scenarios/<scenario_id>": CONTENT,
    f"{P}/scenarios/<scenario_id>/get-last-runs": CONTENT,
    f"{P}/flow/graph/": CONTENT,
    f"{P}/flow/zones": CONTENT,
    f"{P}/datasets/": CONTENT,
    f"{P}/datasets/<name>/info": CONTENT,
    f"{P}/datasets/<name>/metrics/last/<partition>": CONTENT,
    f"{P}/datasets/<name>/metrics/history/<partition>": CONTENT,
    f"{P}/datasets/<name>/data-quality/last-rules-result": CONTENT,
    f"{P}/data-quality/status": CONTENT,
    f"{P}/managedfolders/": CONTENT,
    f"{P}/managedfolders/<folder_id>/contents": CONTENT,
    f"{P}/managedfolders/<folder_id>/metrics/last": CONTENT,
    f"{P}/jobs/": CONTENT,
    f"{P}/wiki/": CONTENT,
    f"{P}/wiki/<name>": CONTENT,
    f"{P}/webapps/": CONTENT,
    f"{P}/git/actions/log": CONTENT,
    f"{P}/permissions": PROJECT_ADMIN,
    f"{P}/settings": PROJECT_ADMIN,
    f"{P}/bundles/imported": PROJECT_ADMIN,
    "/admin/users/": "instance administrator",
    "/admin/groups/": "instance administrator",
    "/admin/logs/": "instance administrator",
    "/directories-footprint/projects/<project_key>": "instance administrator",
    "/futures/<future_id>": "instance administrator",
    "/auth/info": "",
    "/instance-info": "",
    "/messaging-channels/": "",
}
# Those whose answers are judged; OF_OUTPUTS are those of them that tell of outputs.
JUDGED = (
    "/instance-info",
    *(
        f"{P}{route}"
        for route in (
            "/variables/", "/scenarios/", "/scenarios/<scenario_id>", "/scenarios/<scenario_id>/get-last-runs",
            "/flow/graph/", "/datasets/", "/datasets/<name>/info", "/datasets/<name>/metrics/last/<partition>",
            "/datasets/<name>/metrics/history/<partition>", "/datasets/<name>/data-quality/last-rules-result",
            "/data-quality/status", "/managedfolders/<folder_id>/contents", "/jobs/", "/settings",
        )
    ),
)  # fmt: skip
TITLE = f"{P}/wiki/<name>"
# Asked only for who is known to be an administrator; test_footprint.py has its failures.
FOOTPRINT = ("/directories-footprint/projects/<project_key>", "/futures/<future_id>")
OF_OUTPUTS = (f"{P}/flow/graph/", f"{P}/jobs/", f"{P}/datasets/<name>/info", f"{P}/settings")
# Parts that make other cells better but have none of their own: what is missing there stands in evidence, or above.
BESIDE = frozenset({f"{P}/flow/zones", f"{P}/managedfolders/<folder_id>/metrics/last"}) | {
    "/admin/users/",
    "/admin/logs/",
    "/auth/info",
}


# Nights on which much went wrong: whoever overlooks something sees it good. In the second, outputs are all well.
LATE, WARNED = "nightly-late", "overnight-warning"


@pytest.fixture(scope="module")
def nights() -> Iterator[dict[str, Server]]:
    with localdss.serve(story=LATE) as late, localdss.serve(story=WARNED) as warned:
        yield {LATE: late, WARNED: warned}


@pytest.fixture
def dss(request: pytest.FixtureRequest, nights: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The late night, or the one that a test names."""
    monkeypatch.setattr(session, "PAUSES_SECONDS", (0.0, 0.0))
    served = nights[getattr(request, "param", LATE)]
    yield served
    served.faults.clear()


def guide_of(dss: Server, login: str = "admin", **options: Any) -> Guide:
    reading = service.read(clients(dss, login, **options), "RETAIL", Settings(), need=gateway.WHOLE)
    return compose(reading.snapshot, reading.declared, reading.report)


@lru_cache(maxsize=4)
def undisturbed(dss: Server) -> tuple[Guide, dict[str, frozenset[str]]]:
    """The guide with all of it read, and which paths were asked of each route."""
    dss.requests.clear()
    guide = guide_of(dss)
    paths: dict[str, set[str]] = {}
    for each in dss.requests:
        paths.setdefault(each.route, set()).add(each.path)
    return guide, {route: frozenset(asked) for route, asked in paths.items()}


def told(guide: Guide) -> str:
    """All banners, reasons, needs and evidence in one text."""
    banners = [str(part) for banner in guide.banners for part in banner.parts]
    return "\n".join([*banners, *(f"{each.reason} {each.needs} {each.evidence}" for each in cells_of(guide))])


def assert_nothing_better(guide: Guide, dss: Server) -> None:
    before = {each.id: each for each in cells_of(undisturbed(dss)[0])}
    better = good(guide) - good(undisturbed(dss)[0])
    assert [(i, before[i].value, cell(guide, i).value) for i in better if i in before] == []


@pytest.mark.dss("14.3")
def test_the_routes_are_all_there_are(dss: Server) -> None:
    assert set(undisturbed(dss)[1]) == set(ROUTES)
    assert unknowns(undisturbed(dss)[0], "could not be read") == []


def refuse(dss: Server, route: str, message: str = REFUSED) -> None:
    for path in undisturbed(dss)[1][route]:
        dss.faults.status("GET", path, 403, message)
    if route in ("/admin/users/", "/admin/groups/"):  # which have lighter lists for everybody beside them
        dss.faults.status("GET", route.replace("/admin", ""), 403, message)


@pytest.mark.parametrize(
    ("dss", "route"), [(LATE, route) for route in JUDGED] + [(WARNED, route) for route in OF_OUTPUTS], indirect=["dss"]
)
@pytest.mark.dss("12.6")
def test_a_refusal_is_told_with_its_right_and_hides_no_failure(dss: Server, route: str) -> None:
    refuse(dss, route)
    guide = guide_of(dss)
    assert_whole(guide)
    # What another project shares takes its right as well.
    elsewhere = CONTENT.replace("RETAIL", "SUPPLY")
    assert {each.needs for each in unknowns(guide, REFUSED)} - {elsewhere} == {ROUTES[route]}
    assert_nothing_better(guide, dss)


def test_refusals_of_what_judges_nothing_are_each_told_with_their_right(dss: Server) -> None:
    others = {
        route: f"{REFUSED} no. {number};"
        for number, route in enumerate(ROUTES)
        if route not in (*JUDGED, TITLE, *FOOTPRINT)
    }
    for route, message in others.items():
        refuse(dss, route, message)
    guide = guide_of(dss)
    assert_whole(guide)
    text = told(guide)
    assert [route for route, message in others.items() if message not in text] == []
    shown = {route: unknowns(guide, message) for route, message in others.items()}
    assert {route for route, cells in shown.items() if not cells} == BESIDE
    assert {(route, each.needs) for route, cells in shown.items() for each in cells} == {
        (route, ROUTES[route]) for route in others if route not in BESIDE
    }
    assert text.count("(needs: instance administrator)") == 2
    assert_nothing_better(guide, dss)


def test_a_title_that_was_refused_is_no_missing_article(dss: Server) -> None:
    refuse(dss, TITLE)
    guide = guide_of(dss)
    assert REFUSED in told(guide)
    assert "5 could not" in cell(guide, "documentation-quick-links.onboarding.see").reason


KINDS = {
    "refused": lambda faults: faults.status("GET", "/*", 403, REFUSED),
    "broken": lambda faults: faults.status("GET", "/*", 500, "Out of order"),
    "lacking": lambda faults: faults.html("GET", "/*", 404),
    "behind a proxy that fails": lambda faults: faults.html("GET", "/*", 502),
    "silent": lambda faults: faults.empty("GET", "/*"),
    "cut off": lambda faults: faults.cut_off("GET", "/*"),
    "of another type": lambda faults: faults.change("GET", "/*", lambda _: "text"),
    "null": lambda faults: faults.change("GET", "/*", lambda _: None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_when_everything_fails_the_page_is_whole_and_nothing_is_good(dss: Server, kind: str) -> None:
    visit = Visit(dss)
    KINDS[kind](dss.faults)
    guide = visit.guide()
    assert good(guide) == set()
    assert {each.origin for each in cells_of(guide) if ".status-" in each.id} <= {Origin.UNKNOWN}
    shown = visit.show()
    assert "could not be read" in shown.html
    assert "could not be read" in shown.markdown
    assert shown.data["completeness"]["counts"]["unknown"] > 50


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        (f"{P}/jobs/", "of another type"),
        (f"{P}/scenarios/<scenario_id>/get-last-runs", "lacking"),
        (f"{P}/scenarios/<scenario_id>", "null"),
        (f"{P}/flow/graph/", "null"),
    ],
)
def test_each_garbled_list_hides_no_failure(dss: Server, route: str, kind: str) -> None:
    for path in undisturbed(dss)[1][route]:
        if kind == "lacking":
            dss.faults.html("GET", path, 404)
        else:
            dss.faults.change("GET", path, lambda _: "text" if kind == "of another type" else None)
    guide = guide_of(dss)
    assert_whole(guide)
    assert unknowns(guide, "could not be read")
    assert_nothing_better(guide, dss)


@pytest.mark.dss("12.6")
def test_a_hung_call_leaves_the_rest_of_the_page(dss: Server) -> None:
    visit = Visit(dss, timeout_seconds=0.6, workers=8)
    dss.faults.hang("GET", "/projects/RETAIL/jobs/", HANGS)
    dss.faults.hang("GET", "/projects/RETAIL/data-quality/status", HANGS)
    began = time.monotonic()
    first = visit.guide("first")
    assert unknowns(first, "no answer within 0.6 s")
    guide = visit.guide()
    assert time.monotonic() - began < HANGS
    hung = unknowns(guide, "no answer within 0.6 s")
    assert {each.id for each in hung} >= {"quick-reference-card.morning.alerts", "capacity-planning.compute.current"}
    assert [each for each in hung if each.needs] == []
    assert cell(guide, "daily-operations.green").value
    assert_nothing_better(guide, dss)
    visit.show()


def test_a_dss_that_hangs_at_everything_ends_at_the_deadline(dss: Server) -> None:
    visit = Visit(dss, timeout_seconds=HANGS, deadline_seconds=0.5)
    dss.faults.hang("GET", "/*", HANGS)
    began = time.monotonic()
    guide = visit.guide()
    assert time.monotonic() - began < HANGS
    assert_whole(guide)
    assert good(guide) == set()
    assert unknowns(guide, "no answer within 0.5 s")


# --- old versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "login"), [("12.0.0", "raj"), ("11.4", "admin")])
def test_an_old_dss_gives_a_whole_page_that_names_the_version_it_lacks(version: str, login: str) -> None:
    with localdss.serve(story="nightly-late", version=version) as old:
        visit = Visit(old, login=login)
        guide = visit.guide()
        visit.show()
        assert old.requests.writes() == []
    needs = {each.needs for each in unknowns(guide) if "or newer" in each.needs}
    of_administrators = {"DSS 14.3 or newer"} if login == "admin" else set()
    assert needs == {"DSS 12.5 or newer", "DSS 12.6 or newer"} | of_administrators
    assert "late" in cell(guide, "quick-reference-card.now.outputs").value


# --- answers that are odd but true -----------------------------------------------------------------------------------


def _without_ids(answer: Any) -> Any:
    """Settings whose triggers, or runs whose triggers, have neither id nor name."""
    triggers = answer["triggers"] if isinstance(answer, dict) else [run["trigger"]["trigger"] for run in answer]
    for trigger in triggers:
        trigger.pop("id", None)
        trigger.pop("name", None)
    return answer


def test_triggers_without_an_id_still_have_their_schedule(dss: Server) -> None:
    before = undisturbed(dss)[0]
    dss.faults.change("GET", "/projects/RETAIL/scenarios/[!/]*", _without_ids)
    guide = guide_of(dss)
    assert_whole(guide)
    assert_nothing_better(guide, dss)
    schedules = [each.id for each in cells_of(before) if each.id.endswith(".schedule")]
    assert schedules
    assert [i for i in schedules if cell(guide, i).value != cell(before, i).value] == []
    overall = "quick-reference-card.now.scenarios"
    assert cell(guide, overall).verdict == cell(before, overall).verdict


@pytest.mark.parametrize("lost", ["result", "end", "start"])
def test_a_run_without_its_result_is_not_taken_for_a_success(dss: Server, lost: str) -> None:
    def without(answer: Any) -> Any:
        for run in answer[:1]:
            run.pop(lost, None)
            for step in (run.get("scenarioRun") or {}).get("stepRuns") or []:
                step.pop("result", None)
        return answer

    dss.faults.change("GET", "/projects/RETAIL/scenarios/*/get-last-runs", without)
    guide = guide_of(dss)
    assert_whole(guide)
    assert_nothing_better(guide, dss)


def test_a_run_that_goes_on_is_said_to(dss: Server) -> None:
    def going(answer: Any) -> Any:
        for run in answer[:1]:
            run.pop("result", None)
            run.pop("end", None)
        return answer

    dss.faults.change("GET", "/projects/RETAIL/scenarios/NIGHTLY_BUILD/get-last-runs", going)
    guide = guide_of(dss)
    assert_whole(guide)
    assert "running" in cell(guide, "daily-operations.status-NIGHTLY_BUILD.last").value
    assert "succeeded" not in cell(guide, "daily-operations.status-NIGHTLY_BUILD.last").value
    assert_nothing_better(guide, dss)
