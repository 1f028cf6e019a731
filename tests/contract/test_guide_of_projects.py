"""Real projects, and the sample in each story: every format of every guide is whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.core.compose import SECTIONS, compose
from opsguide.dss import gateway
from opsguide.model.guide import Guide, cells_of
from opsguide.render import html
from opsguide.render.json import guide_json, schema
from opsguide.render.markdown import guide_markdown
from opsguide.render.urls import Urls
from opsguide.settings import Settings
from tests.readings import REAL, clients, real_projects

STORIES = ("failed-upstream", "never-ran", "quiet")


def guide_of(dss: Server, key: str) -> Guide:
    reading = service.read(clients(dss), key, Settings(), need=gateway.WHOLE)
    return compose(reading.snapshot, reading.declared, reading.report)


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    with localdss.serve(projects=real_projects(), sample=False) as dss:
        yield dss


@lru_cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def whole_in_every_format(guide: Guide) -> None:
    urls = Urls("", guide.project_key)
    assert [problem.message for problem in validator().iter_errors(json.loads(guide_json(guide, urls)))] == []
    assert guide_markdown(guide, urls).count("\n## ") == len(SECTIONS) + 1
    page = BeautifulSoup(html.guide_document(guide, urls), "html.parser")
    ids = Counter(element["id"] for element in page.select("[id]"))
    assert [name for name, times in ids.items() if times > 1] == []
    assert [link["href"] for link in page.select("a[href^='#']") if link["href"][1:] not in ids] == []
    assert [table.parent["aria-label"] for table in page.select("table") if not table.select("tbody tr")] == []
    links = [cell.link for cell in cells_of(guide) if cell.link is not None]
    assert [link for link in links if link.screen != "web" and urls.href(link) is None] == []
    assert [section.id for section in guide.sections if section.waits_for] == []


@pytest.mark.skipif(not real_projects(), reason=f"no real projects at {REAL}: set OPSGUIDE_REAL_PROJECTS")
@pytest.mark.parametrize("index", range(len(real_projects())), ids=[path.name for path in real_projects()])
def test_real_project(real: Server, index: int) -> None:
    whole_in_every_format(guide_of(real, list(real.instance.projects)[index]))


@pytest.mark.parametrize("story", STORIES)
def test_sample_in_each_story(story: str) -> None:
    with localdss.serve(story=story) as dss:
        whole_in_every_format(guide_of(dss, "RETAIL"))


HOSTILE = ("with space", "a.b", "quote\"'", "<script>alert(1)</script>", "🦊", "a|b", "[x](javascript:y)")


def test_names_that_mean_harm(tmp_path: Path) -> None:
    project = tmp_path / "HOSTILE"
    for folder in ("datasets", "scenarios"):
        (project / folder).mkdir(parents=True)
    (project / "params.json").write_text('{"name": "<b>bold</b> {{ 7*7 }}", "shortDesc": "</title><script>x"}', "utf-8")
    for number, name in enumerate(HOSTILE):
        scenario = {"type": "step_based", "name": name, "active": True, "triggers": [{}], "params": {"steps": [{}]}}
        (project / "scenarios" / f"S{number}.json").write_text(json.dumps(scenario), "utf-8")
        dataset = {"type": "UploadedFiles", "managed": False, "shortDesc": name}
        (project / "datasets" / f"{name.replace('/', '')}.json").write_text(json.dumps(dataset), "utf-8")
    with localdss.serve(projects=[project], sample=False) as dss:
        guide = guide_of(dss, next(iter(dss.instance.projects)))
    whole_in_every_format(guide)
    page = BeautifulSoup(html.guide_document(guide, Urls("", "K")), "html.parser")
    assert len(page.select("script")) == 2
    assert not page.select("b")
    assert all(not str(link["href"]).lower().startswith("javascript") for link in page.select("[href]"))
    assert "&lt;script&gt;alert(1)" in str(page)


def test_project_with_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "EMPTY" / "params.json").write_text("{}", "utf-8")
    with localdss.serve(projects=[tmp_path / "EMPTY"], sample=False, story="quiet") as dss:
        whole_in_every_format(guide_of(dss, next(iter(dss.instance.projects))))
