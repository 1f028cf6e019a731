"""The page that declares, as HTML and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..model.declare import GROUP, ROWS, Editor, Field
from . import html
from .html import Permit
from .phrases import zone_of
from .urls import Urls

SCHEMA_VERSION = 1


def edit_document(found: Editor, urls: Urls, permit: Permit, root: str = "") -> str:
    """The page as a whole one that needs no script."""
    return _page("edit_document.html", found, urls, permit, root)


def edit_fragment(found: Editor, urls: Urls, permit: Permit, root: str = "") -> str:
    """The same without the document around it."""
    return _page("edit.html", found, urls, permit, root)


def findings(found: Editor, urls: Urls) -> str:
    """What is wrong with what somebody is entering, and what it means, to be put beside the fields as they stand."""
    assert found.form is not None, "only what is entered is checked"
    controls = tuple(_controls(found.form.fields))
    return html.page("edit_findings.html", found.zone, urls, form=found.form, controls=controls, root="")


def edit_json(found: Editor) -> str:
    """The profile of each layer as written, what is wrong with it, and who changed it lately."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "project_key": found.project_key,
        "taken_at": found.taken_at.isoformat(),
        "zone": found.zone,
        "unread": found.unread,
        "layers": dict(found.documents),
        "writable": list(found.layers.choices),
        "problems": [{"layer": layer, "path": path, "message": text} for layer, path, text in found.problems],
        "changes": [
            {"at": past.at.isoformat(), "by": past.by, "path": past.what, "layer": past.layer} for past in found.past
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def safe_zone(name: str) -> str:
    """The name where it is a time zone, else UTC."""
    return name if zone_of(name) is not None else "UTC"


def _page(template: str, found: Editor, urls: Urls, permit: Permit, root: str) -> str:
    return html.page(
        template,
        found.zone,
        urls,
        editor=found,
        form=found.form,
        permit=permit,
        root=root,
        capital=lambda text: text[:1].upper() + text[1:],
        changes_of=lambda past, part: tuple(each for each in past if f"{each.what}.".startswith(f"{part}.")),
    )


def _controls(fields: tuple[Field, ...]) -> Iterator[Field]:
    for each in fields:
        yield each
        if each.kind == GROUP:
            yield from _controls(each.fields)
        if each.kind == ROWS:
            for row in each.rows:
                yield from _controls(row)
