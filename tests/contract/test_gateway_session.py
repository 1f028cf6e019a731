"""One call to DSS: what each kind of answer becomes, what is tried again, and that nothing waits or leaks without end."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Optional

import dataikuapi
import pytest

from opsguide.dss import session
from opsguide.dss.session import Clients, ServerClock, path, reader_of, right_for, unknown
from opsguide.errors import DssBroken, DssDenied, DssError, DssNotFound, DssUnreachable
from opsguide.model.known import Cause

# The paths here are made up: only what becomes of the answers matters.
pytestmark = pytest.mark.any_path

JSON = "application/json"


class Canned:
    """Answers each path as told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[tuple[int, str, bytes]]] = {}
        self.headers: dict[str, str] = {}
        self.date: Optional[str] = "Tue, 14 Oct 2025 05:00:00 GMT"
        self.pause = 0.0
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def say(self, api_path: str, *answers: tuple[int, str, Any]) -> None:
        self.answers[api_path] = [
            (status, kind, body if isinstance(body, bytes) else json.dumps(body).encode())
            for status, kind, body in answers
        ]

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        canned = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api_path = self.path[len("/dip/publicapi") :]
                canned.asked.append((self.command, api_path, dict(self.headers)))
                found = canned.answers[api_path.partition("?")[0]]
                status, kind, body = found.pop(0) if len(found) > 1 else found[0]
                self.send_response_only(status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **canned.headers}.items():
                    self.send_header(name, value)
                if canned.date:
                    self.send_header("Date", canned.date)
                self.end_headers()
                for start in range(0, len(body), 1 if canned.pause else len(body)):
                    time.sleep(canned.pause)
                    self.wfile.write(body[start : start + (1 if canned.pause else len(body))])
                    self.wfile.flush()

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def canned() -> Iterator[Canned]:
    told = Canned()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), told.handler())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PAUSES_SECONDS", (0.0, 0.0))


def clients(canned: Canned, **options: Any) -> Clients:
    url = canned.url
    return Clients(
        lambda: dataikuapi.DSSClient(url, internal_ticket="secret-ticket"), **{"timeout_seconds": 2.0, **options}
    )


def error(kind: str, message: str) -> dict[str, str]:
    return {"errorType": f"com.dataiku.dip.{kind}", "message": "short", "detailedMessage": message}


@pytest.mark.parametrize(
    ("answer", "raised", "cause", "needs"),
    [
        (
            (403, JSON, error("UnauthorizedException", "Action forbidden")),
            DssDenied,
            Cause.DENIED,
            "Admin on the project",
        ),
        ((401, JSON, error("UnauthorizedException", "Bad key")), DssDenied, Cause.DENIED, "a valid API key or session"),
        ((500, JSON, error("DKUSecurityException", "Not yours")), DssDenied, Cause.DENIED, "Admin on the project"),
        ((404, JSON, error("NotFoundException", "No such project")), DssNotFound, Cause.BROKEN, ""),
        ((404, "text/html", b"<html>404</html>"), DssNotFound, Cause.NO_ROUTE, "DSS 12.6 or newer"),
        ((500, JSON, error("NotFoundException", "gone")), DssNotFound, Cause.BROKEN, ""),
        ((500, JSON, error("Oops", "dataset does not exist")), DssNotFound, Cause.BROKEN, ""),
        ((500, JSON, error("NullPointerException", "")), DssBroken, Cause.BROKEN, ""),
        ((500, "text/html", b"<html>oops</html>"), DssBroken, Cause.BROKEN, ""),
        ((400, JSON, error("IllegalArgumentException", "bad limit")), DssBroken, Cause.BROKEN, ""),
        ((302, "text/html", b"login"), DssBroken, Cause.BROKEN, ""),
        ((200, "text/html", b"<html>please sign in</html>"), DssBroken, Cause.BROKEN, ""),
        ((200, JSON, b""), DssBroken, Cause.BROKEN, ""),
        ((200, JSON, [1, 2]), DssBroken, Cause.BROKEN, ""),
        ((200, JSON, b"[" * 100_000), DssBroken, Cause.BROKEN, ""),
        ((502, "text/html", b"bad gateway"), DssBroken, Cause.BROKEN, ""),
    ],
)
def test_each_failure_is_told_apart(
    canned: Canned, answer: tuple[int, str, Any], raised: type[DssError], cause: Cause, needs: str
) -> None:
    canned.say("/projects/K/permissions", answer)
    with pytest.raises(DssError) as caught:
        clients(canned).get_mapping("/projects/K/permissions")
    assert type(caught.value) is raised
    assert caught.value.status == answer[0]
    assert caught.value.path == "/projects/K/permissions"
    value = unknown("the permissions", caught.value, since="12.6")
    assert (value.cause, value.needs) == (cause, needs)
    assert value.reason.startswith("the permissions could not be read: ")


