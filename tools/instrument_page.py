"""docs/instrument.md: what the macro adds, what a watch says, and the variables it leaves, as the code has them."""

from __future__ import annotations

from opsguide.core.instrument import GROUPS
from opsguide.core.instrument.scenarios import FAILED, WATCH_MINUTES
from opsguide.model.plan import WATCH_NAME
from opsguide.model.today import Evaluation, Look
from opsguide.service import variables_of

_MEANINGS = {
    "operations_verdict": "ERROR, WARNING, UNKNOWN or OK; QUIET where nothing alarms (a design node)",
    "operations_headline": "the sentence of the day",
    "operations_problems": "what is wrong, worst first, one a line",
    "operations_muted": "what somebody muted, and until when, one a line",
    "operations_changed": "yes, no, or unknown where nothing remembers what was seen before",
    "operations_previous": "the verdict before, empty where there was none",
    "operations_new": "what is wrong now and was not, or is worse, one a line: `scenario:ID`, `dataset:NAME`, `folder:ID`, "
    "or `project` where it could not be read",
    "operations_heartbeat": "`sent`, why it was not, or empty where none was asked for",
    "operations_digest": "the digest, one line each; empty where there is nothing to tell that was not told",
    "operations_digest_subject": "the same in one short line",
    "operations_digest_sent": "what became of it, or why it was not sent",
    "operations_digest_seen": "for the next run: what people were told",
    "operations_facts": "what was kept of the days that are over, or why it was not; empty where it was kept before",
    "operations_seen": "for the next run: what this one saw",
}


def page() -> str:
    """The page; KeyError for a variable that has no meaning here yet."""
    names = variables_of(Look(Evaluation("OK", "", (), False), changed=False))
    groups = "\n".join(f"| `{group}` | {title} |" for group, title in GROUPS.items())
    variables = "\n".join(f"| `{name}` | {_MEANINGS[name]} |" for name in names)
    return _PAGE.format(groups=groups, variables=variables, watch=WATCH_NAME, minutes=WATCH_MINUTES, failed=FAILED)


_PAGE = """\
# Instrument a project, and watch it

The macro *Instrument project* shows what a project lacks to be watched, adds what you tick, and takes it back. It reads
and writes with the rights of whoever runs it, and needs *Write project content*.

| group | adds |
|---|---|
{groups}

## The preview

It changes nothing. Each row has an id, the limits that it proposes, and how these would have done: the builds of the last
90 days, each judged with nothing but what was known at its time. A limit declared in the profile comes before one from
history. What cannot be applied says why. Of a source, which no build computes, it offers the newest value of the declared time
column: the morning scenario computes it.

Managed folders among the sources and outputs get both probes and the check of age, their rows named by the folder's id
(`check:freshness:folder:kL4nd1ng`). The limits of one that nothing here builds come from the times of its files. DSS has no
call that runs the checks of a folder: the check is read back when it is added, and first run by a build or the morning
scenario. Where that scenario is there already, what it does not compute or check yet is a row of its own
(`morning:sources`, `morning:checks`).

A row of the group `facts` makes a managed dataset with the columns of a fact on the connection that you choose (see
[publish.md](publish.md)); a second one lets the watch append to it. A dataset of that name that is there already is used as it
is when it has the columns, and never changed: with others, the row says so and names what is missing. DSS decides the table
or path, and refuses a connection that you may not use or that takes no managed datasets.

## Applying

Tick groups, or name rows by their ids. Each change is read back from DSS after it was saved, and computed once; what DSS
dropped, turned into something else or cannot compute is taken out again, and so is a scenario or dataset that DSS made and
then refused to complete; what could not be taken out stays on the receipt. DSS saves settings whole and without a version:
the macro reads right before it saves and compares right after. Who saves the same object in the second between may lose
their change; where DSS counts versions, the result says that it happened.

Before and after each step a note goes to the managed folder `operations_guide_state`, which is made with the first change
and kept for good. One run at a time changes a project. A run that died is passed over after 15 minutes.

## Taking back

*Undo* takes back one receipt, *detach* all of them: do that before you uninstall the plugin. The settings are then as they
were. What somebody changed since is left as it is, and said; so is a dataset for facts that holds rows. What people wrote
stays: the state folder with its notes, and the rest of the profile.

Accepted columns are written to the profile: to its layer `local` on an automation node, where activating a bundle replaces
the other one, else to `standard`.

## The watch

A reporter cannot tell of a scenario that never started. The scenario *{watch}* looks every {minutes} minutes with the step
*Evaluate operations*, and fails only when something is wrong that was not when it last looked, or is worse than then. Its
reporter sends on `{failed}`, a condition that every DSS knows: one mail for each piece of news. What was seen is kept in
the state folder; without one, in the variables of the scenario's last run; with neither it fails rather too often than never.

The step leaves in the scenario's variables, for the templates of reporters (`${{operations_headline}}`):

| variable | says |
|---|---|
{variables}

## The heartbeat

So that somebody notices when nobody looks any more, the step can call an address after every look. Its host must be in the
plugin's setting *Heartbeat hosts*, which is empty until an administrator fills it in (`hc.example.com`, or with another port
than 443 `hc.example.com:8443`). It is an HTTPS GET of that address and nothing else: no credentials, no cookie, no redirect,
5 seconds at most. It is not sent when nothing could be seen.
"""
