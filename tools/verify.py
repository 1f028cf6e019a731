"""Try every read of the plugin on a real DSS from outside: `make verify DSS_URL=https://… DSS_API_KEY=…`.

The address and the key come from the environment, and the key is never printed or written anywhere. PROJECT names the
project to read, else the first that the key may see is taken; SLOW=1 also tries what makes DSS work hard. Prints the
table, writes the dump, and ends with 1 where an answer differs or failed, with 2 where nothing could be asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import dataikuapi

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python-lib")]

from opsguide.dss import instance  # noqa: E402  (the plugin's library is not installed, only beside us)
from opsguide.dss.session import Clients  # noqa: E402
from opsguide.model.known import Unknown  # noqa: E402
from opsguide.model.self_check import State  # noqa: E402
from opsguide.render.self_check import DUMP_NAME, dump_json, self_check_text  # noqa: E402
from opsguide.service.self_check import self_check  # noqa: E402


def main(asked: Mapping[str, str] = os.environ) -> int:
    url, key = asked.get("DSS_URL", "").rstrip("/"), asked.get("DSS_API_KEY", "")
    if not url or not key:
        print(
            "Say which DSS, and with which key: DSS_API_KEY=… make verify DSS_URL=https://dss.example.com",
            file=sys.stderr,
        )
        return 2
    clients = Clients(lambda: dataikuapi.DSSClient(url, key), 1)
    clients.read_only = True
    project_key = asked.get("PROJECT", "") or _first_project(clients)
    if not project_key:
        return 2
    found = self_check(clients, project_key, {"slow": asked.get("SLOW") == "1"})
    print(self_check_text(found))
    target = Path(asked.get("DUMP") or ROOT / "dist" / DUMP_NAME)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(dump_json(found) + "\n", encoding="utf-8")
    print(f"The dump, without names, texts and amounts, is in {target}. Read it before you hand it on.")
    return 1 if {State.DIFFERS, State.FAILED} & set(found.counts) else 0


def _first_project(clients: Clients) -> str:
    listed = instance.read_projects(clients)
    if isinstance(listed, Unknown):
        print(listed.reason, file=sys.stderr)
        return ""
    if not listed:
        print("This key may see no project: name one with PROJECT=KEY, or use another key.", file=sys.stderr)
        return ""
    return listed[0].key


if __name__ == "__main__":
    sys.exit(main())
