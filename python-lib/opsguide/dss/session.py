"""Ask DSS many things at once, politely: bounded, timed, with errors that say what was missing. Nothing that changes
DSS is ever sent twice, and only an identity that may write sends it at all.

`dataikuapi` sets no time-out, never retries and drops the HTTP status. Calls here go by path through its session, so
that any version of the client serves, and end in a parsed answer or one of `errors`' DssError and DssUnreachable.
"""

from __future__ import annotations

import codecs
import csv
import json
import math
import os
import re
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Optional, TypeVar, Union
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ..errors import DssBroken, DssDenied, DssError, DssNotFound, DssUnreachable
from ..model.known import Cause, Known, Unknown
from ..model.snapshot import Footprint, MetricPoint, ScenarioSettings, Viewer
from . import pieces, raw
from .masking import mask

T = TypeVar("T")
V = TypeVar("V")

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 1024 * 1024
MAX_ERROR_TEXT = 300
CHUNK_BYTES = 64 * 1024

# A gateway in front of a DSS that restarts answers so; the same question soon after is answered.
BUSY = frozenset({502, 503, 504})
PAUSES_SECONDS = (0.2, 0.6)

SETTINGS_KEPT = 2000
STARTERS_KEPT = 10_000
# Row counts do not change until the next build, unless somebody computes them again: that is seen this much later.
COUNTS_KEPT, COUNTS_KEPT_SECONDS = 1000, 300.0
# What lies on the disk is measured by walking through it: a figure from this morning will do.
MEASURED_KEPT, MEASURED_KEPT_SECONDS = 200, 12 * 3600.0

INSTANCE_ADMIN = "instance administrator"
READ_CONTENT = "Read project content"
WRITE_CONTENT = "Write project content"
PROJECT_ADMIN = "Admin on the project"

_PROJECT = re.compile(r"/projects/([^/?]+)(?:/([^/?]+))?")
_ADMIN_PARTS = frozenset({"permissions", "settings", "bundles"})


def path(*parts: str) -> str:
    """An API path from its parts, each percent-encoded. A part that would lead elsewhere ('', '.', '..') names nothing."""
    if any(part in ("", ".", "..") for part in parts):
        raise DssNotFound("an object without a usable name cannot be asked for", status=404, path="/".join(parts))
    return "/" + "/".join(quote(part, safe="") for part in parts)


def right_for(api_path: str) -> str:
    """The right that reading `api_path` takes, in DSS's words; '' where any signed-in caller may."""
    if api_path.startswith(("/admin/", "/directories-footprint/")):
        return INSTANCE_ADMIN
    match = _PROJECT.match(api_path)
    if match is None:
        return ""
    return PROJECT_ADMIN if match.group(2) in _ADMIN_PARTS else f"{READ_CONTENT} on {match.group(1)}"


def right_to_write(api_path: str) -> str:
    """The right that changing something at `api_path` takes at least, in DSS's words."""
    match = _PROJECT.match(api_path)
    if match is None or match.group(2) in _ADMIN_PARTS:
        return right_for(api_path) or INSTANCE_ADMIN
    return f"{WRITE_CONTENT} on {match.group(1)}"


def reader_of(project_key: str) -> Callable[[str], str]:
    """What someone who may read one project's content may ask, and nothing else: a `lacks` for `Clients`."""
    allowed = ("", f"{READ_CONTENT} on {quote(project_key, safe='')}")

    def lacks(api_path: str) -> str:
        right = right_for(api_path)
        return "" if right in allowed else right

    return lacks


class Cache(Generic[V]):
    """Answers that are asked for again and again, by what tells beforehand whether they changed, such as a version. Safe
    between threads. The oldest goes when `size` are held, and each after `seconds`."""

    def __init__(self, size: int, seconds: float = math.inf) -> None:
        self._size = size
        self._seconds = seconds
        self._held: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Optional[V]:
        with self._lock:
            kept_at, value = self._held.get(key, (-math.inf, None))
            return value if time.monotonic() - kept_at < self._seconds else None

    def keep(self, key: Hashable, value: V) -> None:
        with self._lock:
            self._held[key] = (time.monotonic(), value)
            self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)


