"""What the page does under load: a large project with a long history, many readers at once, and a long day of refreshes.

`python bench/load.py [--quick]`. The DSS is another process; the page is served by a threaded server, as DSS serves it.
Each claim with what it is held against in brackets:

- a project of 500 scenarios, 5,000 datasets and a million runs: what one reader of Today waits for, against the ideal
  (what the client alone takes for as many calls on this machine), and the memory it takes;
- 200 people who open it at the same moment: half of them wait p50 and nearly all p95, as a ratio to one reader [2], and
  the calls as a ratio to one reader's [1.1, letting each of them in apart], since those with equal rights share one reading;
- people of other rights share nothing: as many readings as there are sets of rights;
- 1,000 refreshes of a small project: the memory at their end against that after the first tenth [1.1];
- an instance of 5,000 projects: time and memory a project against one of 1,000 [1.2].

The last line is the ratio of the slowest twentieth of the 200 to one reader.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEY, SMALL = "LARGE", "SMALL"
WORKERS = 4
READERS = 200


# --- the other processes ---------------------------------------------------------------------------------------------


def serve(scenarios: int, datasets: int, runs: int) -> None:
    """A local DSS with the large project, a small one and so many readers; prints its address and ends with its input."""
    from datetime import datetime, timezone

    import localdss
    from localdss import big, story

    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    with localdss.serve(story=None, at=now, sample=False, plugins=()) as dss:
        for number in range(READERS):
            login = f"reader{number:03d}"
            dss.instance.users[login] = {"login": login, "displayName": login, "enabled": True, "groups": ["analysts"]}
        for key, project in ((KEY, big.project(KEY, datasets, scenarios)), (SMALL, big.project(SMALL, 12, 4))):
            dss.instance.add(project)
            story.tell(dss.instance, project, "healthy", now)
            if key == KEY:
                big.past(project, runs)
        print(dss.url, flush=True)
        sys.stdin.read()


@contextmanager
def dss(*size: int) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", *map(str, size)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        try:
            yield one.stdout.readline().strip()
        finally:
            one.stdin.close()


def apart(what: str, *arguments: Any) -> dict[str, Any]:
    """One of the measurements below in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--measure", what, json.dumps(arguments)]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=_environment())
    answer: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return answer


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'python-lib'}{os.pathsep}{ROOT}"}


