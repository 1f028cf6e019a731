"""Write the generated pages of docs/ again: what code already says is not written twice.

A page is one entry of `PAGES`: its file name below docs/ and the function that returns its text. A test holds each
file to its function.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python-lib"), str(ROOT)]

from localdss import api, story  # noqa: E402
from localdss.api.routing import BASES, ROUTES  # noqa: E402
from opsguide.model import profile as model  # noqa: E402  (the plugin's library is not installed, only beside us)
from opsguide.profile import schema  # noqa: E402
from opsguide.render import json as guide_json  # noqa: E402
from opsguide.render.incidents import incidents_schema  # noqa: E402
from opsguide.render.portfolio import portfolio_schema  # noqa: E402
from opsguide.render.status import status_schema  # noqa: E402
from opsguide.render.today_json import today_schema  # noqa: E402
from tools import clean_up_page, components_page, instrument_page, publish_page, self_check_page  # noqa: E402
from tools.verdicts_page import verdicts_page  # noqa: E402

PROFILE_EXAMPLE = {
    "timezone": "Europe/Paris",
    "oncall": {"role": "Data engineering on call", "method": "+33 1 23 45 67 89"},
    "calendars": {"shops": {"country": "FR", "weekend": ["sunday"]}},
    "datasets": {"sales_mart": {"due": "06:30", "calendar": "shops", "consumers": ["Finance"]}},
    "scenarios": {"NIGHTLY_BUILD": {"purpose": "Builds the marts from the night's files.", "max_minutes": 90}},
    "maintenance": [{"system": "Warehouse", "days": ["sunday"], "from_time": "23:00", "to_time": "02:00"}],
    "reviewed": {"on": "2026-03-02", "by": "Olivia"},
}

PROFILE_INTRODUCTION = """\
# The operations profile

What only people know of a project: contacts, deadlines, calendars, windows, limits. It is one JSON document, the value
of the key `operations_guide` in the project's variables. Every key is optional; what is not declared is shown as not
declared, with a link to where it belongs.

```json
{example}
```

## Layers

| Layer | Where it is written | What it is for |
|---|---|---|
| default | in the plugin | what holds when nobody says anything |
| instance | plugin settings, *Defaults for every project's profile* | platform contacts, maintenance, limits of all projects |
| standard | project variables, *Global variables*, `operations_guide` | travels with the project and its bundles |
| local | project variables, *Local variables*, `operations_guide` | this node only: production contacts, windows |

A later row comes before an earlier one. Objects are merged key by key, lists are replaced whole, `null` is the same as
leaving the key out. Layers may complete each other: a calendar that `local` defines may be named by `standard`.

## What is wrong is said, and nothing else is lost

Keys that are not listed below are refused, so that a slip of the pen is seen: `du` is answered with "did you mean
'due'?". All problems are shown at once, each with its layer and path, and where its value would stand in the guide. Only
the smallest part that is wrong is left out: what a lower layer says there, and everything else, still counts.
Values are taken literally: `"12"` is no number, `1` is not `true`. A document of more than a few megabytes, or nested
deeper than any profile, is not read.

Editors and tools find the same rules, as far as JSON Schema can express them, in [profile.schema.json](profile.schema.json).

## Keys
"""


def profile_page() -> str:
    """docs/profile.md: every part of the profile, each key with what it may be."""
    example = json.dumps({model.PROFILE_KEY: PROFILE_EXAMPLE}, indent=2)
    lines = [PROFILE_INTRODUCTION.replace("{example}", example)]
    for part in _parts(model.OpsProfile):
        lines += [
            f"### {part.__name__}",
            "",
            str(part.__doc__).strip(),
            "",
            "| Key | What it may be | Meaning |",
            "|---|---|---|",
        ]
        lines += [_row(part, name) for name in part.model_fields]
        lines.append("")
    return "\n".join(lines)


def profile_schema() -> str:
    """docs/profile.schema.json."""
    return json.dumps(schema(), indent=2) + "\n"


def guide_schema() -> str:
    """JSON Schema of `guide.json`."""
    return json.dumps(guide_json.schema(), indent=2, ensure_ascii=False) + "\n"


LOCALDSS_INTRODUCTION = """\
# The local DSS

`make demo` and the tests run against `localdss/`: a server that answers DSS's public API to the real `dataikuapi` client,
hosts this plugin's components by DSS's loading rules, and shows a small screen of each. It imports nothing of the plugin.
What it says is only as good as what is known of DSS, so every route states what its answer's shape rests on:

- **recorded**: seen in files or answers of a real DSS
- **documented**: told by Dataiku's documentation, or read in its client
- **inferred**: neither; the likeliest shape, which the plugin must be able to do without

An older version (`python -m localdss --version 12.0.0`) answers 404, in HTML, to routes that came later. Every route is
served under `/dip/publicapi` and `/public/api`; the header `X-Localdss-Basis` of each answer that is no error repeats what
is said here.

It lives: scenarios and jobs take time, and in the demo triggers fire as its clock moves. What went wrong in a story goes on
going wrong until somebody puts it right, by the button on the project's screen; then the same run succeeds.

It has a data directory, laid out when somebody first looks, dated by its own clock and of one mind with the lists: a job
whose folder is deleted leaves the list. Where DSS's documentation or its own macros name a folder, that is where things lie:

