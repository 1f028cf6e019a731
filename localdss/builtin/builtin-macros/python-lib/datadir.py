"""What is old in the data directory: find it, delete it when told to, and report as DSS's own macros do."""

import html
import os
import shutil
from email.utils import parsedate_to_datetime

import dataiku

HOME = os.environ.get("DIP_HOME", "")


def now():
    """Seconds since 1970 by the instance's clock, which dates the files; not by this machine's."""
    answer = dataiku.api_client()._perform_http("GET", "/instance-info")
    return parsedate_to_datetime(answer.headers["Date"]).timestamp()


def before(config):
    """The moment before which a folder is old."""
    return now() - int(config.get("age", 15)) * 86_400


def projects(root, project_key, config):
    """This project, or every one that has a folder there. Only administrators can send `allProjects`."""
    return sorted(_inside(root)) if config.get("allProjects", False) else [project_key]


def folders(root, *parts):
    """The names inside a folder below the data directory; none where it does not exist."""
    return sorted(_inside(os.path.join(HOME, root, *parts)))


def is_old(limit, *parts):
    return os.stat(os.path.join(HOME, *parts)).st_mtime < limit


def sweep(root, headers, found, config, progress_callback):
    """The HTML report on folders (tuples of names below `root`), deleted before where `performDeletion` says so."""
    perform = config.get("performDeletion", False)
    rows, total = [], 0
    for number, names in enumerate(found, 1):
        size, status = _take(os.path.join(HOME, root, *names), perform)
        total += size
        rows.append((*names, short(size), status))
        progress_callback(100 * number / len(found))
    did = ("Deleted logs from %i %s (reclaimed %s)." if perform else "Will delete logs from %i %s to reclaim %s.") % (
        len(found),
        root,
        short(total),
    )
    table = _table((*headers, "Size", "Status" if perform else ""), rows) if rows else ""
    return f"<div><div>{did}</div>{table}</div>"


def size_of(folder):
    """The bytes of the files below a folder."""
    return sum(os.lstat(os.path.join(here, name)).st_size for here, _, names in os.walk(folder) for name in names)


def short(size):
    for unit, bytes_of in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= bytes_of:
            return f"{size // bytes_of}{unit}"
    return f"{size}B"


def _take(folder, perform):
    size = size_of(folder)
    if not perform:
        return size, ""
    errors = []
    shutil.rmtree(folder, onerror=lambda _, path, failure: errors.append(f"{path}: {failure[1]}"))
    return size, "/".join(errors) or "Success"


def _table(headers, rows):
    head = "".join(f"<th>{html.escape(each)}</th>" for each in headers)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(each)}</td>' for each in row)}</tr>" for row in rows)
    return f'<table class="table table-striped"><tr>{head}</tr>{body}</table>'


def _inside(folder):
    path = os.path.join(HOME, folder)
    return os.listdir(path) if os.path.isdir(path) else []
