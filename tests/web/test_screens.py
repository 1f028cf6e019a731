"""The screens of the local DSS: what each visitor sees, and that its buttons do what the public API does."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import requests
from bs4 import BeautifulSoup

import localdss
from localdss import host
from localdss.instance import Project
from localdss.screens import forms
from localdss.screens.formats import Formats, count, length, number
from localdss.server import Server
from tests.waiting import until

HOSTILE = """<script>alert("x")<script> 'é' %2F?# 🚚"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin with one macro of each result type, and a form of every kind of field."""
    folder = tmp_path_factory.mktemp("screens")
    meta = {"label": "L", "description": "D"}
    params = [
        {"name": "text", "type": "STRING", "label": "Text", "defaultValue": "a"},
        {"name": "whole", "type": "INT", "label": "Whole", "minI": 1, "maxI": 9},
        {"name": "tick", "type": "BOOLEAN", "label": "Tick", "defaultValue": True},
        {"name": "one", "type": "SELECT", "label": "One", "selectChoices": [{"value": "x", "label": "X"}]},
        {
            "name": "some",
            "type": "MULTISELECT",
            "label": "Some",
            "getChoicesFromPython": True,
            "triggerParameters": ["text"],
        },
        {"name": "lines", "type": "STRINGS", "label": "Lines", "visibilityCondition": "model.tick"},
        {"name": "dataset", "type": "DATASET", "label": "Dataset"},
        {"name": "map", "type": "MAP", "label": "Map"},
        {"type": "SEPARATOR", "label": "More"},
    ]
    results = {
        "HTML": "'<b>bold</b><script>parent.document.title=1</script>'",
        "URL": "'javascript:alert(1)'",
        "RESULT_TABLE": "{'columns': [{'name': 'a', 'type': 'STRING'}], 'records': [['<i>']]}",
        "JSON_OBJECT": "self.config",
        "FILE": "b'bytes'",
        "NONE": "None",
    }
    files = {
        "plugin.json": {"id": "screens", "version": "1", "meta": meta},
        "resource/choices.py": "def do(payload, config): return {'choices': [{'value': config.get('text'), 'label': 'Given'}]}",
    }
    for result_type, expression in results.items():
        one = f"python-runnables/{result_type.lower().replace('_', '-')}"
        admin = [{"name": "deep", "type": "BOOLEAN", "label": "Deep"}]
        more = {
            "extension": "bin",
            "mimeType": "application/x-bin",
            "paramsPythonSetup": "choices.py",
            "adminParams": admin,
        }
        files[f"{one}/runnable.json"] = {"meta": meta, "resultType": result_type, "params": params, **more}
        files[f"{one}/runnable.py"] = dedent(f"""
            from dataiku.runnables import Runnable
            class M(Runnable):
                def __init__(self, key, config): self.config = config
                def run(self, cb): return {expression}
        """)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


@pytest.fixture(scope="module")
def dss(plugin: Path) -> Iterator[Server]:
    with localdss.serve(plugins=[plugin]) as server:
        yield server


class Browser:
    """Someone who clicks: a session with the cookie of a user."""

    def __init__(self, dss: Server, user: str = "admin") -> None:
        self.url, self.session = dss.url, requests.Session()
        self.session.cookies["localdss_user"] = user

    def get(self, path: str, status: int = 200) -> BeautifulSoup:
        return self._read(self.session.get(self.url + path, timeout=20), status)

    def post(self, path: str, status: int = 200, **form: object) -> BeautifulSoup:
        return self._read(self.session.post(self.url + path, data=form, timeout=20), status)

    def _read(self, answer: requests.Response, status: int) -> BeautifulSoup:
        assert answer.status_code == status, answer.text
        self.at = answer.url[len(self.url) :]
        return BeautifulSoup(answer.text, "html.parser")


@pytest.fixture
def admin(dss: Server) -> Browser:
    return Browser(dss)


PAGES = ["/", "/projects/RETAIL/", "/_patterns"] + [
    f"/projects/{key}/{tab}/" for key in ("RETAIL", "SUPPLY") for tab in ("macros", "datasets", "scenarios", "webapps")
]


@pytest.mark.parametrize("path", PAGES)
def test_every_screen_opens(admin, path):
    page = admin.get(path)
    assert page.find("main").get_text(strip=True)
    assert page.find("h1")


