"""The guide on its whole way: a local DSS over HTTP, the real client, the desk, and the page's three formats."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, Optional

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from localdss.server import Server
from opsguide.model.guide import Cell, Guide, Origin, Tone, cells_of
from opsguide.model.known import Unknown
from opsguide.model.snapshot import Snapshot
from opsguide.render.json import schema
from opsguide.service import Access, Desk
from opsguide.settings import Settings
from tests.readings import doors
from tests.web.desks import application

SECTIONS = (
    "quick-reference-card", "schedule-overview", "daily-operations", "how-to-run-jobs", "monitoring",
    "common-operations", "access-management", "maintenance-windows", "capacity-planning", "backup-and-recovery",
    "escalation-matrix", "documentation-quick-links", "troubleshooting",
)  # fmt: skip
NAMELESS = (Origin.UNKNOWN, Origin.NOT_DECLARED)


@dataclass(frozen=True)
class Shown:
    """A whole guide as the page's routes gave it."""

    html: str
    data: dict[str, Any]
    markdown: str

    def said(self) -> str:
        """All that a reader of JSON is told, in one text."""
        return "\n".join(
            str(value) for cell in self.cells for value in (cell["value"], cell["reason"], cell["evidence"])
        )

    @property
    def cells(self) -> list[dict[str, Any]]:
        return [*self.data["header"], *(cell for section in self.data["sections"] for cell in section["cells"])]


class Visit:
    """Somebody who opens one project's page in a browser. They are let in at once, so that whatever fails later fails
    behind the door; `client_options` are those of `Clients`."""

    def __init__(
        self, dss: Server, key: str = "RETAIL", login: str = "admin", run_as: str = "svc_retail", **client_options: Any
    ) -> None:
        self.desk = Desk(key, Settings(), doors(dss, run_as, **client_options))
        self.headers = {"Host": "dss.example.com", "Cookie": f"localdss_user={login}"}
        self.access: Access = self.desk.access(self.headers)
        self._browser: FlaskClient = application(self.desk).test_client(use_cookies=False)

    def guide(self, depth: str = "whole") -> Guide:
        return self.desk.guide(self.access, depth=depth)

    def get(self, address: str) -> str:
        answer = self._browser.get(address, headers=self.headers)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[-700:]}"
        return answer.text

    def show(self) -> Shown:
        """The whole guide in each format, each held to what every guide keeps."""
        guide = self.guide()
        assert_whole(guide)
        answer = self._browser.get("/guide.json", headers=self.headers)
        shown = Shown(self.get("/guide?depth=whole"), answer.get_json(), self.get("/guide.md"))
        assert answer.status_code == 200
        assert [problem.message for problem in _validator().iter_errors(shown.data)] == []
        assert tuple(section["id"] for section in shown.data["sections"]) == SECTIONS
        assert foreign_markup(shown.html) == [], foreign_markup(shown.html)
        for section in guide.sections:
            assert f'<section id="{section.id}"' in shown.html
            assert f"\n## {section.title}\n" in shown.markdown
        assert {cell["id"] for cell in shown.cells} == {cell.id for cell in cells_of(guide)}
        return shown


@lru_cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def assert_whole(guide: Guide) -> None:
    """What every guide keeps, whatever DSS said: all sections, and no cell that is blank, without origin or good for
    want of knowledge."""
    assert tuple(section.id for section in guide.sections) == SECTIONS
    assert [section.id for section in guide.sections if section.waits_for] == []
    cells = cells_of(guide)
    twice = [name for name, times in Counter(cell.id for cell in cells).items() if times > 1]
    assert twice == [], twice
    for cell in cells:
        assert bool(cell.value) == (cell.origin not in NAMELESS), cell
        assert cell.value or cell.reason, cell
        assert cell.value or cell.tone is not Tone.GOOD, cell
    assert sum(guide.completeness.counts.values()) == len(cells)
    assert {missing.cell_id for missing in guide.completeness.missing} == {c.id for c in cells if not c.value}


def good(guide: Guide) -> set[str]:
    return {cell.id for cell in cells_of(guide) if cell.tone is Tone.GOOD}


def unknowns(guide: Guide, word: str = "") -> list[Cell]:
    """The cells that are unknown for a reason with `word` in it."""
    return [cell for cell in cells_of(guide) if cell.origin is Origin.UNKNOWN and word in cell.reason]


def cell(guide: Guide, cell_id: str) -> Cell:
    return next(each for each in cells_of(guide) if each.id == cell_id)


def limit(snapshot: Snapshot, objects: int) -> int:
    """The calls that a whole guide may take."""
    scenarios = () if isinstance(snapshot.scenarios, Unknown) else snapshot.scenarios
    return 10 + 3 * sum(scenario.active for scenario in scenarios) + 6 * objects


def foreign_markup(page: str) -> list[str]:
    """What a browser would run or follow that is not the page's own: scripts, handlers, addresses of other kinds."""
    reader = _Markup()
    reader.feed(page)
    reader.close()
    return reader.foreign


class _Markup(HTMLParser):
    OWN_SCRIPTS = ("static/", "../static/")
    ADDRESSES = ("href", "src", "action", "formaction", "data", "xlink:href")
    KINDS = ("http", "https", "mailto", "tel")
    FORBIDDEN = ("iframe", "object", "embed", "base", "img", "style", "template")

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, Optional[str]]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in self.FORBIDDEN or (tag == "script" and not given.get("src", "").startswith(self.OWN_SCRIPTS)):
            self.foreign.append(self.get_starttag_text() or tag)
        for name, value in given.items():
            if name.startswith(("on", "hx-on")) or name == "style" or name == "srcdoc":
                self.foreign.append(f"{tag} {name}={value}")
            # Browsers pass over blanks and control characters in an address.
            kind = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", value), re.IGNORECASE)
            if name in self.ADDRESSES and kind and kind.group(1).lower() not in self.KINDS:
                self.foreign.append(f"{tag} {name}={value}")