class CallCount:
    """How many calls all identities of one process made so far. Safe between threads."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self.number += 1


class Clients:
    """Clients of one DSS with one identity, handed to one thread at a time.

    `make` gives a new `DSSClient`. `timeout_seconds` bounds the silence and the length of one call, `deadline_seconds` a
    whole `Batch`. `seen` are scenario settings, `counted` row counts and `measured` what projects take on the disk (or
    the task that measures it), read before, by whomever, `started` the type and id of the trigger of single runs.
    `calls` counts what was asked so far, and `calls_of_all` what all identities made from one asked. `viewer` is who this
    one is, where that is known already. `read_only` refuses every write before it is sent.
    `base_url` is the address people use, '' for links on the same host; by default the client's own.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        workers: int = 4,
        timeout_seconds: float = 20.0,
        deadline_seconds: float = 60.0,
        *,
        base_url: Optional[str] = None,
        viewer: Optional[Viewer] = None,
    ) -> None:
        self.workers = workers
        self.timeout_seconds = timeout_seconds
        self.deadline_seconds = deadline_seconds
        self.viewer = viewer
        self.seen: Cache[ScenarioSettings] = Cache(SETTINGS_KEPT)
        self.counted: Cache[tuple[MetricPoint, ...]] = Cache(COUNTS_KEPT, COUNTS_KEPT_SECONDS)
        self.started: Cache[tuple[str, str]] = Cache(STARTERS_KEPT)
        self.measured: Cache[Union[Footprint, str]] = Cache(MEASURED_KEPT, MEASURED_KEPT_SECONDS)
        self.calls = 0
        self.calls_of_all = CallCount()
        self.read_only = False
        self._make = make
        self._base_url = base_url
        self._lacks: Callable[[str], str] = lambda api_path: ""
        self._turns = threading.BoundedSemaphore(workers)
        self._patience_seconds = timeout_seconds
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._clock = ServerClock()

    @property
    def base_url(self) -> str:
        if self._base_url is None:
            with self._client() as client:
                self._base_url = str(getattr(client, "host", "")).rstrip("/")
        return self._base_url

    def limited(self, lacks: Callable[[str], str], viewer: Optional[Viewer] = None) -> Clients:
        """The same identity, for someone with fewer rights: `lacks` names the right that they do not have for a path.
        They write nothing: what DSS would allow them is not known."""
        found = self.acting_as(self._make, viewer)
        found._lacks = lacks
        found.read_only = True
        return found

    def for_viewer(self, viewer: Viewer) -> Clients:
        """The same identity with the same rights, known to be `viewer`."""
        return self.acting_as(self._make, viewer)

    def one_at_a_time(self, deadline_seconds: float) -> Clients:
        """The same identity with the same rights for readings of many projects side by side, each of which makes one
        call after the other and waits for its turn as long as `deadline_seconds`. Scenario settings are not kept: a
        thousand projects have more of them than memory should hold."""
        found = self.acting_as(self._make, self.viewer)
        found.workers, found.deadline_seconds, found._patience_seconds = 1, deadline_seconds, deadline_seconds
        found.seen = Cache(0)
        found._lacks, found.read_only = self._lacks, self.read_only
        return found

    def acting_as(self, make: Callable[[], Any], viewer: Optional[Viewer]) -> Clients:
        """Another identity on the same DSS. All of them together make at most `workers` calls at once."""
        found = Clients(
            make, self.workers, self.timeout_seconds, self.deadline_seconds, base_url=self._base_url, viewer=viewer
        )
        found.seen, found.counted, found.measured = self.seen, self.counted, self.measured
        found.started = self.started
        found._turns, found.calls_of_all = self._turns, self.calls_of_all
        found._clock = self._clock
        return found

    # --- asking ------------------------------------------------------------------------------------------------------

    def get(self, api_path: str, params: Optional[Mapping[str, Any]] = None, *, max_bytes: int = MAX_BODY_BYTES) -> Any:
        """The parsed JSON answer; DssBroken where it is longer than `max_bytes`."""
        with self._answer("GET", api_path, params) as response:
            return self._json(response, api_path, max_bytes)

    def get_mapping(
        self, api_path: str, params: Optional[Mapping[str, Any]] = None, *, holding: Optional[tuple[str, type]] = None
    ) -> Mapping[str, Any]:
        """The answer of a route that promises an object. `holding` is a member without which it says nothing, and its
        type: read as empty, a broken answer would pass for "there is none"."""
        found = self.get(api_path, params)
        if not isinstance(found, dict):
            raise _wrong_type(found, "an object", api_path)
        if holding and not isinstance(found.get(holding[0]), holding[1]):
            raise DssBroken(f"the answer has no {holding[0]}", status=200, path=api_path)
        return found

    def get_either(
        self, api_path: str, params: Optional[Mapping[str, Any]] = None, *, max_bytes: int = MAX_BODY_BYTES
    ) -> Any:
        """The answer of a route that lists things, as a list or in an object: which of them is not documented."""
        found = self.get(api_path, params, max_bytes=max_bytes)
        if not isinstance(found, (dict, list)):
            raise _wrong_type(found, "a list", api_path)
        return found

    def get_items(self, api_path: str, params: Optional[Mapping[str, Any]] = None) -> tuple[Mapping[str, Any], ...]:
        """The answer of a route that promises a list of objects. One with a member that is none is broken: read without it,
        the list would pass for a shorter one."""
        found = self.get(api_path, params)
        if not isinstance(found, list):
            raise _wrong_type(found, "a list", api_path)
        return _objects(found, api_path)

    def ask(
        self, api_path: str, body: Mapping[str, Any], params: Optional[Mapping[str, Any]] = None
    ) -> Mapping[str, Any]:
        """The answer of a question that DSS takes by POST although it changes nothing (who is browsing)."""
        with self._answer("POST", api_path, params, dict(body)) as response:
            found = self._json(response, api_path)
        if not isinstance(found, dict):
            raise _wrong_type(found, "an object", api_path)
        return found

    def get_bytes(self, api_path: str, *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
        """The answer as it is: a file of a managed folder, a log."""
        with self._answer("GET", api_path, None) as response, _at_most(response, self.timeout_seconds, api_path):
            return b"".join(_chunks(response, max_bytes, api_path))

    def write(
        self,
        method: str,
        api_path: str,
        body: Optional[Any] = None,
        params: Optional[Mapping[str, Any]] = None,
    ) -> Any:
        """Change something in DSS, once: the parsed answer, None where it is empty. After DssUnreachable it may have
        happened or not: look before doing it again."""
        with self._answer(method, api_path, params, body, writes=True) as response:
            return self._json(response, api_path, or_nothing=True)

    def upload(self, api_path: str, name: str, content: bytes) -> None:
        """Put a file there, whole."""
        self.post_parts(api_path, {"file": (name, content)})

    def post_parts(
        self, api_path: str, parts: Mapping[str, tuple[str, bytes]], params: Optional[Mapping[str, Any]] = None
    ) -> None:
        """Send a form of files, by the names of its fields, once. After DssUnreachable it may have arrived or not."""
        with self._answer("POST", api_path, params, writes=True, files=parts):
            pass

    def rows(
        self, api_path: str, params: Mapping[str, Any], *, max_bytes: int, seconds: float
    ) -> Iterator[tuple[str, ...]]:
        """The rows of a tab-separated answer as they arrive, in constant memory. DssBroken past `max_bytes`,
        DssUnreachable past `seconds`: what was read until then is part of something longer."""
        with self._answer("GET", api_path, params) as response, _at_most(response, seconds, api_path):
            chunks = _chunks(response, max_bytes, api_path)
            try:
                yield from (tuple(row) for row in csv.reader(_lines(chunks), delimiter="\t"))
            except csv.Error as error:
                raise DssBroken(f"its rows cannot be read: {error}", status=200, path=api_path) from error

    def members(self, api_path: str, *, max_bytes: int, seconds: float) -> Iterator[Mapping[str, Any]]:
        """The objects of a list one by one as they arrive, for a list that is too long to be held whole; members that are
        no objects are passed over. DssBroken past `max_bytes`, and where it is no whole list; DssUnreachable past
        `seconds`, which is also how long DSS may take to begin."""
        with self._answer("GET", api_path, None, seconds=seconds) as response, _at_most(response, seconds, api_path):
            for member in pieces.members(_chunks(response, max_bytes, api_path), api_path):
                if isinstance(member, dict):
                    yield member

    def lines(self, api_path: str, params: Mapping[str, Any], *, max_bytes: int, seconds: float) -> Iterator[str]:
        """The lines of a text (a log) as they arrive. Whoever has read enough stops: the rest is not asked for. DssBroken
        past `max_bytes`, DssUnreachable past `seconds`."""
        with self._answer("GET", api_path, params) as response, _at_most(response, seconds, api_path):
            yield from _lines(_chunks(response, max_bytes, api_path))

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Calls made side by side, all of them together bounded by `deadline_seconds`."""
        batch = Batch(self.workers, self.deadline_seconds)
        try:
            yield batch
        finally:
            batch.close()

    def now(self) -> tuple[datetime, str]:
        """This moment and whose clock says so: "DSS" from the last answer's Date, else "this machine"."""
        return self._clock.now()

    # --- one call ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _answer(
        self,
        method: str,
        api_path: str,
        params: Optional[Mapping[str, Any]],
        body: Optional[Any] = None,
        *,
        writes: bool = False,
        files: Optional[Mapping[str, tuple[str, bytes]]] = None,
        seconds: Optional[float] = None,
    ) -> Iterator[requests.Response]:
        lacking = right_to_write(api_path) if writes and self.read_only else self._lacks(api_path)
        if lacking:
            raise DssDenied(f"this takes {lacking}", status=403, path=api_path, needs=lacking)
        patience = seconds or self.timeout_seconds
        with self._turn(api_path), self._client() as client, _our_errors(api_path, patience):
            with self._lock:
                self.calls += 1
            self.calls_of_all.add()
            # No redirect is followed: it would carry the ticket to whoever it names.
            with client._session.request(
                method,
                f"{client.host}/dip/publicapi{api_path}",
                params=params,
                data=None if body is None else json.dumps(body),
                files=files,
                stream=True,
                allow_redirects=False,
                verify=client._session.verify,
                timeout=seconds,
            ) as response:
                self._clock.hear(response.headers.get("Date"))
                if response.status_code >= 300:
                    with _at_most(response, patience, api_path):
                        raise _error(response, api_path, right_to_write if writes else right_for)
                yield response

    @contextmanager
    def _turn(self, api_path: str) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._patience_seconds):
            raise DssUnreachable("DSS is busy with other calls of this plugin", path=api_path, timed_out=True)
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _client(self) -> Iterator[Any]:
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            client = self._make()
            adapter = _Adapter(self.timeout_seconds)
            client._session.mount("http://", adapter)
            client._session.mount("https://", adapter)
        try:
            yield client
        finally:
            with self._lock:
                self._idle.append(client)

    def _json(
        self, response: requests.Response, api_path: str, max_bytes: int = MAX_BODY_BYTES, *, or_nothing: bool = False
    ) -> Any:
        with _at_most(response, self.timeout_seconds, api_path):
            body = b"".join(_chunks(response, max_bytes, api_path))
        if or_nothing and not body.strip():
            return None
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise DssBroken("the answer is not JSON", status=response.status_code, path=api_path) from error


