"""The guide to take along, from the page: one HTML file, a PDF, Markdown; by the rights of whoever asks."""

from __future__ import annotations

from io import BytesIO

import pypdf
import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from opsguide.model.guide import cells_of
from opsguide.render.phrases import shown
from tests.guides import GUIDE
from tests.web.desks import Admission, HandMadeDesk, application


@pytest.fixture
def desk() -> HandMadeDesk:
    return HandMadeDesk()


@pytest.fixture
def client(desk: HandMadeDesk) -> FlaskClient:
    return application(desk).test_client()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/guide.html", "text/html; charset=utf-8"), ("/guide.pdf", "application/pdf")],
)
def test_it_is_a_file_with_all_of_the_guide_read(client: FlaskClient, desk: HandMadeDesk, path: str, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content_type == kind
    assert answer.headers["Content-Disposition"] == f"attachment; filename=RETAIL-guide.{path.rpartition('.')[2]}"
    assert desk.asked == ["whole"]


def test_the_html_asks_nobody_for_anything(client: FlaskClient) -> None:
    answer = client.get("/guide.html")
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select("script, link[href], img, iframe, object, form, [src], [style]") == []
    rule = "default-src 'none'; style-src 'sha256-"
    assert page.select_one("meta[http-equiv='Content-Security-Policy']")["content"].startswith(rule)
    assert answer.headers["Content-Security-Policy"].startswith(rule)
    assert "url(" not in page.style.string
    assert "@import" not in page.style.string
    addresses = [link["href"] for link in page.select("a[href]")]
    assert all(address.startswith(("#", "https://", "mailto:", "tel:")) for address in addresses)
    assert all(page.find(id=address[1:]) for address in addresses if address.startswith("#"))


def test_the_pdf_says_what_the_page_says(client: FlaskClient) -> None:
    pdf = pypdf.PdfReader(BytesIO(client.get("/guide.pdf").data))
    text = "".join("".join(page.extract_text().split()) for page in pdf.pages)
    words = [shown(cell) for cell in cells_of(GUIDE) if shown(cell).isascii()]
    assert len(words) > 15
    assert [word for word in words if "".join(word.split()) not in text] == []


@pytest.mark.parametrize("path", ["/guide.html", "/guide.pdf"])
def test_who_may_not_read_the_project_gets_no_file(path: str) -> None:
    desk = HandMadeDesk(admission=Admission(may=frozenset({"status"})))
    answer = application(desk).test_client().get(path)
    assert answer.status_code == 403
    assert "Content-Disposition" not in answer.headers
    assert desk.asked == []
