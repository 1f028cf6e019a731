"""python -m localdss: serve a local DSS with the sample project until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from . import replay, story
from .instance import VERSION
from .opening import PLUGIN, serve
from .projects import NotAProject
from .server import Server
from .story import NoSuchStory

# Slow enough to be watched, fast enough not to be waited for: a build of ten minutes takes ten seconds.
DEMO_SPEED = 60.0


def main() -> int:
    asked = _arguments()
    if asked.replay:
        return _replay(asked.replay, asked.port)
    plugins = asked.plugin or [PLUGIN]
    try:
        with serve(
            story=asked.story,
            at=asked.at,
            projects=asked.project,
            version=asked.version,
            plugins=plugins,
            port=asked.port,
            speed=DEMO_SPEED,
            latency=asked.latency_ms / 1000,
            postgres=asked.postgres,
            triggers_fire=True,
        ) as dss:
            interrupted = _interruption()
            print(_welcome(dss), flush=True)
            interrupted.wait()
    except (NotAProject, NoSuchStory) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _replay(path: Path, port: int) -> int:
    try:
        dump = replay.read(path)
    except replay.NotADump as error:
        print(error, file=sys.stderr)
        return 2
    with replay.serve(dump, port) as url:
        interrupted = _interruption()
        print(f"A recorded DSS {dump.get('dss_version')} answers on {url}/ as project {dump.get('project')}.")
        print("Any API key is let in; only what its dump holds is answered. Stop with Ctrl-C.", flush=True)
        interrupted.wait()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localdss", description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--story", default=story.DEFAULT, help=f"one of {', '.join(story.names())}")
    parser.add_argument(
        "--project", type=Path, action="append", default=[], metavar="DIR", help="also open this project"
    )
    parser.add_argument("--latency-ms", type=int, default=0, help="delay every answer of the API")
    parser.add_argument("--at", type=_instant, help="the instant at which the story is told, as 2025-10-13T07:12+02:00")
    parser.add_argument(
        "--plugin", type=Path, action="append", metavar="DIR", help="a plugin to install, in place of this one"
    )
    parser.add_argument("--version", default=VERSION, help="the version of DSS to play; older ones lack routes")
    parser.add_argument("--postgres", default="", metavar="URL", help="a PostgreSQL server to play the SQL connections")
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="FILE",
        help="serve the answers that a dump of the plugin's self-check holds instead",
    )
    return parser.parse_args()


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} names no zone: write an offset, as in 2025-10-13T07:12+02:00")
    return at


def _welcome(dss: Server) -> str:
    instance = dss.instance
    now = instance.clock.now().astimezone(ZoneInfo(instance.zone))
    first = next(iter(instance.projects))
    webapps = instance.projects[first].webapps
    page = f"{dss.url}/projects/{first}/webapps/{next(iter(webapps))}/" if webapps else dss.url
    return f"""
A local DSS {instance.version} listens on {dss.url}/
It is {now:%A %Y-%m-%d %H:%M} ({instance.zone}) there. Story: {instance.story}. Projects: {", ".join(instance.projects)}.

  Open   {page}
         the operations guide, inside the project, as DSS shows a webapp
  Open   {dss.url}/
         the projects, each with its macros, datasets, scenarios and webapps
  Try    run the macro "Morning check", press Compute on a dataset, run a scenario, browse as somebody else
  Call   dataikuapi.DSSClient("{dss.url}", "admin")
         API keys are logins: {", ".join(login for login, user in instance.users.items() if user.get("enabled", True))}

Other stories: {", ".join(story.names())}. Stop with Ctrl-C.
"""


def _interruption() -> threading.Event:
    """Set when this process is told to end; asked for before anybody hears that there is something to end."""
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    return stopped


if __name__ == "__main__":
    sys.exit(main())
