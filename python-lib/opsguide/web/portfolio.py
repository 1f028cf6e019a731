"""The portfolio's routes: all that the viewer may read, as far as it is read."""

from __future__ import annotations

from flask import Blueprint, Response

from ..render.portfolio import portfolio_document, portfolio_fragment, portfolio_json
from ..render.urls import Urls
from ..service import Desk, Portfolios
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/portfolio` and `/portfolio.json`. The page comes at once and looks again while more is to come."""
    portfolios = Portfolios(desk.project_key, desk.settings)
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    @pages.get("/portfolio")
    def portfolio() -> Response:
        found = portfolios.portfolio(admitted(desk))
        draw = portfolio_fragment if wants_part() else portfolio_document
        return page(draw(found, urls))

    @pages.get("/portfolio.json")
    def portfolio_as_json() -> Response:
        return data(portfolio_json(portfolios.portfolio(admitted(desk))), "application/json")