def test_a_long_error_is_cut_and_kept_on_one_line(canned: Canned) -> None:
    canned.say("/x", (500, JSON, error("Oops", "first line\n\tat java.lang\n" + "x" * 10_000)))
    with pytest.raises(DssBroken) as caught:
        clients(canned).get("/x")
    assert str(caught.value).startswith("first line at java.lang xxx")
    assert len(str(caught.value)) == session.MAX_ERROR_TEXT


@pytest.mark.parametrize("status", [502, 503, 504])
def test_reading_is_tried_again_when_a_gateway_is_busy(canned: Canned, status: int) -> None:
    busy = (status, "text/html", b"busy")
    canned.say("/x", busy, busy, (200, JSON, {"a": 1}))
    assert clients(canned).get("/x") == {"a": 1}
    assert len(canned.asked) == 3


def test_it_is_tried_three_times_at_most(canned: Canned) -> None:
    canned.say("/x", (503, "text/html", b"busy"))
    with pytest.raises(DssBroken):
        clients(canned).get("/x")
    assert len(canned.asked) == 3


def test_nothing_but_reading_is_tried_again(canned: Canned) -> None:
    canned.say("/x", (503, "text/html", b"busy"), (200, JSON, {}))
    with pytest.raises(DssBroken):
        clients(canned).ask("/x", {})
    assert len(canned.asked) == 1


def test_a_ticket_is_never_carried_to_where_an_answer_points(canned: Canned) -> None:
    canned.headers = {"Location": f"{canned.url}/elsewhere"}
    canned.say("/x", (302, "text/html", b""))
    with pytest.raises(DssBroken, match="redirect"):
        clients(canned).get("/x")
    assert [api_path for _, api_path, _ in canned.asked] == ["/x"]


def test_an_answer_that_drips_in_is_ended_at_the_time_out(canned: Canned) -> None:
    canned.say("/x", (200, JSON, ["x" * 2000]))
    canned.pause = 0.02  # forty seconds in all
    started = time.monotonic()
    with pytest.raises(DssUnreachable) as caught:
        clients(canned, timeout_seconds=0.4).get("/x")
    assert caught.value.timed_out
    assert time.monotonic() - started < 15


def test_each_of_several_answers_that_drip_in_is_ended_at_its_own_time_out(canned: Canned) -> None:
    """One thread watches all calls, also one that is due before those that it waits for already."""
    canned.say("/x", (200, JSON, ["x" * 2000]))
    canned.pause = 0.02
    with ThreadPoolExecutor(3) as pool:
        calls = {}
        for seconds in (300.0, 1.5, 0.4):
            calls[seconds] = pool.submit(clients(canned, timeout_seconds=seconds).get, "/x")
            time.sleep(0.1)
        for seconds in (0.4, 1.5):
            with pytest.raises(DssUnreachable, match=rf"within {seconds:g} s"):
                calls[seconds].result(20)
        assert not calls[300.0].done()
        assert sum(thread.name == "dss-watch" for thread in threading.enumerate()) == 1
        canned.pause = 1e-5
        assert calls[300.0].result(20) == ["x" * 2000]