class Batch:
    """Calls side by side. `start` begins one, `result` waits for it, at most until the batch's deadline."""

    def __init__(self, workers: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="dss")
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def start(self, function: Callable[..., T], *args: Any) -> Future[T]:
        return self._pool.submit(function, *args)

    def result(self, what: str, pending: Future[T], *, since: str = "") -> Known[T]:
        """What the call gave, or Unknown with a reason that begins with `what`. `since` is the DSS version that has the
        route first."""
        try:
            return pending.result(max(0.0, self._until - time.monotonic()))
        except (DssError, DssUnreachable) as error:
            return unknown(what, error, since=since)
        except FutureTimeout:
            return Unknown(f"{what} could not be read: no answer within {self._seconds:g} s", Cause.NO_ANSWER)

    def results(self, what: str, pending: Mapping[str, Future[T]]) -> dict[str, Known[T]]:
        """What each of several calls gave, by the name that `what` is about ("the runs of")."""
        found: dict[str, Known[T]] = {}
        for name, each in pending.items():
            value = self.result(f"{what} {name}", each)
            found[name] = value
        return found

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def unknown(what: str, error: Exception, *, since: str = "") -> Unknown:
    """A failed call as a value: "`what` could not be read: …", why, and what would change it."""
    reason = f"{what} could not be read: {error}"
    if isinstance(error, DssDenied):
        return Unknown(reason, Cause.DENIED, error.needs)
    if isinstance(error, DssUnreachable):
        return Unknown(reason, Cause.NO_ANSWER)
    if isinstance(error, DssNotFound) and not error.error_type and error.status == 404:
        return Unknown(reason, Cause.NO_ROUTE, f"DSS {since} or newer" if since else "")
    return Unknown(reason, Cause.BROKEN)


