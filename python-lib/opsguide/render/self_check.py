"""The self-check as a macro's result and as text for a terminal."""

from __future__ import annotations

import json
import textwrap
from base64 import b64encode

from ..model.guide import Tone
from ..model.self_check import SelfCheck, State, Tried
from . import html
from .urls import Urls

# Worst first: what differs is a fault of ours, the rest may be as it should be.
SHOWN = (
    (State.DIFFERS, Tone.BAD, "Answered, but not as the plugin expects: please report it with the dump."),
    (State.FAILED, Tone.BAD, "DSS failed or did not answer. Try again; if it stays, report it with the dump."),
    (
        State.DENIED,
        Tone.NOTICE,
        "Whoever runs this lacks a right; the plugin does without, and says so where it matters.",
    ),
    (State.NO_ROUTE, Tone.QUIET, "This DSS is too old for it; the plugin does without."),
    (State.NOT_TRIED, Tone.QUIET, "Nothing is known of these."),
    (State.WORKS, Tone.GOOD, "Answered as the plugin expects."),
)
DUMP_NAME = "operations-guide-self-check.json"


def self_check_result(found: SelfCheck, urls: Urls, zone: str = "") -> str:
    """A macro's result: the table, and the dump to save or to copy."""
    groups = [
        (tone, state.value, means, [each for each in found.reads if each.state is state])
        for state, tone, means in SHOWN
        if state in found.counts
    ]
    dump = dump_json(found)
    return html.page(
        "self_check_result.html",
        zone,
        urls,
        found=found,
        groups=groups,
        dump=dump,
        dump_name=DUMP_NAME,
        dump_base64=b64encode(dump.encode()).decode(),
    )


def dump_json(found: SelfCheck) -> str:
    """The dump as a file: the same text for the same answers."""
    return json.dumps(found.dump, ensure_ascii=False, indent=1)


def self_check_text(found: SelfCheck, width: int = 110) -> str:
    """The table for a terminal, worst first, with what there is to say below each read."""
    version = f"DSS {found.version}" if found.version else "a DSS that does not tell its version"
    lines = [f"Project {found.project_key} on {version}: {found.headline}.", ""]
    for state, _, means in SHOWN:
        reads = [each for each in found.reads if each.state is state]
        if reads:
            lines += [
                f"{state.value.upper()} ({len(reads)}): {means}",
                *(line for e in reads for line in _row(e, width)),
                "",
            ]
    return "\n".join(lines)


def _row(read: Tried, width: int) -> list[str]:
    needs = f"  [{read.right}]" if read.state is State.DENIED else ""
    since = f"  [since DSS {read.since}]" if read.since and read.state is State.NO_ROUTE else ""
    said = () if read.state is State.NO_ROUTE else read.said
    below = (f"      {line}" for text in (*said, *read.notes) for line in textwrap.wrap(text, width - 6))
    return [f"  {read.what:<42} {read.method} {read.path}{needs}{since}", *below]