| folder | rests on |
|---|---|
| `jobs/PROJECT/JOB`, `scenarios/PROJECT/SCENARIO/RUN`, `saved_models/PROJECT/MODEL/versions/VERSION` | documented |
| `exports/EXPORT`, `streaming-logs/PROJECT/RECIPE/runs/RUN` | recorded: where DSS's own macros look |
| `bundles/PROJECT/BUNDLE`, and how many files lie in all of these and how they are called | inferred |

Macros that run as DSS itself reach it by `DIP_HOME`, other processes of plugins do not, as where User Isolation is on;
`localdss.serve(data_dir_open_to=...)` opens it to all, or closes it as containers do.
"""


def localdss_page() -> str:
    """What each route of the local DSS rests on, and the stories it can tell."""
    api.load()
    lines = [LOCALDSS_INTRODUCTION, "## Stories", "", "| `STORY=` | what happened |", "|---|---|"]
    for name in sorted(story.names()):
        lines.append(f"| `{name}` | {' '.join(str(story.read(name)['about']).split())} |")
    lines += ["", f"## Routes ({len(ROUTES)})", "", "| route | rests on | since | right |", "|---|---|---|---|"]
    for route in sorted(ROUTES, key=lambda route: (route.path, route.method)):
        since = ".".join(map(str, route.since))
        path = route.path.replace("<key>", "K").replace("<", "{").replace(">", "}")
        lines.append(f"| `{route.method} {path}` | {route.basis} | {since} | {route.right or 'any caller'} |")
    counts = ", ".join(f"{sum(route.basis == basis for route in ROUTES)} {basis}" for basis in BASES)
    return "\n".join([*lines, "", f"In all: {counts}.", ""])


def today_page() -> str:
    """JSON Schema of `today.json`."""
    return json.dumps(today_schema(), indent=2, ensure_ascii=False) + "\n"


def portfolio_page() -> str:
    """JSON Schema of `portfolio.json`."""
    return json.dumps(portfolio_schema(), indent=2, ensure_ascii=False) + "\n"


def incidents_page() -> str:
    """JSON Schema of `incidents.json`."""
    return json.dumps(incidents_schema(), indent=2, ensure_ascii=False) + "\n"


def status_page() -> str:
    """JSON Schema of `status.json`."""
    return json.dumps(status_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "localdss.md": localdss_page,
    "profile.md": profile_page,
    "profile.schema.json": profile_schema,
    "guide.schema.json": guide_schema,
    "today.schema.json": today_page,
    "incidents.schema.json": incidents_page,
    "portfolio.schema.json": portfolio_page,
    "status.schema.json": status_page,
    "clean-up.md": clean_up_page.page,
    "instrument.md": instrument_page.page,
    "probes-and-checks.md": components_page.page,
    "publish.md": publish_page.page,
    "self-check.md": self_check_page.page,
    "verdicts.md": verdicts_page,
}

_WORDS = (
    (model.TimeOfDay, "time of day `HH:MM`"),
    (model.ZoneName, "time zone"),
    (model.Day, "day `YYYY-MM-DD`"),
    (model.Instant, "instant with offset"),
    (model.CountryCode, "country code"),
    (model.WebAddress, "web address"),
    (model.AddressOrTitle, "web address or title of a wiki article"),
    (model.Pattern, "regular expression"),
    (model.Weekday, "day of the week, `monday` to `sunday`"),
    (str, "text"),
    (bool, "`true` or `false`"),
    (int, "whole number"),
    (float, "number"),
)


def _parts(top: type[BaseModel]) -> list[type[BaseModel]]:
    """`top` and all it is made of, each once, in reading order."""
    found = [top]
    for part in found:
        for hint in get_type_hints(part, include_extras=True).values():
            found += [below for below in _models(hint) if below not in found]
    return found


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    if _is_part(hint):
        yield hint
    elif get_origin(hint) is not Literal:
        for inner in get_args(hint):
            yield from _models(inner)


def _is_part(hint: Any) -> bool:
    # Until Python 3.10 tuple[X, ...] also counts as a type.
    return get_origin(hint) is None and isinstance(hint, type) and issubclass(hint, BaseModel)


def _row(part: type[BaseModel], name: str) -> str:
    field = part.model_fields[name]
    hint = get_type_hints(part, include_extras=True)[name]
    notes = "; required" if field.is_required() else _default(field.get_default(call_default_factory=True))
    return f"| `{name}` | {_words(hint)}{notes} | {field.description} |"


def _default(value: Any) -> str:
    if value in (None, "", (), {}) or isinstance(value, BaseModel):
        return ""
    if value is False:
        return "; default `false`"
    shown = ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else value
    return f"; default `{shown}`"


def _words(hint: Any) -> str:
    for known, words in _WORDS:
        if hint == known:
            return words
    origin, inner = get_origin(hint), get_args(hint)
    if _is_part(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if origin is Union or origin is Annotated:
        return _words(inner[0])
    if origin is tuple:
        return f"list of: {_words(inner[0])}"
    if origin is dict:
        return f"object, by name: {_words(inner[1])}"
    raise TypeError(f"no words for {hint!r}: add them to _WORDS")


def main() -> None:
    for name, write in PAGES.items():
        path = ROOT / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write().encode())
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