def attempt(what: str, function: Callable[..., T], *args: Any, since: str = "") -> Known[T]:
    """What one call gives here and now, or Unknown as of `unknown`."""
    try:
        return function(*args)
    except (DssError, DssUnreachable) as error:
        return unknown(what, error, since=since)


class _Adapter(HTTPAdapter):
    """A time-out for every call, and a second and third try for reading: nothing else may be sent twice."""

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self._timeout = timeout_seconds

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        for pause in PAUSES_SECONDS if request.method == "GET" else ():
            try:
                response = super().send(request, **kwargs)
            except requests.ConnectionError as error:
                if isinstance(error, requests.Timeout):
                    raise
            else:
                if response.status_code not in BUSY:
                    return response
                response.close()
            time.sleep(pause)
        return super().send(request, **kwargs)


class ServerClock:
    """What time it is for DSS: a Date header, and the seconds that this machine's `ticks` counted since.

    A header is never ahead: it drops the part of the second, and the answer was on its way for a while. So the one that
    puts DSS furthest ahead counts, and its time never runs backwards, unless DSS's own clock was set back."""

    SET_BACK = timedelta(seconds=2)

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._heard: Optional[tuple[datetime, float]] = None
        self._lock = threading.Lock()

    def hear(self, date_header: Optional[str]) -> None:
        """An answer with this header came just now."""
        at = self._ticks()
        try:
            heard = parsedate_to_datetime(date_header) if date_header else None
        except (TypeError, ValueError, IndexError, OverflowError):
            return
        if heard is None:
            return
        heard = (heard if heard.tzinfo else heard.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
        with self._lock:
            if self._heard is not None:
                behind = self._as_of(at, *self._heard) - heard
                if timedelta() <= behind <= self.SET_BACK:
                    return
            self._heard = (heard, at)

    def now(self) -> tuple[datetime, str]:
        if self._heard is None:
            return datetime.now(timezone.utc), "this machine"
        return self._as_of(self._ticks(), *self._heard), "DSS"

    @staticmethod
    def _as_of(at: float, heard: datetime, heard_at: float) -> datetime:
        return heard + timedelta(seconds=at - heard_at)


@contextmanager
def _our_errors(api_path: str, timeout_seconds: float) -> Iterator[None]:
    try:
        yield
    except (requests.Timeout, ReadTimeoutError) as error:
        raise DssUnreachable(f"no answer within {timeout_seconds:g} s", path=api_path, timed_out=True) from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError, HTTPError) as error:
        raise DssUnreachable("the answer was cut off", path=api_path) from error
    except (requests.RequestException, OSError) as error:
        # The client calls silence in the middle of an answer a lost connection.
        silent = any(isinstance(cause, ReadTimeoutError) for cause in error.args)
        said = f"no answer within {timeout_seconds:g} s" if silent else "no connection to DSS"
        raise DssUnreachable(said, path=api_path, timed_out=silent) from error