def test_a_newcomer_browses_as_admin_and_may_switch(dss):
    newcomer = Browser(dss)
    newcomer.session.cookies.clear()
    newcomer.get("/")
    assert newcomer.session.cookies["localdss_user"] == "admin"
    page = newcomer.post("/browse-as", login="raj", next="/projects/RETAIL/macros/")
    assert newcomer.at == "/projects/RETAIL/macros/"
    assert page.find("option", selected=True)["value"] == "raj"


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)"])
def test_switching_never_leads_elsewhere(admin, target):
    admin.post("/browse-as", login="raj", next=target)
    assert admin.at == "/"


def test_a_disabled_account_cannot_log_in(admin):
    assert "cannot log in" in admin.post("/browse-as", login="tomas").find(role="status").get_text()
    assert admin.session.cookies["localdss_user"] == "admin"


def test_each_visitor_sees_their_projects_and_macros(dss):
    shown = {user: Browser(dss, user).get("/").get_text() for user in ("admin", "raj", "samir")}
    assert "SUPPLY" in shown["admin"]
    assert "RETAIL" in shown["raj"]
    assert "RETAIL" not in shown["samir"]
    Browser(dss, "samir").get("/projects/RETAIL/datasets/", 403)
    built_in = "pyrunnable_builtin-macros_clear-job-logs"
    macros = {user: Browser(dss, user).get("/projects/RETAIL/macros/") for user in ("admin", "raj")}
    assert macros["admin"].find("a", href=re.compile(built_in))
    assert not macros["raj"].find("a", href=re.compile(built_in))
    Browser(dss, "raj").get(f"/projects/RETAIL/macros/{built_in}/", 404)


def macro(result_type: str) -> str:
    return f"/projects/RETAIL/macros/pyrunnable_screens_{result_type}/"


def test_a_form_is_drawn_from_the_descriptor(admin):
    form = admin.get(macro("html")).find("form", class_="params")
    assert form.find(id="p.text")["value"] == "a"
    assert form.find(id="p.whole").attrs.items() >= {"type": "number", "min": "1", "max": "9"}.items()
    assert form.find(id="p.tick").has_attr("checked")
    assert [option["value"] for option in form.find(id="p.one").find_all("option")] == ["", "x"]
    assert [option["value"] for option in form.find(id="p.some").find_all("option")] == ["a"]
    assert form.find(id="p.lines").find_parent("div")["data-visible"] == "model.tick"
    assert "sales_mart" in form.find(id="p.dataset").get_text()
    assert form.find(id="a.deep")


def test_administrators_parameters_are_shown_to_them_only(dss):
    assert not Browser(dss, "olivia").get(macro("html")).find(id="a.deep")


def test_choices_follow_the_values_of_the_form(admin):
    answer = admin.session.post(f"{admin.url}{macro('html')}choices", json={"text": "b"}, timeout=20)
    assert answer.json() == {"some": [{"value": "b", "label": "Given"}]}


def run(browser: Browser, path: str, **form: object) -> BeautifulSoup:
    page = browser.post(path, **form)
    if not page.find("progress"):
        return page
    return until(lambda: None if (now := browser.get(browser.at)).find("progress") else now)


def test_values_arrive_in_their_types(admin):
    form = {"p.text": "", "p.whole": "3", "p.some": ["a", "b"], "p.lines": "x\n\n y ", "p.map": '{"k": 1}', "p.one": ""}
    page = run(admin, macro("json-object"), **form, **{"a.deep": "true"})
    assert json.loads(page.find("pre").get_text()) == {
        "text": "",
        "whole": 3,
        "tick": False,
        "some": ["a", "b"],
        "lines": ["x", "y"],
        "map": {"k": 1},
        "deep": True,
    }


def test_a_bad_value_is_named_and_nothing_runs(admin):
    page = admin.post(macro("json-object"), **{"p.whole": "three"})
    assert page.find(role="status").get_text().startswith("Whole:")
    assert "/runs/" not in admin.at


SHOWN = [
    ("html", lambda page: page.find("iframe", class_="result")["srcdoc"].startswith("<b>bold</b>")),
    ("html", lambda page: "allow-scripts" not in page.find("iframe", class_="result")["sandbox"]),
    ("url", lambda page: not page.find("a", href=re.compile("javascript"))),
    ("result-table", lambda page: page.find("tbody").get_text(strip=True) == "<i>"),
    ("none", lambda page: "Done" in page.find("main").get_text()),
    ("file", lambda page: page.find("a", download=True)["href"] == "file"),
]


