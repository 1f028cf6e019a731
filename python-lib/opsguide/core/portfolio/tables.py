"""The portfolio as tables of cells, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from ...model.guide import Callout, Cell, Link, Origin, Section, Table, Tone
from ...model.portfolio import Finding, NotRead, Portfolio, Standing
from .. import words
from ..compose.phrases import OUTPUT_WORDS, STATE_WORDS
from ..compose.scene import key
from .standing import BY_HABIT

MAX_ROWS = 200
_LOUD = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)
_FINDING_TONES = {"wrong": Tone.NOTICE, "fine": Tone.GOOD, "unknown": Tone.UNKNOWN}
_FINDING_WORDS = {"wrong": "Look at it", "fine": "Fine", "unknown": "Cannot be told"}
_STATES = {
    "ERROR": "Error",
    "WARNING": "Warning",
    "UNKNOWN": "Cannot be told",
    "AS_USUAL": "As usual",
    "OK": "OK",
    "IDLE": "Idle",
    "QUIET": "Quiet",
}
_MEANINGS = {
    "ERROR": "A scenario failed or did not run, or a promised output is late or too old.",
    "WARNING": "Something is late, unusual or will not start by itself.",
    "UNKNOWN": "Something that must be known to judge it could not be read.",
    "AS_USUAL": "By its history in internal stats alone: its schedules and promises were not read.",
    "OK": "Every active scenario and every promised output was read and is as it should be.",
    "IDLE": "No scenario is active and nothing is promised.",
    "QUIET": "A design copy: nothing alarms there.",
}


def banners(found: Portfolio) -> tuple[Callout, ...]:
    """What a reader must know before believing the rest."""
    said = (*((found.scope,) if found.scope else ()), *found.notes)
    return tuple(Callout("note", (words.capital(text) + ".",)) for text in said)


def sections(found: Portfolio) -> tuple[Section, ...]:
    return tuple(
        chain(
            (Section("projects", "Projects", (_projects(found.projects),)),),
            _not_read(found.not_read, found.reading),
            _instance(found.findings),
        )
    )


# --- projects --------------------------------------------------------------------------------------------------------


def _projects(standings: Sequence[Standing]) -> Table:
    """Every project that somebody should look at, and as many of the others as a page can hold."""
    shown = [each for place, each in enumerate(standings) if place < MAX_ROWS or each.tone in _LOUD]
    left = f"; {len(standings) - len(shown):,} that need no look are left out" if len(shown) < len(standings) else ""
    return Table(
        ("Project", "State", "In Short", "Active Scenarios", "Promised Outputs", "Owner"),
        tuple(map(_row, shown)),
        f"{words.count(len(standings), 'project')}, worst first{left}",
        "No project was judged.",
    )


def _row(standing: Standing) -> tuple[Cell, ...]:
    row, project = f"portfolio.project-{key(standing.key)}", standing.project
    name = f"{project.name} ({standing.key})" if project.name and project.name != standing.key else standing.key
    origin = Origin.INFERRED if standing.basis == BY_HABIT else Origin.LIVE
    problems = standing.problems if len(standing.problems) > 1 else ()
    more = (f"and {standing.more_problems:,} more: see the project's own page",) if standing.more_problems else ()
    return (
        Cell(f"{row}.project", words.one_line(name), Origin.LIVE, link=Link("project", project_key=standing.key)),
        Cell(
            f"{row}.state",
            _STATES[standing.verdict],
            origin,
            source=standing.basis,
            tone=standing.tone,
            verdict=standing.verdict,
            evidence=(_MEANINGS[standing.verdict],),
        ),
        Cell(f"{row}.short", standing.headline, origin, evidence=(*problems, *more, *standing.remarks)),
        _counts(f"{row}.scenarios", standing.scenarios, STATE_WORDS, origin),
        _counts(f"{row}.outputs", standing.outputs, OUTPUT_WORDS, origin),
        _owner(f"{row}.owner", standing),
    )


def _counts(cell_id: str, counts: tuple[tuple[str, int], ...], said: dict[str, str], origin: Origin) -> Cell:
    text = ", ".join(f"{number:,} {said.get(verdict, verdict)}" for verdict, number in counts)
    return Cell(cell_id, text or "none", origin)


def _owner(cell_id: str, standing: Standing) -> Cell:
    project = standing.project
    if not (project.owner_name or project.owner_login):
        return Cell(cell_id, "", Origin.UNKNOWN, reason="the list of projects does not name its owner")
    return Cell(cell_id, words.one_line(project.owner_name or project.owner_login), Origin.LIVE)


# --- the rest --------------------------------------------------------------------------------------------------------


def _not_read(left: Sequence[NotRead], reading: bool) -> Iterator[Section]:
    if not left or reading:
        return
    rows = tuple(
        (
            Cell(
                f"portfolio.not-read-{key(each.project.key)}.project",
                words.one_line(each.project.name or each.project.key),
                Origin.LIVE,
                link=Link("project", project_key=each.project.key),
            ),
            Cell(
                f"portfolio.not-read-{key(each.project.key)}.why",
                words.capital(each.reason),
                Origin.LIVE,
                tone=Tone.UNKNOWN,
                verdict="UNKNOWN",
            ),
        )
        for each in left
    )
    yield Section("not-read", "Not Read", (Table(("Project", "Why"), rows, words.count(len(rows), "project")),))


def _instance(findings: Sequence[Finding]) -> Iterator[Section]:
    if findings:
        rows = tuple(map(_finding, findings))
        yield Section("instance", "The Instance", (Table(("Question", "Answer", "Details"), rows),))


def _finding(finding: Finding) -> tuple[Cell, ...]:
    row = f"portfolio.finding-{finding.id}"
    needs = f". What would tell: {finding.needs}" if finding.needs else ""
    left = (f"and {finding.left_out:,} more",) if finding.left_out else ()
    return (
        Cell(f"{row}.question", finding.title, Origin.LIVE),
        Cell(
            f"{row}.answer",
            _FINDING_WORDS[finding.state],
            Origin.LIVE,
            tone=_FINDING_TONES[finding.state],
            verdict=finding.state.upper(),
        ),
        Cell(
            f"{row}.details",
            words.capital(words.one_line(finding.said, 400)) + needs,
            Origin.LIVE,
            needs=finding.needs,
            evidence=(*finding.evidence, *left),
        ),
    )
