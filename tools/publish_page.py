"""docs/publish.md: where the guide and its facts go, from the descriptors and the code."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import get_args

from opsguide.core.measures import measures
from opsguide.model.fact import COLUMNS
from opsguide.model.guide import Tone
from opsguide.model.measure import Measure, Tally
from opsguide.model.question import Kind, Question
from opsguide.model.today import Counts, Timeline, Today
from tools.components_page import parameter_row

ROOT = Path(__file__).resolve().parent.parent
_AT = datetime(2026, 3, 2, tzinfo=timezone.utc)
# Families are named whatever there is to count.
_NOTHING = Today("", "", _AT, "UTC", "", Tone.NONE, (), Counts(), Timeline(_AT, _AT, _AT, "UTC", ()), (), (), (), ())
_KINDS = {
    "overview": "the sentence of the day, all that is wrong or unknown, and what is muted until when and by whom",
    "late": "what is late, failed, at risk, implausible or unknown, worst first",
    "ready": "whether an output, source or scenario is ready: its verdict, when it was due and built, when to expect it",
    "why": "the incident behind it: where it failed, the suspected origin, the lines of the log, what helped before",
    "rerun": "all that is looked at before an action, what stands in the way first; nothing is started",
    "contacts": "who is on call, whom to call about what, who owns and who uses what is named",
}
HEAD = "| Field | Parameter | Default | Meaning |\n|---|---|---|---|"


def page() -> str:
    """The page."""
    return _PAGE.format(
        publish=_form("python-runnables/publish-guide/runnable.json"),
        readiness=_form("python-project-standards-check-specs/operations-readiness/project_standards_check_spec.json"),
        facts="\n".join(f"| `{name}` | {kind} |" for name, kind in COLUMNS.items()),
        question=_question(),
        kinds=_kinds(),
        metrics="\n".join(_metric(each) for each in measures(_NOTHING, None, Tally())),
    )


def _question() -> str:
    fields = Question.model_fields
    rows = [f"| `{name}` | `{fields[name].default!r}` | {fields[name].description} |" for name in fields]
    return "\n".join(["| Input | Default | Meaning |", "|---|---|---|", *rows])


def _kinds() -> str:
    missing = set(get_args(Kind)) ^ set(_KINDS)
    assert not missing, f"kinds of questions without words, or words without a kind: {missing}"
    return "\n".join(f"| `{kind}` | {_KINDS[kind]} |" for kind in get_args(Kind))


def _form(descriptor: str) -> str:
    params = json.loads((ROOT / descriptor).read_text("utf-8"))["params"]
    return "\n".join([HEAD, *(parameter_row(param) for param in params)])


def _metric(measure: Measure) -> str:
    name = f"{measure.name}_total" if measure.kind == "counter" else measure.name
    return f"| `{name}` | {measure.kind} | {measure.help} |"


_PAGE = """\
# Publish

The guide is one document. Wherever it is published, the same fact has the same value.

## The macro *Publish guide* (`publish-guide`)

Reads the project, shows what it would write, and writes where *Write it* is ticked. It needs *Write project content*, and
makes the managed folder `operations_guide_state`, in which it keeps what it published where. To keep a guide up to date, run
it as a step of a scenario with *Write it* on.

{publish}

**Wiki.** The guide's parts stand between marks that readers do not see, `<!-- operations-guide: begin … -->` and
`<!-- operations-guide: end … -->`. Only what is between the marks of a part is ever replaced. Write above, below and between
the parts as you like, and move them: your text stays to the letter, and so does the order. Where somebody wrote inside a part
it is left as it is, and the result says so. An article is found again under another name, and one that somebody saves at the
same moment is not written over.

**Files.** Markdown, one HTML file that asks nobody for anything, or a PDF. A file that is not as the macro left it is not
replaced. Links lead to the address of DSS that an administrator sets in the plugin's settings.

Nothing is written where nothing changed but the time that has passed. *Any reader of this project* reads with nothing but
the right to read the project's content: the published guide then shows nothing that its readers could not see.

The same files can be downloaded from the foot of the guide's page: `/guide.pdf`, `/guide.html`, `/guide.md`, `/guide.json`.

## The digest