class _Watch:
    """Acts on what takes too long, one thread for all calls: to start one for each takes a fifth of what a call takes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[object, tuple[float, Callable[[], None]]] = {}
        self._wakes_at = math.inf
        self._thread: Optional[threading.Thread] = None

    @contextmanager
    def over(self, seconds: float, act: Callable[[], None]) -> Iterator[None]:
        """Calls `act`, from another thread, unless what is done within is over after `seconds`."""
        mark, at = object(), time.monotonic() + seconds
        with self._changed:
            self._due[mark] = (at, act)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="dss-watch", daemon=True)
                self._thread.start()
            elif at < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(mark, None)

    def _run(self) -> None:
        """Sleeps until the first is due. Most are over by then, and it ends when there is nothing left to wait for."""
        with self._changed:
            while self._due:
                now = time.monotonic()
                for mark in [mark for mark, (at, _) in self._due.items() if at <= now]:
                    self._due.pop(mark)[1]()
                self._wakes_at = min((at for at, _ in self._due.values()), default=now)
                self._changed.wait(max(0.0, self._wakes_at - now))
            self._thread = None


_WATCH = _Watch()


@contextmanager
def _at_most(response: requests.Response, seconds: float, api_path: str) -> Iterator[None]:
    """Hang up when the answer is still dripping in after `seconds`: the client's own time-out counts silence only."""
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        with suppress(OSError, ValueError, AttributeError):
            line = socket.socket(fileno=os.dup(response.raw.fileno()))
            with line:
                line.shutdown(socket.SHUT_RDWR)

    try:
        with _WATCH.over(seconds, hang_up):
            yield
    except (DssError, DssUnreachable, requests.RequestException, HTTPError, OSError) as error:
        if not late.is_set():
            raise
        raise DssUnreachable(f"no whole answer within {seconds:g} s", path=api_path, timed_out=True) from error
    if late.is_set():
        raise DssUnreachable(f"no whole answer within {seconds:g} s", path=api_path, timed_out=True)


