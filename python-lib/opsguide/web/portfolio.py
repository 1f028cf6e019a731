"""The portfolio's routes: all that the viewer may read, as far as it is read."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..model.portfolio import Portfolio
from ..render.portfolio import portfolio_document, portfolio_fragment, portfolio_json
from ..render.urls import Urls
from ..service import Desk, Portfolios
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/portfolio` and `/portfolio.json`. The page comes at once and looks again while more is to come; from one of several
    processes it comes whole, as another one may answer the next look, or this one not live until then."""
    portfolios = Portfolios(desk.project_key, desk.settings)
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    def found() -> Portfolio:
        return portfolios.portfolio(admitted(desk), at_one_go=bool(request.environ.get("wsgi.multiprocess")))

    @pages.get("/portfolio")
    def portfolio() -> Response:
        draw = portfolio_fragment if wants_part() else portfolio_document
        return page(draw(found(), urls))

    @pages.get("/portfolio.json")
    def portfolio_as_json() -> Response:
        return data(portfolio_json(found()), "application/json")
