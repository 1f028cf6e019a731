"""A desk with one guide made by hand, for what the page does with whatever the desk says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Optional, Union

from flask import Flask

from opsguide.model.guide import Guide, Section
from opsguide.model.today import Today
from opsguide.service import Desk
from opsguide.settings import Settings
from opsguide.web import create_blueprint
from tests.guides import GUIDE, NOW
from tests.todays import TODAY

RESOURCE = Path(__file__).parents[2] / "resource"


@dataclass
class Admission:
    may: frozenset[str] = frozenset({"guide"})
    reason: str = ""
    login: str = "olivia"
    key: str = "user olivia"
    needs_to_write: str = "ask an administrator"

    @property
    def clients(self) -> Admission:
        return self

    def now(self) -> tuple[datetime, str]:
        return NOW, "DSS"


@dataclass
class HandMadeDesk:
    """Fails with `error` when there is one; keeps how deep it was asked."""

    guide_value: Guide = GUIDE
    today_value: Today = TODAY
    admission: Admission = field(default_factory=Admission)
    error: Optional[Exception] = None
    asked: list[str] = field(default_factory=list)
    project_key: str = "RETAIL"
    secret: bytes = b"known to nobody"
    settings: Settings = field(default_factory=lambda: Settings(dss_url="https://dss.example.com"))

    def access(self, headers: dict[str, str], *, afresh: bool = False) -> Admission:
        assert "Host" in headers
        return self.admission

    def lacks_to_write(self, access: Admission) -> str:
        return ""

    def failed(self) -> None:
        self.asked.append("failed")

    def guide(self, access: Admission, *, depth: str = "first", after: str = "") -> Guide:
        self.asked.append(depth)
        if self.error:
            raise self.error
        read = self.guide_value
        return (
            read if depth == "first" else replace(read, sections=tuple(replace(s, waits_for=()) for s in read.sections))
        )

    def today(self, access: Admission, *, after: str = "") -> Today:
        self.asked.append("today")
        if self.error:
            raise self.error
        return self.today_value

    def section(self, access: Admission, section_id: str) -> Optional[tuple[Section, Guide]]:
        if self.error:
            raise self.error
        whole = self.guide(access, depth="whole")
        found = next((section for section in whole.sections if section.id == section_id), None)
        return None if found is None else (found, self.guide(access))


def application(desk: Union[HandMadeDesk, Desk]) -> Flask:
    """The page over a desk, in a host as bare as DSS's."""
    app = Flask("host", static_folder=None)
    app.register_blueprint(create_blueprint(desk, RESOURCE))  # type: ignore[arg-type]
    return app