class Page:
    """The page of a project as its backend serves it, with the rights of a run-as user who may act as nobody else."""

    def __init__(self, url: str, key: str, refresh_seconds: int = 3600) -> None:
        import dataikuapi
        from flask import Flask
        from werkzeug.serving import WSGIRequestHandler, make_server

        from opsguide.dss.identity import Doors
        from opsguide.dss.session import Clients
        from opsguide.service import Desk
        from opsguide.settings import Settings
        from opsguide.web import create_blueprint

        doors = Doors(
            Clients(lambda: dataikuapi.DSSClient(url, "admin"), WORKERS, deadline_seconds=600),
            lambda ticket: dataikuapi.DSSClient(url, internal_ticket=ticket),
            lambda api_key: dataikuapi.DSSClient(url, api_key=api_key),
        )
        settings = Settings(minimum_refresh_seconds=refresh_seconds)
        self.desk, self.doors = Desk(key, settings, doors), doors

        class Quiet(WSGIRequestHandler):
            def log(self, type: str, message: str, *args: Any) -> None:
                pass

        app = Flask("host", static_folder=None)
        app.register_blueprint(create_blueprint(self.desk, ROOT / "resource"))
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def calls(self) -> int:
        return self.doors.calls

    def get(self, login: str, address: str = "/today") -> float:
        """Seconds until somebody has the page whole."""
        from http.client import HTTPConnection

        begun = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self._server.server_port, timeout=900)
        connection.request("GET", address, headers={"Host": "dss", "Cookie": f"localdss_user={login}"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status == 200, (answer.status, text[-500:])
        return time.monotonic() - begun


def one(url: str) -> dict[str, Any]:
    """One reader, alone: seconds, calls and this process's memory."""
    page = Page(url, KEY)
    seconds = page.get("reader000")
    again = page.get("reader000")
    return {"seconds": seconds, "again": again, "calls": page.calls, "memory": memory()}


def many(url: str, logins: Sequence[str]) -> dict[str, Any]:
    """All of them at the same moment."""
    page = Page(url, KEY)
    with ThreadPoolExecutor(len(logins)) as pool:
        seconds = sorted(pool.map(page.get, logins))
    p95 = seconds[round(0.95 * (len(seconds) - 1))]
    return {"p50": statistics.median(seconds), "p95": p95, "calls": page.calls, "memory": memory()}


def bare(url: str, calls: int) -> dict[str, Any]:
    """What the client alone takes for so many calls, doing nothing with the answers."""
    import dataikuapi

    def ask(count: int) -> None:
        client = dataikuapi.DSSClient(url, "admin")
        for _ in range(count):
            client.get_project(KEY).get_summary()

    begun = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(ask, [calls // WORKERS] * WORKERS))
    return {"seconds": time.monotonic() - begun}


def day(url: str, refreshes: int) -> dict[str, Any]:
    """So many refreshes of the small project's page, each read anew: memory after a tenth, and at the end."""
    page = Page(url, SMALL, refresh_seconds=0)
    early = 0
    for number in range(refreshes):
        page.get("reader000", "/today")
        if number == refreshes // 10:
            early = memory()
    return {"early": early, "late": memory(), "calls": page.calls}


def instance(number: int) -> None:
    """The instance check over so many projects, and over a fifth of them, as bench/instance.py measures it."""
    import instance as checks

    found = {}
    for projects in (number // 5, number):
        with checks.dss(projects) as url:
            found[projects] = checks.apart("check", url, {})
    few, all_ = found[number // 5], found[number]
    print(
        f"instance check: {number:,} projects in {all_['seconds']:.0f} s, {all_['calls']:,} calls, {all_['memory'] / 2**20:.0f} MB; "
        f"a project takes {all_['seconds'] / number / (few['seconds'] / (number // 5)):.2f} times the time that it takes "
        f"among {number // 5:,} [1.2]; {all_['not_read']} not read"
    )


def memory() -> int:
    """Bytes that this process holds now, where the system tells; else the most it held."""
    held = Path("/proc/self/statm")
    if held.exists():
        return int(held.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# --- the claims ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of everything, for a test")
    parser.add_argument("--serve", nargs=3, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        return serve(*asked.serve)
    if asked.measure:
        what, arguments = asked.measure
        print(json.dumps({"one": one, "many": many, "bare": bare, "day": day}[what](*json.loads(arguments))))
        return None
    return measure(20 if asked.quick else 1)


def measure(divisor: int) -> None:
    scenarios, datasets, runs = 500 // divisor, 5_000 // divisor, 1_000_000 // divisor
    readers = [f"reader{number:03d}" for number in range(max(10, READERS // divisor))]
    with dss(scenarios, datasets, runs) as url:
        alone = apart("one", url)
        client = apart("bare", url, alone["calls"])
        crowd = apart("many", url, readers)
        rights = apart("many", url, ["reader000", "admin", "reader001"])
        refreshes = apart("day", url, 1000 // divisor)
    print(
        f"{scenarios} scenarios, {datasets:,} datasets, {runs:,} runs: one reader waits {alone['seconds']:.1f} s, then "
        f"{alone['again']:.2f} s; {alone['calls']:,} calls, for which the client alone takes {client['seconds']:.1f} s: "
        f"{alone['seconds'] / client['seconds']:.2f} times; {alone['memory'] / 2**20:.0f} MB"
    )
    letting_in = len(readers) - 1
    print(
        f"{len(readers)} readers at once: p50 {crowd['p50']:.1f} s, p95 {crowd['p95']:.1f} s: {crowd['p50'] / alone['seconds']:.2f} "
        f"and {crowd['p95'] / alone['seconds']:.2f} times one reader [2]; {crowd['calls']:,} calls, of which about "
        f"{(crowd['calls'] - alone['calls']) / letting_in:.1f} to let each of the others in; {crowd['memory'] / 2**20:.0f} MB"
    )
    print(
        f"two sets of rights among three people: {rights['calls'] / alone['calls']:.2f} times the calls of one reader [2]"
    )
    print(
        f"{1000 // divisor:,} refreshes: {refreshes['late'] / refreshes['early']:.3f} times the memory after the first tenth "
        f"[1.1] ({refreshes['early'] / 2**20:.0f} MB, then {refreshes['late'] / 2**20:.0f} MB); "
        f"{refreshes['calls'] / (1000 // divisor):.0f} calls each"
    )
    instance(5_000 // divisor)
    print(f"load ratio {crowd['p95'] / alone['seconds']:.2f} (p95 of {len(readers)} readers ÷ one reader) [2]")


if __name__ == "__main__":
    main()
