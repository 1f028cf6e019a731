"""docs/self-check.md: how to run it, and every read that the plugin makes, as the table in the code has them."""

from __future__ import annotations

from opsguide.dss.reads import READS, Read
from opsguide.dss.shapes import said
from opsguide.model.self_check import State
from opsguide.render.self_check import DUMP_NAME, SHOWN


def page() -> str:
    """The page; one row a state and a read."""
    states = "\n".join(f"| {state.value} | {means} |" for state, _, means in SHOWN)
    reads = "\n".join(_row(read) for read in READS)
    shapes = "\n".join(f"- `{read.name}`: {said(read.form)}" for read in READS)
    assert {state for state, _, _ in SHOWN} == set(State)
    return _PAGE.format(states=states, reads=reads, shapes=shapes, dump=DUMP_NAME, number=len(READS))


def _row(read: Read) -> str:
    return f"| `{read.name}` | {read.what} | `{read.method} {read.path}` | {read.right or 'any caller'} | {read.since or 'always'} |"


_PAGE = """\
# Self-check: does it work on your DSS?

Much of what DSS answers is not documented. The self-check tries every read that the plugin makes, one after the other,
with the rights of whoever runs it, and compares each answer with what the code expects. It changes nothing.

- **Inside DSS**: run the macro *Self-check* in a project (*Macros* menu). It needs *Read project content*.
- **From outside**: `DSS_API_KEY=… make verify DSS_URL=https://dss.example.com PROJECT=KEY`. The key is read from the
  environment and never printed; the dump goes to `dist/{dump}` (`DUMP=` names another file). Without `PROJECT` the first project that the
  key may see is read. It ends with 1 where something differs or failed, with 2 where nothing could be asked, else with 0. `SLOW=1` also tries what makes DSS work hard.

| a read | means |
|---|---|
{states}

*In no answer* is no fault: a field that the plugin reads where it is there, and none of the answers had. Where such a field
should be there, its name may have changed. *New word* is a value that the plugin keeps as it is, without knowing what it means.

## The dump

A JSON document to attach to a bug report. It keeps the fields that DSS has, the types of their values, DSS's own words,
instants, and how long lists and texts are. Every name and text becomes a placeholder of the same length, the same one
wherever it stands; a number becomes one of the same length; of logs, files and rows only the length is kept. Of a list
its first members remain and all that show something new. Column names, variables, code and what DSS says in errors are not in it.
Read it before you hand it on: nobody but you knows what your DSS holds.

`python -m localdss --replay DUMP` serves the answers of a dump to any client; a self-check of that gives the same table.

## The reads ({number})

| name | what | path | right | since DSS |
|---|---|---|---|---|
{reads}

## What each answer must look like

Only what is read is named. A field in bold must be there; any other may be missing or null. *A or b*: which of them is
not documented.

{shapes}
"""