The scenario step *Evaluate operations* can tell people who do not look at the page. Choose *Digest* in the step: by mail, or
in the scenario's variables alone, from which a reporter to Slack, Teams or a webhook takes them (`${{operations_digest}}`, and
`${{operations_digest_subject}}` as one short line). Whoever runs it as often as the watch hears of news within minutes, and of
nothing twice.

- An alarm is told when it begins, when it is over, and again only when it became another one: another verdict, or another
  day's promise. Each has a line with a link. What people were told is remembered in the state folder, which is made with the
  first digest; without the right to, in the variables of the scenario's last run.
- The first digest of a day also says what still stands, what is not known, and what is muted until when and by whom. A quiet
  day is one line.
- During a maintenance window of the profile (without *runs expected*) no alarm is told: it is named as held back, with the end
  of the window and the layer of the profile that says so, and told afterwards where it still stands.
- Mail goes through a messaging channel of DSS (12.6 and newer) and takes *Write project content* for the scenario's run-as user.
  Where a mail does not leave, the step fails and says why, and the next run tells it again; after a time-out of DSS nobody
  knows whether it left, so that one may come twice.
- Links lead to the address of DSS in the plugin's settings; without one there are none.

## For programs

A program calls the web app's backend with a DSS API key (`Authorization: Bearer KEY`, or the key as user name of HTTP
Basic). It reads, sees this project alone, and nothing that a plain reader could not see.

| address | what | schema |
|---|---|---|
| `/guide.json` | the guide, cell by cell | [guide.schema.json](guide.schema.json) |
| `/today.json` | today: each scenario, output and source with its verdict | [today.schema.json](today.schema.json) |
| `/incidents.json` | what is wrong, by root cause | [incidents.schema.json](incidents.schema.json) |
| `/status.json` | the promises as consumers see them | [status.schema.json](status.schema.json) |
| `/portfolio.json` | the page *Portfolio*: with a key, of this project alone | [portfolio.schema.json](portfolio.schema.json) |
| `/metrics` | numbers, as OpenMetrics | below |

Each document names its `schema_version`. Instants are ISO 8601 with offset, durations seconds. The other pages have JSON as
well (`/actions.json`, `/clean-up.json`, `/edit.json`); it has no schema and may change with any release.

### `/metrics`

What is not known has no sample: alert on its absence. Instants are seconds since 1970; labels are a project, an output, a
scenario or a verdict.

| metric | kind | says |
|---|---|---|
{metrics}

## Facts, day by day

When the step *Evaluate operations* runs, it writes down the days that are over: one fact for each output and each active
scenario. Where the project has the state folder `operations_guide_state` they go there, one file a day, `facts/<day>.json`,
never changed; days on which nothing looked are caught up with for a week. Where a *Facts dataset* is chosen in the step, the
rows of the last day are appended to it, on whatever connection it is: your history lives in your own warehouse. The macro
*Instrument project* makes that dataset on the connection you choose, and has the watch append to it. Before appending, the
step looks which rows of the day are there: none is appended twice. What became of it stands in `${{operations_facts}}`.

| column | type |
|---|---|
{facts}

A promise is counted on the day on which it was due, a run on the day on which it ended, on the project's clock. What could not
be known is empty, never 0. Columns are only ever added, at the end.

Notes and facts of the state folder are kept for as many days as the plugin's settings say (*Keep notes and facts, days*, 400);
each new day takes the older ones away, by whole days. A dataset is never shortened.

## The agent tool *Operations* (`operations`)

For DSS 13.4 and newer: add it to an agent of the project. It answers read-only questions from the same verdicts as the pages,
with what each rests on and what is not known, and reads with the rights that DSS runs it with. Without the address of DSS in
the plugin's settings its sources have no links.

{question}

| `ask` | answers |
|---|---|
{kinds}

## The project standards check *Operations readiness* (`operations-readiness`)

For DSS 14.1 and newer, where an administrator adds it to the library of checks and to a scope. It reads with the rights that
DSS runs it with, and writes nothing. A project that lacks something fails with the severity below, and all that it lacks is
said at once; where something cannot be told the check ends in an error that says what right would tell; a project with no
output and no active scenario is not judged.

{readiness}
"""