def test_an_answer_of_any_length_is_read_up_to_a_limit(canned: Canned) -> None:
    canned.say("/x", (200, JSON, ["x" * 3_000_000]))
    with pytest.raises(DssBroken, match="larger than 1 MB"):
        clients(canned).get("/x", max_bytes=2**20)


def test_no_connection_is_told_at_once() -> None:
    lost = Clients(lambda: dataikuapi.DSSClient("http://127.0.0.1:1", "key"))
    with pytest.raises(DssUnreachable, match="no connection"):
        lost.get("/x")


def test_rows_arrive_whatever_they_hold(canned: Canned) -> None:
    canned.say("/rows", (200, "text/plain", 'a\tb\n1\t"two\nlines"\n\xe9\u2028x\t"say ""hi"""'.encode()))
    rows = clients(canned).rows("/rows", {}, max_bytes=1000, seconds=2)
    assert list(rows) == [("a", "b"), ("1", "two\nlines"), ("\xe9\u2028x", 'say "hi"')]


def test_rows_end_at_their_limits(canned: Canned) -> None:
    canned.say("/rows", (200, "text/plain", b"a\tb\n" * 1000))
    with pytest.raises(DssBroken, match="larger"):
        list(clients(canned).rows("/rows", {}, max_bytes=500, seconds=2))
    canned.pause = 0.02
    with pytest.raises(DssUnreachable, match=r"within 0\.3 s"):
        list(clients(canned).rows("/rows", {}, max_bytes=5000, seconds=0.3))


def test_now_is_what_dss_says(canned: Canned) -> None:
    canned.say("/x", (200, JSON, {}))
    reading = clients(canned)
    reading.get("/x")
    now, clock = reading.now()
    assert clock == "DSS"
    assert 0 <= (now - datetime(2025, 10, 14, 5, tzinfo=timezone.utc)).total_seconds() < 5


def _told(*heard: tuple[float, float]) -> list[float]:
    """What a clock says (seconds after DSS's 05:00:00) after each answer, by when it came here and the time it named."""
    ticks = [0.0]
    clock, said = ServerClock(lambda: ticks[0]), []
    start = datetime(2025, 10, 14, 5, tzinfo=timezone.utc)
    for ticks[0], seconds in heard:
        clock.hear(format_datetime(start + timedelta(seconds=seconds), usegmt=True))
        said.append(round((clock.now()[0] - start).total_seconds(), 3))
    return said


def test_now_never_runs_back_because_answers_name_whole_seconds_or_come_late() -> None:
    # Sent at 0.9, 1.1 and 1.9 of DSS's seconds, the last 0.8 s on its way: 1.0 is the nearest that is known of 1.1.
    assert _told((0.9, 0), (1.1, 1), (1.9, 1), (2.7, 1)) == [0, 1, 1.8, 2.6]


def test_now_follows_a_clock_of_dss_that_was_set_back() -> None:
    assert _told((0, 0), (10, 7), (11, 8)) == [0, 7, 8]


@pytest.mark.parametrize("date", [None, "yesterday", "Tue, 99 Oct 2025 05:00:00 GMT"])
def test_without_a_readable_date_it_is_this_machines(canned: Canned, date: Optional[str]) -> None:
    canned.date = date
    canned.say("/x", (200, JSON, {}))
    reading = clients(canned)
    reading.get("/x")
    now, clock = reading.now()
    assert clock == "this machine"
    assert abs((now - datetime.now(timezone.utc)).total_seconds()) < 5


