"""The profile declared on a page: as the person, once, on record; two at once lose no word; nothing wrong is saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bs4 import BeautifulSoup

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.profile.files import read
from tests.readings import clients
from tests.web.test_actions import SAME_SITE, Browser, events, writes

# Who is no administrator of DSS sees its people from this version on.
PEOPLE = pytest.mark.dss("14.0")


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as served:
        served.instance.node["nodeType"] = "DESIGN"
        served.instance.groups["night_desk"] = {"name": "night_desk", "admin": False}  # nobody is in it
        yield served


@pytest.fixture(scope="module")
def folder(dss: Server) -> store.Store:
    return store.create(clients(dss), "RETAIL")


SECRET = b"shared by the processes of one backend"


@pytest.fixture(scope="module")
def dmitri(dss: Server, folder: store.Store) -> Browser:
    return Browser(dss, "dmitri", secret=SECRET)


@pytest.fixture(scope="module")
def olivia(dss: Server, folder: store.Store) -> Browser:
    return Browser(dss, "olivia", secret=SECRET)


def profile(dss: Server, layer: str = "standard") -> Any:
    return dss.instance.projects["RETAIL"].variables[layer].get("operations_guide")


def sheet(page: BeautifulSoup) -> dict[str, str]:
    """The open form as a browser would send it."""
    form = page.select_one("form.sheet[action$='actions/declare']")
    assert form is not None, page.get_text()
    sent: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            sent[name] = str(chosen["value"]) if chosen else ""
        elif field.name == "textarea":
            sent[name] = field.text
        elif field.get("type") == "checkbox":
            if field.has_attr("checked"):
                sent[name] = "on"
        else:
            sent[name] = str(field.get("value", ""))
    return sent


def post(browser: Browser, path: str, form: dict[str, str]) -> Any:
    return browser.flask.post(path, data=form, headers={**browser.headers, **SAME_SITE})


def text(answer: Any) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def test_the_page_offers_the_projects_objects_and_what_history_proposes(dmitri: Browser) -> None:
    page = dmitri.get("/edit")
    assert {"datasets", "scenarios", "maintenance", "known_errors"} <= {each["id"] for each in page.select("section")}
    assert page.select_one("a[href$='edit?at=scenarios.NIGHTLY_BUILD']") is not None
    page = dmitri.get("/edit?at=datasets.basket_pairs")
    due = page.select_one("#f-due").find_parent(class_="field")
    assert "p95 of" in due.get_text()
    assert due.select_one("button[name=take]")["value"].startswith("f.due=")
    assert "learning" in dmitri.get("/edit?at=datasets.legacy_export").select_one("#f-due").find_parent().get_text()


def test_what_the_guide_lacks_leads_to_the_form_that_takes_it(dmitri: Browser) -> None:
    links = {str(link["href"]) for link in dmitri.get("/guide?depth=whole").select("a[href^='edit?at=']")}
    assert len(links) > 50
    one_of_each = {link.partition("=")[2].partition(".")[0]: link for link in sorted(links)}
    assert {"datasets", "scenarios", "contacts", "reviewed", "backup"} <= set(one_of_each)
    for link in one_of_each.values():
        dmitri.get(f"/{link}")


def test_what_is_entered_is_saved_as_who_enters_it_once_and_kept_with_what_was_before(
    dss: Server, folder: store.Store, dmitri: Browser
) -> None:
    before, others = profile(dss), {**dss.instance.projects["RETAIL"].variables["standard"]}
    form = {
        **sheet(dmitri.get("/edit?at=datasets.sales_mart&layer=standard")),
        "f.due": "06:45",
        "f.note": "<b>new</b>",
    }
    answers = [post(dmitri, "/actions/declare", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], text(answers[0])
    after = profile(dss)
    assert after["datasets"]["sales_mart"] == {**before["datasets"]["sales_mart"], "due": "06:45", "note": "<b>new</b>"}
    assert {**after, "datasets": 0} == {**before, "datasets": 0}
    variables = dss.instance.projects["RETAIL"].variables["standard"]
    assert {**variables, "operations_guide": 0} == {**others, "operations_guide": 0}
    *_, event = events(folder, "profile")
    assert (event.by, event.about) == ("dmitri", "dataset:sales_mart")
    assert event.data["path"] == "standard.operations_guide.datasets.sales_mart"
    assert (event.data["before"]["due"], event.data["after"]["due"]) == ("06:30", "06:45")
    shown = dmitri.get("/" + answers[0].headers["Location"].split("/", 1)[1])
    assert "06:45" in shown.select_one("#changes").get_text()
    assert shown.select_one("b") is None
    assert shown.select_one("#f-due")["value"] == "06:45"


def test_all_problems_are_told_at_once_and_nothing_is_saved(dss: Server, dmitri: Browser) -> None:
    form = sheet(dmitri.get("/edit?at=datasets.sales_mart"))
    form |= {"f.due": "7 am", "f.min_rows": "many", "f.calendar": "frnace"}
    before = json.dumps(profile(dss))
    dss.requests.clear()
    answer = post(dmitri, "/actions/declare", form)
    page = BeautifulSoup(answer.text, "html.parser")
    assert (answer.status_code, writes(dss), json.dumps(profile(dss))) == (422, [], before)
    links = [link["href"] for link in page.select("#error-summary a")]
    assert links == ["#f-due", "#f-calendar", "#f-min_rows"]
    assert all(page.select_one(link) is not None for link in links)
    assert page.select_one("#f-due")["value"] == "7 am", "what was typed is not taken away"
    assert "did you mean 'france'" in page.select_one("#f-calendar-error").get_text()
    assert page.select_one("#f-due")["aria-invalid"] == "true"


def test_checking_changes_nothing_and_tells_what_a_rule_means(dss: Server, dmitri: Browser) -> None:
    form = {**sheet(dmitri.get("/edit?at=datasets.daily_store_kpis")), "f.due": "05:00", "do": "check"}
    dss.requests.clear()
    answer = post(dmitri, "/edit", form)
    assert (answer.status_code, writes(dss)) == (200, [])
    said = text(answer)
    assert "Due next" in said
    assert said.count("05:00") >= 5
    assert "due days on record: met" in said
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("at", "changes", "said"),
    [
        ("maintenance", {"f.maintenance.9.system": "DWH", "f.maintenance.9.days.sunday": "on",
                         "f.maintenance.9.from_time": "02:00", "f.maintenance.9.to_time": "04:00"}, "DWH: next"),
        ("calendars.stores", {"f.country": "FR"}, "Of these, beside weekends"),
        ("scenarios.NIGHTLY_BUILD", {"f.max_minutes": "1"}, "successful runs on record took longer"),
        ("tasks", {"f.tasks.weekly.9.day": "monday", "f.tasks.weekly.9.task": "Look"}, "Look Mon"),
        ("datasets.customers_crm", {"f.available_by": "00:30"}, "Should have arrived next"),
        ("datasets.daily_store_kpis", {"f.max_age_hours": "1"}, "Late beyond 1 h Of the builds on record: would have fired"),
        ("datasets.daily_store_kpis", {"f.min_rows": "999999999"}, "on record would have been an error"),
        pytest.param("oncall", {"f.oncall.rota.9.start": "2030-01-01T08:00", "f.oncall.rota.9.end": "2030-01-02T08:00",
                     "f.oncall.rota.9.contact.login": "tomas"}, "(the DSS user tomas is disabled)", marks=PEOPLE),
        pytest.param("contacts", {"f.contacts.infra.login": "tomas"}, "the DSS user tomas is disabled", marks=PEOPLE),
        pytest.param("contacts", {"f.contacts.business.group": "night_desk"}, "nobody is in the DSS group night_desk",
                     marks=PEOPLE),
    ],
)  # fmt: skip
def test_every_rule_tells_its_next_times_and_its_past(
    dmitri: Browser, at: str, changes: dict[str, str], said: str
) -> None:
    form = {**sheet(dmitri.get(f"/edit?at={at}")), **changes, "do": "check"}
    answer = post(dmitri, "/edit", form)
    assert answer.status_code == 200
    assert said in text(answer)


def test_without_script_a_suggestion_is_taken_by_the_same_form(dmitri: Browser) -> None:
    page = dmitri.get("/edit?at=datasets.basket_pairs")
    take = page.select_one("#f-due").find_parent(class_="field").select_one("button[name=take]")["value"]
    answer = post(dmitri, "/edit", {**sheet(page), "take": take})
    assert BeautifulSoup(answer.text, "html.parser").select_one("#f-due")["value"] == take.partition("=")[2]


def test_two_editors_of_one_part_lose_no_word(dss: Server, dmitri: Browser, olivia: Browser) -> None:
    address = "/edit?at=datasets.customer_360"
    hers, his = sheet(olivia.get(address)), sheet(dmitri.get(address))
    assert post(olivia, "/actions/declare", {**hers, "f.note": "hers", "f.consumers": "Finance"}).status_code == 303
    assert post(dmitri, "/actions/declare", {**his, "f.due": "08:30"}).status_code == 303
    kept = profile(dss)["datasets"]["customer_360"]
    assert (kept["note"], kept["consumers"], kept["due"]) == ("hers", ["Finance"], "08:30")


def test_the_same_field_changed_by_both_is_shown_with_both_values_before_it_is_saved(
    dss: Server, dmitri: Browser, olivia: Browser
) -> None:
    address = "/edit?at=datasets.daily_store_kpis"
    hers, his = sheet(olivia.get(address)), sheet(dmitri.get(address))
    assert post(olivia, "/actions/declare", {**hers, "f.due": "07:15", "f.note": "hers"}).status_code == 303
    answer = post(dmitri, "/actions/declare", {**his, "f.due": "07:30", "f.target": "0.9"})
    assert answer.status_code == 409
    assert profile(dss)["datasets"]["daily_store_kpis"]["due"] == "07:15"
    page = BeautifulSoup(answer.text, "html.parser")
    field = page.select_one("#f-due").find_parent(class_="field")
    assert (page.select_one("#f-due")["value"], "07:15" in field.select_one(".theirs").text) == ("07:30", True)
    take = field.select_one(".theirs button[name=take]")["value"]
    taken = post(dmitri, "/edit", {**sheet(page), "take": take})
    assert BeautifulSoup(taken.text, "html.parser").select_one("#f-due")["value"] == "07:15"
    again = {**sheet(page), **dmitri.permit()}
    assert (again["f.note"], again["f.target"]) == ("hers", "0.9")
    assert post(dmitri, "/actions/declare", again).status_code == 303
    kept = profile(dss)["datasets"]["daily_store_kpis"]
    assert (kept["due"], kept["note"], kept["target"]) == ("07:30", "hers", 0.9)


def test_two_who_save_at_the_same_moment_both_count(dss: Server, folder: store.Store) -> None:
    """Each in a process of its own, as far as they know: neither sees the other's before its own is saved."""
    pages = [Browser(dss, login, secret=SECRET) for login in ("dmitri", "olivia")]
    forms = [sheet(page.get("/edit?at=maintenance")) for page in pages]
    row = {"days.sunday": "on", "from_time": "01:00", "to_time": "02:00"}
    sent = [
        {**form, **{f"f.maintenance.99.{key}": value for key, value in {**row, "system": f"of {n}"}.items()}}
        for n, form in enumerate(forms)
    ]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: post(each[0], "/actions/declare", each[1]), zip(pages, sent)))
    assert [answer.status_code for answer in answers] == [303, 303], [text(a)[:300] for a in answers]
    assert {"of 0", "of 1"} <= {row["system"] for row in profile(dss)["maintenance"]}