def _chunks(response: requests.Response, max_bytes: int, api_path: str) -> Iterator[bytes]:
    read = 0
    for chunk in response.iter_content(CHUNK_BYTES):
        read += len(chunk)
        if read > max_bytes:
            raise DssBroken(f"the answer is larger than {max_bytes // 2**20} MB", status=200, path=api_path)
        yield chunk
    # The urllib3 that comes with clients of DSS 12 takes what there is for the whole.
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and response.raw.tell() < int(declared):
        raise DssUnreachable("the answer was cut off", path=api_path)


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield line + "\n"
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _error(response: requests.Response, api_path: str, right: Callable[[str], str]) -> DssError:
    status = response.status_code
    if status < 400:
        return DssBroken(
            "it answered with a redirect: is this the address of DSS itself?", status=status, path=api_path
        )
    try:
        said = json.loads(b"".join(_chunks(response, MAX_ERROR_BYTES, api_path)))
    except (ValueError, RecursionError, DssBroken):
        said = None
    kind = raw.text(said, "errorType")
    words = raw.first_text((raw.text(said, "detailedMessage"), raw.text(said, "message"), f"HTTP {status}"))
    words = mask(" ".join(words.split())[: 10 * MAX_ERROR_TEXT])[:MAX_ERROR_TEXT]
    if status in (401, 403) or (status == 500 and ("Unauthorized" in kind or "DKUSecurity" in kind)):
        needs = right(api_path) if status != 401 else "a valid API key or session"
        return DssDenied(words, status=status, path=api_path, error_type=kind, needs=needs)
    if status == 404 and not kind:
        return DssNotFound("this DSS has no such route", status=status, path=api_path)
    if status == 404 or (status == 500 and ("NotFound" in kind or "does not exist" in words)):
        return DssNotFound(words, status=status, path=api_path, error_type=kind)
    return DssBroken(words, status=status, path=api_path, error_type=kind)


def _objects(listed: list[Any], api_path: str) -> tuple[Mapping[str, Any], ...]:
    for member in listed:
        if not isinstance(member, dict):
            raise _wrong_type(member, "an object in the list", api_path)
    return tuple(listed)


def _wrong_type(found: Any, promised: str, api_path: str) -> DssBroken:
    return DssBroken(f"the answer is a {type(found).__name__} instead of {promised}", status=200, path=api_path)