@pytest.mark.parametrize(("result_type", "right"), SHOWN)
def test_results_are_shown_by_their_type(admin, result_type, right):
    assert right(run(admin, macro(result_type)))


def test_a_result_stays_to_be_read_again_and_downloaded(admin):
    run(admin, macro("file"))
    admin.get(admin.at)
    answer = admin.session.get(f"{admin.url}{admin.at}file", timeout=20)
    assert (answer.content, answer.headers["Content-Type"]) == (b"bytes", "application/x-bin")
    assert "filename=file.bin" in answer.headers["Content-Disposition"]


def test_metrics_are_computed_and_checks_run_from_the_screen(admin):
    path = "/projects/RETAIL/datasets/sales_mart/"
    page = admin.get(path)
    assert "records:COUNT_RECORDS" in page.get_text()
    assert "values computed" in admin.post(f"{path}compute").find(role="status").get_text()
    page = admin.post(f"{path}check")
    assert "checks and rules run" in page.find(role="status").get_text()
    assert "today" in page.find_all("table")[-1].get_text()


def test_a_reader_gets_no_buttons_and_is_refused_by_the_api(dss):
    raj, path = Browser(dss, "raj"), "/projects/RETAIL/datasets/sales_mart/"
    assert not raj.get(path).find("button", string="Compute metrics")
    assert "forbidden" in raj.post(f"{path}compute").find(class_="said error").get_text()
    assert "forbidden" in raj.post("/projects/RETAIL/scenarios/NIGHTLY_BUILD/run").find(class_="said error").get_text()


def test_a_scenario_is_started_and_its_run_appears(dss, admin):
    """Its macro is of a plugin that is not installed here: the run fails, and the screen says why."""
    path = "/projects/RETAIL/scenarios/MORNING/"
    runs = dss.instance.projects["RETAIL"].runs["MORNING"]
    known = len(runs)
    assert "Started" in admin.post(f"{path}run").find(role="status").get_text()
    until(lambda: len(runs) > known and runs[0]["scenarioRun"].get("result"))
    shown = admin.get(path).find("details").get_text()
    assert len(runs) == known + 1
    assert "today" in shown
    assert "Unknown runnable type pyrunnable_operations-guide_morning-check" in shown


def test_an_address_of_the_real_dss_leads_to_the_nearest_screen(admin):
    admin.get("/projects/RETAIL/datasets/sales_mart/explore/")
    assert admin.at == "/projects/RETAIL/datasets/sales_mart/"
    admin.get("/projects/RETAIL/scenarios/NIGHTLY_BUILD/runs/list/")
    assert admin.at == "/projects/RETAIL/scenarios/NIGHTLY_BUILD/"
    assert "Not on this screen" in admin.get("/projects/RETAIL/flow/", 404).get_text()


def test_a_webapp_is_created_from_the_plugin_where_there_is_none(dss, admin, plugin):
    dss.instance.add(Project("EMPTY"))
    assert not admin.get("/projects/EMPTY/webapps/").find("button", string=re.compile("Create"))
    folder = plugin / "webapps/board"
    folder.mkdir(parents=True)
    (folder / "webapp.json").write_text('{"meta": {"label": "Board"}, "baseType": "STANDARD"}', "utf-8")
    assert admin.get("/projects/EMPTY/webapps/").find("button", string=re.compile("Create “Board”"))
    page = admin.post("/projects/EMPTY/webapps/", type="webapp_screens_board")
    assert page.find("iframe")["src"].startswith("/webapps/EMPTY/webapp")


def test_hostile_names_are_only_text(dss, admin):
    key = 'H"><script>'
    project = Project(key, settings={"name": HOSTILE, "shortDesc": HOSTILE, "tags": [HOSTILE]})
    project.datasets[HOSTILE] = {
        "type": HOSTILE,
        "shortDesc": HOSTILE,
        "metricsChecks": {"checks": [{"displayName": HOSTILE}]},
    }
    project.scenarios[HOSTILE] = {"name": HOSTILE, "active": True, "triggers": [{"type": HOSTILE}]}
    dss.instance.add(project)
    try:
        for tab in ("datasets", "scenarios", "webapps", "macros"):
            path = f"/projects/{requests.utils.quote(key, safe='')}/{tab}/"
            page = admin.get(path)
            assert not page.find("script", string=re.compile("alert"))
            for link in page.find("main").find_all("a", href=re.compile("alert")):
                assert admin.get(link["href"]).find("h1").get_text() == HOSTILE
    finally:
        del dss.instance.projects[key]