def test_what_somebody_else_overwrites_at_the_same_moment_is_put_there_again(
    dss: Server, folder: store.Store, dmitri: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody without this page saves the variables as they read them before: their words and ours are there then."""
    from opsguide.dss import declarations

    form = {**sheet(dmitri.get("/edit?at=links")), "f.links.flow": "https://example.com/flow"}
    stale = json.loads(json.dumps(dss.instance.projects["RETAIL"].variables))
    stale["standard"]["operations_guide"]["production"] = "their words"
    real, times = declarations.write, []

    def and_then_they(*args: Any) -> Any:
        real(*args)
        if not times:
            dss.instance.projects["RETAIL"].variables = stale
        times.append(1)
        return declarations.read(args[0], args[1])

    monkeypatch.setattr(declarations, "write", and_then_they)
    assert post(dmitri, "/actions/declare", form).status_code == 303
    kept = profile(dss)
    assert (kept["links"]["flow"], kept["production"], len(times)) == ("https://example.com/flow", "their words", 2)


def test_a_profile_is_written_as_its_author_or_not_at_all(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    reader = Browser(dss, "priya", secret=SECRET)
    form = {**sheet(dmitri.get("/edit?at=datasets.sales_mart")), **reader.permit(), "f.note": "as a reader"}
    answer = post(reader, "/actions/declare", form)
    assert (answer.status_code, "Write project content" in text(answer)) == (403, True)
    assert profile(dss)["datasets"]["sales_mart"].get("note") != "as a reader"
    unsealed = post(dmitri, "/actions/declare", {**form, "token": "", "f.note": "unsealed"})
    assert unsealed.status_code == 403
    nobody = Browser(dss, "dmitri", run_as="olivia").get("/edit?at=datasets.sales_mart")
    assert nobody.select("form.sheet") == []
    assert "Impersonation in webapps" in nobody.select_one("#sheet").get_text()


def test_on_an_automation_node_only_this_nodes_layer_is_written(dss: Server, folder: store.Store) -> None:
    with localdss.serve(story="nightly-late") as node:
        store.create(clients(node), "RETAIL")
        page = Browser(node, "olivia")
        shown = page.get("/edit?at=datasets.sales_mart")
        assert "Activating a bundle replaces" in shown.get_text()
        form = {**sheet(shown), "f.note": "here"}
        assert form["layer"] == "local"
        refused = post(page, "/actions/declare", {**form, "layer": "standard"})
        assert (refused.status_code, "can be local" in text(refused)) == (400, True)
        assert post(page, "/actions/declare", form).status_code == 303
        variables = node.instance.projects["RETAIL"].variables
        assert variables["local"]["operations_guide"]["datasets"]["sales_mart"]["note"] == "here"
        assert "note" not in variables["standard"]["operations_guide"]["datasets"]["sales_mart"]


def test_a_layer_leaves_as_a_file_and_comes_back(dss: Server, dmitri: Browser) -> None:
    for kind in ("yaml", "json"):
        answer = dmitri.flask.get(f"/edit/standard.{kind}", headers=dmitri.headers)
        assert read(answer.text) == profile(dss)
        assert f"RETAIL-standard.{kind}" in answer.headers["Content-Disposition"]


def test_an_import_shows_what_it_would_change_before_it_is_saved(
    dss: Server, folder: store.Store, dmitri: Browser, olivia: Browser
) -> None:
    file = {
        **dmitri.permit(),
        "layer": "standard",
        "text": "access_request: ask <i>Ada</i>\nlogs:\n  job_retention: 30 days",
    }
    dss.requests.clear()
    answer = post(dmitri, "/edit/import", {**file, "exactly": "false"})
    page = BeautifulSoup(answer.text, "html.parser")
    assert (answer.status_code, writes(dss)) == (200, [])
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in page.select("#imported tbody tr")]
    assert [row[0] for row in rows] == ["access_request", "logs.job_retention"]
    assert rows[0][2] == "ask <i>Ada</i>"
    form = {field["name"]: field.get("value", "") for field in page.select("form[action$='import-profile'] input")}
    hers = {**sheet(olivia.get("/edit?at=general")), "f.access_request": "ask Olivia"}
    assert post(olivia, "/actions/declare", hers).status_code == 303
    clash = post(dmitri, "/actions/import-profile", form)
    assert (clash.status_code, "theirs “ask Olivia”" in text(clash)) == (409, True)
    page = BeautifulSoup(clash.text, "html.parser")
    again = {field["name"]: field.get("value", "") for field in page.select("form[action$='import-profile'] input")}
    saved = post(dmitri, "/actions/import-profile", again)
    assert saved.status_code == 303, text(saved)
    assert (profile(dss)["access_request"], profile(dss)["logs"]["job_retention"]) == ("ask <i>Ada</i>", "30 days")
    assert profile(dss)["datasets"]["sales_mart"]


@pytest.mark.parametrize("words", ["a: &a [1]\nb: *a", "datasets: [", "nothing"])
def test_a_file_that_is_no_profile_is_refused(dmitri: Browser, words: str) -> None:
    answer = post(dmitri, "/edit/import", {**dmitri.permit(), "layer": "standard", "text": words})
    assert (answer.status_code, "The file cannot be taken" in text(answer)) == (200, True)


def test_a_file_of_the_greatest_length_is_read_and_a_longer_one_refused_with_its_limit(dmitri: Browser) -> None:
    """Some versions of Werkzeug have a limit of their own, which is less, and say then that nothing is at this address."""
    file = {**dmitri.permit(), "layer": "standard", "text": "# " + 510_000 * "x" + "\nlogs: {}"}
    assert post(dmitri, "/edit/import", file).status_code == 200
    longer = post(dmitri, "/edit/import", {**file, "text": 530_000 * "x"})
    assert (longer.status_code, "512 kB at most" in longer.text) == (413, True)


def test_a_review_is_noted_and_what_changed_since_is_told(dss: Server, folder: store.Store) -> None:
    page = Browser(dss, "dmitri", secret=SECRET)
    assert page.send("review", {**page.permit(), "back": "edit"}).status_code == 303
    assert profile(dss)["reviewed"]["by"] == "dmitri"
    project = dss.instance.projects["RETAIL"]
    project.scenarios["NEW_ONE"] = {"type": "step_based", "name": "New one", "active": False, "params": {"steps": []}}
    told = Browser(dss, "dmitri", secret=SECRET).get("/edit").select_one("#review").get_text()
    assert "by dmitri, 0 days ago" in told
    assert "Scenario New one: new" in " ".join(told.split())
    dss.requests.clear()
    again = page.send("review", {**page.permit(), "back": "edit"})
    assert (again.status_code, [each for each in writes(dss) if "variables" in each]) == (303, [])
    told = Browser(dss, "dmitri", secret=SECRET).get("/edit").select_one("#review").get_text()
    assert "New one" not in told, "who reviews again on the same day has seen it"


def test_a_task_is_done_by_a_form_and_shown_in_the_guide(dss: Server, folder: store.Store) -> None:
    page = Browser(dss, "olivia", secret=SECRET)
    shown = page.get("/edit").select_one("#tasks-due")
    form = next(f for f in shown.select("form") if "Verify documentation accuracy" in f.get_text())
    task = form.select_one("input[name=task]")["value"]
    assert (
        page.send("task-done", {**page.permit(), "task": task, "back": "edit", "remark": "all read"}).status_code == 303
    )
    other = Browser(dss, "dmitri", secret=SECRET)
    assert "by olivia" in other.get("/edit").select_one("#tasks-due").get_text()
    guide = " ".join(other.get("/guide/daily-operations").get_text().split())
    assert "by olivia" in guide
    gone = page.send("task-done", {**page.permit(), "task": "weekly-0123456789", "back": "edit"})
    assert (gone.status_code, "not declared any more" in gone.text) == (409, True)


@pytest.mark.dss("14.3")
def test_contacts_are_held_against_the_people_of_dss(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    form = {**sheet(dmitri.get("/edit?at=contacts")), "f.contacts.infra.login": "nobody-here"}
    assert post(dmitri, "/actions/declare", form).status_code == 303
    told = " ".join(
        Browser(dss, "dmitri", secret=SECRET).get("/edit").select_one("#contacts-checked").get_text().split()
    )
    assert "DSS knows no user nobody-here" in told
    assert "Data engineering: Olivia Marchand (olivia): DSS knows them" in told


@pytest.mark.parametrize("at", ["nonsense", "datasets", "x" * 500])
def test_a_part_that_is_none_is_told(dmitri: Browser, at: str) -> None:
    assert dmitri.flask.get(f"/edit?at={at}", headers=dmitri.headers).status_code == 400


@pytest.mark.parametrize("change", [{"base": "x"}, {"base": "[]"}, {"f.__class__": "x"}, {"part": "nonsense"}])
def test_a_form_that_the_page_never_made_is_refused(dss: Server, dmitri: Browser, change: dict[str, str]) -> None:
    form = {**sheet(dmitri.get("/edit?at=links")), **change}
    dss.requests.clear()
    assert post(dmitri, "/actions/declare", form).status_code == 400
    assert writes(dss) == []


def test_the_same_for_programs(dss: Server, dmitri: Browser) -> None:
    found = dmitri.flask.get("/edit.json", headers=dmitri.headers).get_json()
    assert (found["schema_version"], found["project_key"], found["writable"]) == (1, "RETAIL", ["standard", "local"])
    assert found["layers"]["standard"] == profile(dss)
