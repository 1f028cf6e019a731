"""For macros that create projects."""

import re


def make_unique_project_key(client, name):
    """A project key made from `name` that no project has."""
    taken = set(client.list_project_keys())
    key = stem = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "PROJECT"
    number = 1
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key