def test_components_page_shows_each_with_its_warnings(admin):
    text = admin.get("/_patterns").get_text()
    assert "pyrunnable_screens_html" in text
    assert "pyrunnable_builtin-macros_kill-jupyter-sessions" in text


def test_the_footer_says_what_time_it_is_here(dss, admin):
    text = admin.get("/").find("footer").get_text()
    assert "Europe/Paris" in text
    assert "nightly-late" in text


# --- formats --------------------------------------------------------------------------------------------------------

NOW_MS = 1_760_332_320_000  # 2025-10-13 07:12 in Paris


@pytest.mark.parametrize(
    ("minutes_ago", "text"),
    [(31, "today 06:41"), (600, "yesterday 21:12"), (-1440, "tomorrow 07:12"), (4 * 1440, "Thu 9 Oct 07:12")],
)
def test_moments_as_people_say_them(minutes_ago, text):
    from localdss.clock import from_ms

    formats = Formats("Europe/Paris", from_ms(NOW_MS))
    assert formats.at(NOW_MS - minutes_ago * 60_000) == text
    assert formats.at(0) == formats.at(None) == ""
    assert formats.clock() == "Monday 13 October 2025, 07:12 (Europe/Paris)"


def test_the_year_is_told_by_the_clock_of_the_zone():
    from localdss.clock import from_ms

    new_year = 1_767_222_300_000  # 2025-12-31 23:05 UTC: in Paris it is 2026
    formats = Formats("Europe/Paris", from_ms(new_year))
    assert [formats.at(new_year), formats.at(new_year - 3 * 86_400_000)] == ["today 00:05", "Mon 29 Dec 2025 00:05"]


def test_lengths_numbers_and_counts():
    assert [length(ms) for ms in (0, 900, 61_000, 4_320_000, 90_000_000, None)] == [
        "0 s",
        "1 s",
        "1 min 1 s",
        "1 h 12 min",
        "1 d 1 h",
        "",
    ]
    assert [number(value) for value in ("1234567", "-12.5", "OK", None)] == ["1,234,567", "-12.5", "OK", "None"]
    assert [count(1, "run"), count(1200, "run")] == ["1 run", "1,200 runs"]


def test_every_type_of_parameter_has_a_field():
    from localdss.host.plugins import PARAM_TYPES
    from localdss.instance import Instance

    params = [{"name": f"p{index}", "type": kind} for index, kind in enumerate(sorted(PARAM_TYPES))]
    drawn = forms.fields(params, Instance(), Project("K"), {})
    assert {field.widget for field in drawn} == {
        "text",
        "number",
        "lines",
        "several",
        "select",
        "tick",
        "separator",
        "json",
    }
    assert forms.read(params, {}) == {f"p{i}": False for i, p in enumerate(params) if p["type"] == "BOOLEAN"} | {
        f"p{i}": [] for i, p in enumerate(params) if p["type"] in (*forms.SEVERAL, *forms.LINES)
    }
    assert host.KINDS


# --- real projects --------------------------------------------------------------------------------------------------

REAL = Path(os.environ.get("OPSGUIDE_REAL_PROJECTS", Path(__file__).parents[3] / "shared" / "real-projects"))
REAL_PROJECTS = sorted(each for each in REAL.glob("*") if each.is_dir()) if REAL.is_dir() else []


@pytest.mark.skipif(not REAL_PROJECTS, reason=f"no real projects at {REAL}")
def test_every_screen_of_every_real_project_opens():
    with localdss.serve(projects=REAL_PROJECTS, sample=False) as dss:
        browser = Browser(dss)
        for project in dss.instance.projects.values():
            home = f"/projects/{project.key}/"
            pages = [home, *(f"{home}{tab}/" for tab in ("macros", "datasets", "scenarios", "webapps"))]
            for kind, names in (
                ("datasets", project.datasets),
                ("scenarios", project.scenarios),
                ("webapps", project.webapps),
            ):
                pages += [f"{home}{kind}/{requests.utils.quote(name, safe='')}/" for name in names]
            for page in pages:
                assert browser.get(page).find("h1"), page
