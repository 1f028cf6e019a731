"""A page that is drawn once for all who may be given it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from opsguide.render.html import Permit
from opsguide.web.drawn import Drawn
from tests.web.desks import Admission, HandMadeDesk, application


def test_each_reader_gets_their_own_seal_on_the_same_page() -> None:
    drawn, drawings = Drawn(), []

    def draw(may: Permit) -> str:
        drawings.append(may)
        return f"é <{may.stamp}> <{may.token}> {may.why_not}"

    shown = object()
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda n: drawn.page("k", shown, Permit(f"s{n}", f"t{n}"), draw), range(8)))
    assert [page.decode() for page in pages] == [f"é <s{number}> <t{number}> " for number in range(8)]
    assert len(drawings) == 1
    assert drawn.page("k", shown, Permit(why_not="ask"), draw).decode() == "é <> <> ask"
    assert drawn.page("other", shown, Permit("s", "t"), draw).decode() == "é <s> <t> "
    assert drawn.page("k", object(), Permit("s", "t"), draw).decode() == "é <s> <t> "
    assert len(drawings) == 4


def test_nobody_waits_for_a_page_of_others() -> None:
    drawn, begun, go_on = Drawn(), Event(), Event()

    def slowly(may: Permit) -> str:
        begun.set()
        assert go_on.wait(60)
        return "large"

    with ThreadPoolExecutor(2) as pool:
        large = pool.submit(drawn.page, "large", object(), Permit(), slowly)
        assert begun.wait(60)
        small = pool.submit(drawn.page, "small", object(), Permit(), lambda may: "small")
        try:
            assert small.result(60) == b"small"
        finally:
            go_on.set()
        assert large.result(60) == b"large"


def test_what_somebody_writes_is_never_taken_for_a_seal() -> None:
    drawn, texts = Drawn(), ("stamp", "token", "0" * 32)
    page = drawn.page("k", texts, Permit("s", "t"), lambda may: f"{texts} {may.stamp}")
    assert page.decode() == f"{texts} s"


def test_two_people_who_share_a_page_cannot_send_each_others_forms() -> None:
    desk = HandMadeDesk(admission=Admission(may=frozenset({"guide", "write"}), key="reader", needs_to_write=""))
    with application(desk).test_client() as client:
        first = client.get("/today").text
        desk.admission.login = "raj"
        second = client.get("/today").text

    def token(page: str) -> str:
        return page.partition('name="token" value="')[2].partition('"')[0]

    assert len(token(first)) == len(token(second)) == 64
    assert token(first) != token(second)
