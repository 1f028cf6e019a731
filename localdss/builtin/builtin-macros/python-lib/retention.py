"""Old logs: find them, delete them when told to, and say so as HTML."""

import html

import dataiku
from dataiku.core import intercom


def sweep(kind, project_key, config, progress_callback):
    """List (or delete, where `performDeletion`) the logs of "jobs" or "scenarios" older than `age` days."""
    perform = bool(config.get("performDeletion", False))
    everywhere = bool(config.get("allProjects", False))
    keys = dataiku.api_client().list_project_keys() if everywhere else [project_key]
    rows = []
    for number, key in enumerate(keys):
        order = {"projectKey": key, "kind": kind, "days": float(config.get("age", 15)), "delete": perform}
        rows += [(key, log["name"], log["bytes"]) for log in intercom.backend_json("logs", order)["logs"]]
        progress_callback(100 * (number + 1) // len(keys))
    return _page(rows, perform)


def _page(rows, performed):
    total = sum(size for _, _, size in rows)
    verb = "deleted" if performed else "would be deleted"
    cells = "".join(
        f"<tr><td>{html.escape(key)}</td><td>{html.escape(name)}</td><td>{size:,}</td></tr>" for key, name, size in rows
    )
    head = "<tr><th>Project</th><th>Log</th><th>Bytes</th></tr>"
    return f"<h4>{len(rows)} logs {verb}, {total:,} bytes</h4><table>{head}{cells}</table>"