def test_what_the_reader_lacks_is_never_asked(canned: Canned) -> None:
    limited = clients(canned).limited(reader_of("K"))
    for forbidden, right in [
        ("/projects/K/permissions", "Admin on the project"),
        ("/projects/K/settings", "Admin on the project"),
        ("/projects/OTHER/datasets/d/info", "Read project content on OTHER"),
        ("/projects/KK/jobs/", "Read project content on KK"),
        ("/admin/users/", "instance administrator"),
    ]:
        with pytest.raises(DssDenied) as caught:
            limited.get(forbidden)
        assert caught.value.needs == right
    assert canned.asked == []
    canned.say("/projects/K/jobs/", (200, JSON, []))
    assert limited.get("/projects/K/jobs/") == []


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("projects", "K", "datasets", "a b/c.d"), "/projects/K/datasets/a%20b%2Fc.d"),
        (("projects", "K", "scenarios", "été?x=1#y"), "/projects/K/scenarios/%C3%A9t%C3%A9%3Fx%3D1%23y"),
        (("projects", "K", "datasets", "...", "info"), "/projects/K/datasets/.../info"),
    ],
)
def test_names_stay_within_their_part_of_a_path(parts: tuple[str, ...], expected: str) -> None:
    assert path(*parts) == expected


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_leads_elsewhere_names_nothing(name: str) -> None:
    with pytest.raises(DssNotFound):
        path("projects", "K", "scenarios", name, "get-last-runs")


def test_the_right_for_a_path_is_in_the_words_of_dss() -> None:
    assert right_for("/instance-info") == ""
    assert right_for("/projects/K") == "Read project content on K"
    assert right_for("/projects/K/bundles/imported") == "Admin on the project"
    assert right_for("/admin/logs/") == "instance administrator"


def test_a_batch_ends_at_its_deadline() -> None:
    never = threading.Event()
    reading = Clients(lambda: None, workers=1, deadline_seconds=0.2)
    started = time.monotonic()
    with reading.batch() as batch:
        hanging = batch.start(never.wait, 60)
        queued = batch.start(never.wait, 60)
        values = [batch.result("the jobs", each) for each in (hanging, queued)]
    assert time.monotonic() - started < 15
    assert {value.cause for value in values} == {Cause.NO_ANSWER}  # type: ignore[union-attr]
    never.set()


def test_each_worker_has_a_client_of_its_own(canned: Canned) -> None:
    canned.say("/x", (200, JSON, {}))
    made: list[Any] = []

    def make() -> Any:
        made.append(dataikuapi.DSSClient(canned.url, "key"))
        return made[-1]

    reading = Clients(make, workers=3)
    with reading.batch() as batch:
        pending = [batch.start(reading.get, "/x") for _ in range(30)]
        assert [batch.result("x", each) for each in pending] == [{}] * 30
    assert 1 <= len(made) <= 3
    assert reading.calls == 30


def test_all_identities_together_make_so_many_calls_at_once(canned: Canned) -> None:
    canned.say("/x", (200, JSON, ["x" * 10]))
    canned.pause = 0.01
    reading = clients(canned, workers=2)
    everybody = [reading, reading.limited(lambda _: ""), reading.acting_as(reading._make, None)]
    busy, most = 0, 0
    lock = threading.Lock()

    def watch(of: Clients) -> None:
        nonlocal busy, most
        with of._answer("GET", "/x", None) as response:
            with lock:
                busy += 1
                most = max(most, busy)
            assert response.content
            with lock:
                busy -= 1

    threads = [threading.Thread(target=watch, args=(everybody[number % 3],)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(canned.asked)) == (2, 9)


def test_answers_kept_are_bounded_and_the_newest() -> None:
    cache: Any = session.Cache(size=2)
    for key in "abc":
        cache.keep(key, key.upper())
    assert [cache.get(key) for key in "abc"] == [None, "B", "C"]


def test_answers_kept_for_a_time_are_gone_after_it() -> None:
    brief: Any = session.Cache(size=2, seconds=0.0)
    brief.keep("a", "A")
    assert brief.get("a") is None
