"""The status page: the promises of a project, as those see them who use its outputs.

For a person: *green is a promise that is kept or not due yet. A day counts as kept when the output was ready in time.
What could not be read is said to be unknown; it is never green.* Only what an owner declared, names of outputs and
verdicts are passed on: reasons name scenarios and people, so none of them is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ..model.guide import Tone
from ..model.known import Cause, Known, Unknown
from ..model.profile import Declared
from ..model.report import FRESHNESS_ORDER, SLA_ORDER, OutputReport, Report
from ..model.snapshot import Snapshot
from ..model.status import OutputStatus, Planned, Status
from . import words
from .compose.front import project_name
from .compose.phrases import output_tone
from .compose.scene import Scene
from .compose.schedule_overview import due_cell

AHEAD = timedelta(days=30)

STATES = {
    "MET": "Ready",
    "MISSED": "Late",
    "AT_RISK": "May be late",
    "UNKNOWN": "Cannot be told",
    "RECOVERED_LATE": "Ready, but late",
    "TIGHT": "Ready",
    "PENDING": "Not due yet",
    "FRESH": "Up to date",
    "STALE_ERROR": "Out of date",
    "STALE_WARN": "Getting old",
    "NEEDS_REBUILD": "Newer data is waiting",
    "REBUILT_NO_NEW_DATA": "Without new data",
    "NOT_DECLARED": "No promise",
}
_ORDER = tuple(dict.fromkeys((*SLA_ORDER[:2], *FRESHNESS_ORDER, *SLA_ORDER)))
_WORST = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)
_KEPT, _BROKEN = ("MET",), ("MISSED", "RECOVERED_LATE")
_NOT_READ = Unknown("the state of the outputs cannot be told at the moment", Cause.NO_ANSWER)


def status(snapshot: Snapshot, declared: Declared, report: Report) -> Status:
    """The promises at `snapshot.taken_at`, and what maintenance is planned."""
    scene = Scene(snapshot, declared, report)
    planned = _planned(scene)
    without: tuple[str, ...] = ()
    unread = scene.profile_unread is not None or isinstance(snapshot.graph, Unknown)
    if isinstance(report.outputs, Unknown) or unread:
        found: Known[tuple[OutputStatus, ...]] = _NOT_READ
        headline, tone = "Whether the outputs are ready cannot be told at the moment", Tone.UNKNOWN
    else:
        lines = [_line(scene, output) for output in scene.outputs]
        found = tuple(sorted((line for line in lines if line.promise), key=_rank))
        without = tuple(line.name for line in lines if not line.promise)
        headline, tone = _headline(scene, found)
    return Status(
        project_key=snapshot.project_key,
        title=f"{project_name(scene)} - Status",
        taken_at=snapshot.taken_at,
        zone=report.zone,
        headline=_with_maintenance(headline, planned),
        tone=tone,
        outputs=found,
        unpromised=without,
        planned=planned,
    )


def _line(scene: Scene, output: OutputReport) -> OutputStatus:
    success = output.last_success
    days = tuple(day for day in output.days if day.verdict != "NOT_DECLARED")
    told = output.prediction
    waited_for = (
        output.verdict in ("AT_RISK", "MISSED", "PENDING") and told is not None and not isinstance(told, Unknown)
    )
    return OutputStatus(
        name=scene.name(output.ref),
        kind=output.ref.kind,
        promise=due_cell(scene, output, "status.promise").value if output.verdict != "NOT_DECLARED" else "",
        verdict=output.verdict,
        state=STATES.get(output.verdict, STATES["UNKNOWN"]),
        tone=scene.alarm(output_tone(output.verdict)),
        due_at=output.due_at,
        updated_at=None if isinstance(success, Unknown) or success is None else success.end,
        expected_at=told.p50 if waited_for and told is not None and not isinstance(told, Unknown) else None,
        days=days,
        kept=sum(day.verdict in _KEPT for day in days),
        judged=sum(day.verdict in (*_KEPT, *_BROKEN) for day in days),
    )


def _rank(line: OutputStatus) -> tuple[int, int, str]:
    """Worst first, by what a consumer makes of it, then by the verdict."""
    verdict = line.verdict if line.verdict in _ORDER else "UNKNOWN"
    tone = _WORST.index(line.tone) if line.tone in _WORST else len(_WORST)
    return (tone, _ORDER.index(verdict), line.name)


def _headline(scene: Scene, lines: Sequence[OutputStatus]) -> tuple[str, Tone]:
    """ "1 of 5 promised outputs is late, 1 cannot be told", worst first."""
    if not lines:
        return "Nothing is promised yet", Tone.NONE
    if scene.report.quiet:
        return "This is a design copy: its promises are kept elsewhere", Tone.QUIET
    of = words.count(len(lines), "promised output")
    wrong = [line for line in lines if line.tone in (Tone.BAD, Tone.NOTICE)]
    unknown = [line for line in lines if line.tone is Tone.UNKNOWN]
    if not wrong and not unknown:
        every = "The promised output is" if len(lines) == 1 else f"All {of} are"
        return f"{every} as promised", Tone.GOOD
    counted: dict[str, int] = {}
    for line in (*wrong, *unknown):
        counted[line.state.lower()] = counted.get(line.state.lower(), 0) + 1
    said = [f"{number} {state}" for state, number in counted.items()]
    tones = [line.tone for line in lines]
    tone = next(each for each in _WORST if each in tones)
    return f"Of {of}: {words.listed(said)}", tone


def _planned(scene: Scene) -> tuple[Planned, ...]:
    found = [
        Planned(_system(scene, window.system), *report.span, words.one_line(window.impact), report.span[0] <= scene.now)
        for window, report in zip(scene.profile.maintenance, scene.report.windows)
        if report.span is not None and report.span[0] <= scene.now + AHEAD
    ]
    return tuple(sorted(found, key=lambda each: (each.start, each.system)))


def _system(scene: Scene, system: str) -> str:
    """Its name among people: a connection's own name is nobody's business here."""
    connection = scene.profile.connections.get(system)
    if connection is not None:
        return words.one_line(connection.label) or "A system behind it"
    known = {dataset.connection.casefold() for dataset in scene.datasets.values()}
    return "A system behind it" if system.casefold() in known else words.one_line(system)


def _with_maintenance(headline: str, planned: Sequence[Planned]) -> str:
    going = [each.system for each in planned if each.going]
    if not going:
        return headline
    return f"{headline}; in maintenance now: {words.listed(list(dict.fromkeys(going)), 3)}"
