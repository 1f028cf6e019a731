"""The macro publish-guide through the real client: the wiki keeps what people wrote, files are whole, and nothing is
written that was not asked for."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO
from typing import Any

import dataikuapi
import pypdf
import pytest
from bs4 import BeautifulSoup

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.dss import store, wiki
from opsguide.errors import DssDenied, InvalidParameter, NotAccepted
from opsguide.model.guide import Callout, Table
from opsguide.settings import Settings
from tests.readings import clients

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
SETTINGS = Settings(dss_url="https://dss.example.com")
TYPE = "pyrunnable_operations-guide_publish-guide"
OURS = "Ours: call Ann first.\n\n* and **mind** the gap *"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    """The small project of the sample as it came."""
    supply = served.instance.projects["SUPPLY"]
    before = {part: copy.deepcopy(getattr(supply, part)) for part in ("folders", "wiki")}
    yield served
    served.faults.clear()
    for part, value in before.items():
        setattr(supply, part, value)


def run(dss: Server, login: str = "admin", **config: Any) -> Any:
    return service.publish(clients(dss, login), "SUPPLY", config, SETTINGS)


def said(guide: Any) -> str:
    """What the result says of the place."""
    return str(next(block for block in guide.sections[0].blocks if isinstance(block, Table)).rows[0][1].value)


def cautions(guide: Any) -> list[str]:
    return [str(block.parts[0]) for block in guide.sections[0].blocks if isinstance(block, Callout)]


def article(dss: Server) -> dataikuapi.dss.wiki.DSSWikiArticleData:
    client = dataikuapi.DSSClient(dss.url, "admin")
    return client.get_project("SUPPLY").get_wiki().get_article("Operations Guide").get_data()


def rewrite(dss: Server, text: str) -> None:
    data = article(dss)
    data.set_body(text)
    data.save()


def read_file(dss: Server, name: str) -> bytes:
    project = dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY")
    folder = next(each for each in project.list_managed_folders() if each["name"] == "Operations Guide")
    return bytes(project.get_managed_folder(folder["id"]).get_file(name).content)


@pytest.mark.parametrize("target", ["WIKI", "MARKDOWN", "HTML", "PDF"])
def test_a_preview_changes_nothing(dss: Server, target: str) -> None:
    dss.requests.clear()
    shown = run(dss, target=target)
    assert shown.sections[0].title.startswith("Preview")
    assert "new" in said(shown)
    assert dss.requests.writes() == []


def test_a_preview_says_that_writing_would_be_refused(dss: Server) -> None:
    """Where nobody can tell whether there is a state folder, it does not promise to make one."""
    dss.faults.status("GET", "/projects/SUPPLY/managedfolders", 500, "disk on fire")
    text = repr(run(dss).sections)
    assert "nothing would be written, because it could not be put on record" in text
    assert "is made, for the record" not in text
    with pytest.raises(InvalidParameter, match="could not be put on record"):
        run(dss, write=True)


def test_the_wiki_survives_ten_publications_after_hand_edits(dss: Server) -> None:
    assert said(run(dss, write=True)) == "created and read back"
    text = article(dss).get_body()
    first = text.index("<!-- operations-guide: begin schedule-overview")
    rewrite(dss, f"{OURS}\n\n{text[:first]}{OURS}\n\n{text[first:]}\n\nThe end, by hand. \n")
    with_ours = article(dss).get_body()
    purposes = dss.instance.projects["SUPPLY"].variables["standard"]
    try:
        for round_ in range(10):
            purposes["operations_guide"] = {"scenarios": {"REFRESH_SUPPLIERS": {"purpose": f"Purpose {round_}"}}}
            assert said(run(dss, write=True)) == "changed and read back"
            found = article(dss).get_body()
            assert f"Purpose {round_}" in found
            assert found.count(OURS) == 2
            assert found.startswith(OURS)
            assert found.endswith("The end, by hand. \n")
            assert [part.split(" ")[0] for part in found.split("operations-guide: begin ")[1:]] == [
                part.split(" ")[0] for part in with_ours.split("operations-guide: begin ")[1:]
            ]
    finally:
        purposes.pop("operations_guide")


def test_nothing_is_written_where_nothing_changed_but_the_clock(dss: Server) -> None:
    for target, name in (("WIKI", ""), ("MARKDOWN", "operations-guide.md"), ("PDF", "operations-guide.pdf")):
        for _ in range(2):  # the first makes folders and an article, which the guide tells of
            run(dss, target=target, write=True)
        kept = read_file(dss, name) if name else article(dss).get_body()
        dss.requests.clear()
        dss.instance.clock.advance(120)
        again = run(dss, target=target, write=True)
        assert said(again) == "left as it is: nothing changed", target
        assert dss.requests.writes() == []
        assert kept == (read_file(dss, name) if name else article(dss).get_body())


def test_what_somebody_wrote_inside_a_part_is_left_until_replacing_is_asked_for(dss: Server) -> None:
    run(dss, write=True)
    text = article(dss).get_body()
    rewrite(dss, text.replace("## Escalation Matrix", "## Escalation Matrix\n\nRing the bell."))
    left = run(dss, write=True)
    assert "“escalation-matrix”" in cautions(left)[0]
    assert "Ring the bell." in article(dss).get_body()
    run(dss, write=True, overwrite=True)
    assert "Ring the bell." not in article(dss).get_body()
    assert cautions(run(dss, write=True)) == []


def published(dss: Server) -> None:
    """Twice: the first makes a folder and an article, which the guide then tells of."""
    for _ in range(2):
        run(dss, write=True)


def test_lines_that_an_editor_ends_its_own_way_are_no_change(dss: Server) -> None:
    published(dss)
    text = f"Written elsewhere.\n\n{article(dss).get_body()}".replace("\n", "\r\n")
    rewrite(dss, text)
    assert said(run(dss, write=True)) == "left as it is: nothing changed"
    assert article(dss).get_body() == text
    purposes = dss.instance.projects["SUPPLY"].variables["standard"]
    purposes["operations_guide"] = {"scenarios": {"REFRESH_SUPPLIERS": {"purpose": "Another purpose"}}}
    try:
        assert said(run(dss, write=True)) == "changed and read back"
    finally:
        purposes.pop("operations_guide")
    assert article(dss).get_body().startswith("Written elsewhere.\r\n\r\n<!-- operations-guide: begin")


def test_what_people_paste_twice_or_nest_is_never_lost(dss: Server) -> None:
    published(dss)
    text = article(dss).get_body()
    begin, end = (
        text.index("<!-- operations-guide: begin monitoring"),
        text.index("<!-- operations-guide: end monitoring"),
    )
    mine = "\n\nMine, above a copy.\n\n"
    rewrite(dss, f"{text}{mine}{text[begin:end]}")  # a copy that has lost its end
    for _ in range(2):
        run(dss, write=True)
        body = article(dss).get_body()
        assert mine in body
        assert body.startswith(text)


def test_half_a_mark_is_text_and_a_lost_part_comes_back(dss: Server) -> None:
    run(dss, write=True)
    text = article(dss).get_body()
    rewrite(dss, text.replace("<!-- operations-guide: end monitoring -->", ""))
    found = run(dss, write=True)
    assert "“monitoring”" in cautions(found)[0]
    body = article(dss).get_body()
    assert body.count("<!-- operations-guide: end monitoring -->") == 1
    assert said(run(dss, write=True)) == "left as it is: nothing changed"
    assert article(dss).get_body() == body


def test_the_article_is_found_again_under_another_name(dss: Server) -> None:
    run(dss, write=True)
    dss.instance.projects["SUPPLY"].wiki["articles"][article(dss).article_id]["article"]["name"] = "Night handbook"
    run(dss, write=True)
    assert said(run(dss, write=True)) == "left as it is: nothing changed"
    assert len(dss.instance.projects["SUPPLY"].wiki["articles"]) == 1


def test_an_edit_at_the_same_moment_is_not_overwritten(dss: Server) -> None:
    run(dss, write=True)
    asked = clients(dss, "admin")
    before = wiki.find(asked, "SUPPLY", "Operations Guide")
    assert before is not None
    rewrite(dss, f"{before.text}\n\nA late thought.")
    with pytest.raises(NotAccepted, match="publish again"):
        wiki.save(asked, "SUPPLY", before, "ours alone")
    assert article(dss).get_body().endswith("A late thought.")


def test_files_are_whole_in_each_format(dss: Server) -> None:
    for target in ("MARKDOWN", "HTML", "PDF"):
        assert said(run(dss, target=target, write=True)).startswith("written and read back")
    title = "Operations Guide"
    assert read_file(dss, "operations-guide.md").decode().splitlines()[0].endswith(title)
    page = BeautifulSoup(read_file(dss, "operations-guide.html"), "html.parser")
    assert page.h1.get_text().endswith(title)
    assert "https://dss.example.com/projects/SUPPLY" in str(page)
    pdf = pypdf.PdfReader(BytesIO(read_file(dss, "operations-guide.pdf")))
    assert title in pdf.pages[0].extract_text()
    assert [line["/Title"] for line in pdf.outline if isinstance(line, dict)][-1] == "Completeness"


def test_somebody_elses_file_is_not_replaced(dss: Server) -> None:
    run(dss, target="MARKDOWN", write=True)
    project = dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY")
    folder = next(each for each in project.list_managed_folders() if each["name"] == "Operations Guide")
    project.get_managed_folder(folder["id"]).put_file("operations-guide.md", BytesIO(b"mine"))
    left = run(dss, target="MARKDOWN", write=True)
    assert "somebody else's file" in said(left)
    assert "Move it away" in cautions(left)[0]
    assert read_file(dss, "operations-guide.md") == b"mine"
    assert said(run(dss, target="MARKDOWN", write=True, overwrite=True)).startswith("replaced and read back")


def test_what_was_published_is_on_record(dss: Server) -> None:
    run(dss, login="olivia", write=True)
    state = store.find(clients(dss, "olivia"), "SUPPLY")
    told = state.events().events[-1]  # type: ignore[union-attr]
    assert (told.kind, told.by, told.data["place"]) == ("receipt", "olivia", "wiki:Operations Guide")
    assert told.data["article"] == article(dss).article_id


def test_only_what_a_reader_may_see_unless_asked_otherwise(dss: Server) -> None:
    run(dss, target="MARKDOWN", write=True)
    assert "Admin on the project" in read_file(dss, "operations-guide.md").decode()
    run(dss, target="MARKDOWN", write=True, read_as="me")
    assert "Admin on the project" not in read_file(dss, "operations-guide.md").decode()


def test_a_reader_cannot_publish(dss: Server) -> None:
    with pytest.raises(DssDenied):
        run(dss, login="dmitri", write=True)
    assert dss.instance.projects["SUPPLY"].wiki["articles"] == {}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"target": "DOCX"}, "can be WIKI"),
        ({"read_as": "root"}, "can be reader"),
        ({"article": "12"}, "article's id"),
    ],
)
def test_bad_parameters_are_named(dss: Server, config: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        run(dss, **config)


def test_two_folders_of_one_name_are_told_apart(dss: Server) -> None:
    project = dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY")
    for _ in range(2):
        project.create_managed_folder("Operations Guide")
    with pytest.raises(InvalidParameter, match="name one by its id"):
        run(dss, target="PDF")


def test_the_macro_as_dss_runs_it(dss: Server) -> None:
    project = dataikuapi.DSSClient(dss.url, "olivia").get_project("SUPPLY")
    macro = project.get_macro(TYPE)
    with macro.get_result(macro.run({"target": "WIKI", "write": True}), as_type="stream") as answer:
        found = answer.read().decode()
    assert "created and read back" in BeautifulSoup(found, "html.parser").get_text()
