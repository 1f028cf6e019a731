"""docs/clean-up.md: what the macro looks for, what protects it, and how it is executed, from the code."""

from __future__ import annotations

import json
from pathlib import Path

from opsguide.dss.macros import OF_ALL_PROJECTS, RECIPES
from opsguide.dss.plans import GIVEN_UP
from opsguide.model.cleanup import GROUP, QUARANTINE_TAG
from opsguide.service.cleanup.executing import LONGEST_PLAN
from opsguide.service.cleanup.macro import APPROVAL_DAYS

DESCRIPTOR = Path(__file__).resolve().parent.parent / "python-runnables" / "clean-up" / "runnable.json"

_TEXT = """\
# Clean-up

DSS keeps logs, exports and versions until somebody deletes them. The macro *Clean-up* shows what could go, why, and what
protects the rest; it deletes nothing until it is given the id of a plan, or may execute one that was approved (*On a
schedule*, below). It takes an administrator of the project; all projects at once, and deleting files, take an administrator
of the instance, whichever way the parameters were sent.

## What it looks for

| group | what happens | by | afterwards |
|---|---|---|---|
{groups}

Each group has a switch of its own, on by default. {everywhere} are cleaned up with *All projects* only: whatever project
DSS's macro runs in, it deletes those of every one. A web app's backend is stopped only where it is included by its name, as
DSS records no visits.

Datasets and folders are unused when no recipe, scenario step, model, dashboard, insight, web app, notebook or variable
names them, they are not exposed to other projects, and nothing built, changed or computed them for the days given. Every
sign is shown. Where a name stands in code, a query or a note, that is a *possible use*, which protects as well; so does what
could not be read. (Before DSS 13.1 a project's SQL notebooks cannot be read: there, datasets and folders go only where
they are included by name.) Whoever includes an object by its very name overrules these two, never a use. DSS records no
reads by people: the quarantine is there for those.

## What is never touched

Whatever runs or cannot be told not to; active versions and bundles; what is tagged `keep` (a project with that tag is
protected as a whole); of each series the last so many and the last success, as the parameters say; failures younger than
the days given; what belongs to another project; datasets over the same table or path as another one; anything whose age is
not known or lies in the future. Of DSS's data directory only single folders below `jobs` and `scenarios`, never through a
link, never on another disk; `tmp`, caches and internal databases never.

## Executing a plan

Everything is read and judged again, and only what stands in the plan *and* may go now, unchanged, goes. What was used,
built, run, tagged or changed since is left out and named. A plan is only a file: what it says is held to the same rules.
After {longest} days it is too old to be executed.

DSS's own macros come first, found by listing. They delete by age alone, so they are run with an age at which everything
that stays is younger, after a rehearsal that names nothing that stays. Then DSS's public API, by name: that is why model
versions and sessions do not depend on a count or an age. Log folders are deleted as files only where an administrator
of the instance switched on *Delete log files* and the macro runs on DSS's own host.

One failure stops nothing else. Each thing gets a receipt (what, why, size, when, error) in the state folder, with the
same rows as CSV. One clean-up runs at a time in a project; one that was killed can be continued by executing its plan
again once nothing was heard of it for {given_up} minutes. Removing an object changes DSS for good: what cannot be undone
stands above the plan.

Times in the report and on the page are those of the project's zone, as on every other page.

## Quarantine

An unused dataset or folder first gets the tag `{tag}DATE`, and its settings go to the state folder. Any use, change or
build until then takes the tag off at the next execution, and so does *Keep it* on the page. A tag that no clean-up set
deletes nothing: its object's quarantine begins then. After the day, the next execution deletes the object, its data too
where DSS manages it.

## On a schedule

A schedule cannot name an id. In mode `SCHEDULED` the macro executes the newest plan that an administrator of the project
approved on the page within {days} days, once; otherwise it makes a new plan. Mode `SCENARIO` makes a monthly scenario that
does so, inactive until somebody looks at it and activates it.

Who may write to the project can also write to its state folder. A plan or an approval put there by hand is still judged
again before anything goes, and an approval counts only in the name of somebody whom DSS shows to be an administrator of the
project. A name in a file proves little: whoever may write can so have a scheduled clean-up delete what the rules let go, and
nothing beyond them. Where that is too much, keep to plans executed by their ids.
Plans of all projects are kept in the project that they are made in, where its readers can open the files.

## Parameters

| parameter | default | |
|---|---|---|
{parameters}
"""


def page() -> str:
    """The page as text."""
    parameters = json.loads(DESCRIPTOR.read_text(encoding="utf-8"))
    rows = [
        f"| `{each['name']}` | {_default(each.get('defaultValue'))} | {each['label']}. {each['description']} |"
        for each in (*parameters["params"], *parameters["adminParams"])
        if each["name"] not in GROUP
    ]
    groups = [
        f"| `{group.name}` {group.title} | {group.does} | {_by(group.name)} | {group.undo} |"
        for group in GROUP.values()
    ]
    text = _TEXT.replace("{groups}", "\n".join(groups)).replace("{parameters}", "\n".join(rows))
    minutes = int(GIVEN_UP.total_seconds() // 60)
    text = text.replace("{given_up}", str(minutes)).replace("{tag}", QUARANTINE_TAG)
    text = text.replace("{everywhere}", " and ".join(GROUP[name].title for name in sorted(OF_ALL_PROJECTS)))
    return text.replace("{days}", str(APPROVAL_DAYS)).replace("{longest}", str(LONGEST_PLAN.days))


def _by(group: str) -> str:
    recipe = RECIPES.get(group)
    if recipe is None:
        return "public API"
    return f"macro `{recipe.component}`" + (", public API" if group == "notebook_sessions" else "")


def _default(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value)
    return "" if value is None else f"`{json.dumps(value)}`"
