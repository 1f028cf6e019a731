"""Links: every screen's address, and no address for anything that is not safe to follow."""

from __future__ import annotations

from typing import Optional

import pytest

from opsguide.model.guide import Link
from opsguide.render.urls import Urls, anchor, web_address
from opsguide.service import urls_in_dss

BASE = "https://dss.example.com"


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (Link("project"), "/projects/RETAIL/"),
        (Link("flow"), "/projects/RETAIL/flow/"),
        (Link("zone", "z1"), "/projects/RETAIL/flow/?zoneId=z1"),
        (Link("dataset", "orders"), "/projects/RETAIL/datasets/orders/explore/"),
        (Link("dataset", "orders", project_key="OTHER"), "/projects/OTHER/datasets/orders/explore/"),
        (Link("dataset-quality", "orders"), "/projects/RETAIL/datasets/orders/data-quality/current-status"),
        (Link("recipe", "compute_orders"), "/projects/RETAIL/recipes/compute_orders/"),
        (Link("folder", "x1Y2"), "/projects/RETAIL/managedfolder/x1Y2/view/"),
        (Link("saved-model", "m1"), "/projects/RETAIL/savedmodels/m1/versions/"),
        (Link("scenario", "NIGHTLY"), "/projects/RETAIL/scenarios/NIGHTLY/settings"),
        (Link("scenario-runs", "NIGHTLY"), "/projects/RETAIL/scenarios/NIGHTLY/runs/list"),
        (Link("monitoring"), "/projects/RETAIL/monitoring/"),
        (Link("jobs"), "/projects/RETAIL/jobs/"),
        (Link("job", "Build_a.2025-09-16"), "/projects/RETAIL/jobs/Build_a.2025-09-16/"),
        (Link("article", "3"), "/projects/RETAIL/wiki/3"),
        (Link("permissions"), "/projects/RETAIL/security/"),
        (Link("dataset", "a/b?c#d e"), "/projects/RETAIL/datasets/a%2Fb%3Fc%23d%20e/explore/"),
        (Link("dataset", "<é🦊>"), "/projects/RETAIL/datasets/%3C%C3%A9%F0%9F%A6%8A%3E/explore/"),
        (Link("dataset", "x", project_key="../admin"), "/projects/..%2Fadmin/datasets/x/explore/"),
    ],
)
def test_screen_has_its_address(link: Link, path: str) -> None:
    assert Urls(BASE, "RETAIL").href(link) == BASE + path
    assert Urls("", "RETAIL").href(link) == path


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("build/dataset:orders", "action/build?about=dataset%3Aorders"),
        ("run-scenario/scenario:A/B?c#d", "action/run-scenario?about=scenario%3AA%2FB%3Fc%23d"),
        ("clear/dataset:<é\n>", "action/clear?about=dataset%3A%3C%C3%A9%0A%3E"),
        ("build/orders", None),
        ("../admin/dataset:x", None),
        ("Build/dataset:x", None),
    ],
)
def test_an_action_has_its_page(target: str, address: Optional[str]) -> None:
    assert Urls(BASE, "RETAIL").href(Link("action", target)) == address


@pytest.mark.parametrize(
    "link",
    [
        None,
        Link("no such screen", "x"),
        Link("dataset"),
        Link("dataset", ".."),
        Link("dataset", "x", project_key=".."),
        Link("section"),
        Link("web"),
        Link("web", "javascript:alert(1)"),
    ],
)
def test_no_address_where_none_is_safe(link: Link) -> None:
    assert Urls(BASE, "RETAIL").href(link) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://wiki.example.com/a?b=c&d=e#f", "https://wiki.example.com/a?b=c&d=e#f"),
        (" http://h/ ", "http://h/"),
        ("mailto:ops@example.com", "mailto:ops@example.com"),
        ("tel:+33102030405", "tel:+33102030405"),
        ('https://h/"><script>', "https://h/%22%3E%3Cscript%3E"),
        ("JavaScript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example.com", None),
        ("https:", None),
        ("http://[", None),
        ("wiki", None),
        ("", None),
    ],
)
def test_only_web_mail_and_phone_pass(text: str, address: str | None) -> None:
    assert web_address(text) == address


def test_base_address_that_is_none_gives_relative_links() -> None:
    assert Urls("javascript:alert(1)", "K").href(Link("flow")) == "/projects/K/flow/"


@pytest.mark.parametrize("pair", [("a b", "a:20:b"), ("a", "a:20:"), (" b", "\u020b"), ("a:20:b", "a b")])
def test_anchors_do_not_meet(pair: tuple[str, str]) -> None:
    assert anchor(pair[0]) != anchor(pair[1])


def test_anchor_keeps_plain_ids_readable() -> None:
    assert anchor("schedule.NIGHTLY-1.when") == "schedule.NIGHTLY-1.when"


@pytest.mark.parametrize("given", [" https://dss.example.com/ ", None, 7])
def test_an_address_of_dss_is_read_as_everywhere_else(given: object) -> None:
    """The setting as an administrator may have typed or left it, in the result of a macro."""
    base = BASE if isinstance(given, str) else ""
    assert urls_in_dss("RETAIL", {"dss_url": given}).href(Link("project")) == f"{base}/projects/RETAIL/"
    assert urls_in_dss(None, None).href(Link("project", project_key="RETAIL")) == "/projects/RETAIL/"
