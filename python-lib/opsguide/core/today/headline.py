"""The sentence that comes first: what is wrong, what cannot be told, what is well, and the next deadline.

Worked example: "2 of 14 outputs late, 1 scenario did not start; next deadline 07:30 sales_mart, met on 9 of 11 such
mornings".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from ...model.guide import Tone
from ...model.known import Unknown, in_vain, known
from ...model.ledger import Mute
from ...model.report import Prediction
from .. import words
from ..compose.maintenance_windows import triggers_disabled
from ..compose.phrases import GOOD_STATES, is_good, run_verdict, state_tone, with_warnings
from ..compose.scene import Scene
from .lines import (
    CONCERN_WORDS,
    CONCERNS,
    SCENARIO_WORDS,
    SOURCE_WORDS,
    concern,
    concern_tone,
    output_verdict,
    source_verdict,
    upcoming_dues,
)

_ORDER = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN, Tone.NONE, Tone.QUIET, Tone.GOOD)


@dataclass(frozen=True)
class _Clause:
    """A part of the sentence. `again` is how it reads where its `subject` was spoken of before, `short` right behind
    such a part."""

    tone: Tone
    subject: str
    text: str
    again: str = ""
    short: str = ""


def headline(scene: Scene) -> tuple[str, Tone]:
    """The sentence, and the worst it tells: GOOD only where every active scenario and every promised output is known to
    be well."""
    clauses = sorted(
        (
            *_outages(scene),
            *_triggers(scene),
            *_unread(scene),
            *_outputs(scene),
            *_scenarios(scene),
            *_sources(scene),
            *_quality(scene),
            *_muted(scene),
        ),
        key=lambda clause: _ORDER.index(clause.tone),
    )
    wrong = [clause for clause in clauses if clause.tone in (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)]
    well = [clause.text for clause in clauses if clause not in wrong]
    sentence = "; ".join(part for part in (_joined(wrong), ", ".join(well), _next_deadline(scene)) if part)
    tone = clauses[0].tone
    if scene.report.quiet:
        return f"{words.capital(scene.report.quiet)}, nothing alarms: {sentence}", Tone.QUIET
    return words.capital(sentence), tone


def _joined(clauses: list[_Clause]) -> str:
    said: list[str] = []
    spoken: list[str] = []
    for clause in clauses:
        if spoken[-1:] == [clause.subject] and clause.short:
            said.append(clause.short)
        else:
            said.append(clause.again if clause.subject in spoken and clause.again else clause.text)
        spoken.append(clause.subject)
    return ", ".join(said)


def _outages(scene: Scene) -> Iterator[_Clause]:
    for outage in scene.report.outages:
        between = f"{scene.time(outage.start)} and {scene.time(outage.end)}"
        yield _Clause(Tone.BAD, "instance", f"the instance was probably down between {between}")


def _triggers(scene: Scene) -> Iterator[_Clause]:
    if triggers_disabled(scene):
        yield _Clause(Tone.NOTICE, "triggers", "automatic triggers are switched off")


def _unread(scene: Scene) -> Iterator[_Clause]:
    """What is judged by, and could not be read: without it nothing is promised, or things are missing from the lists."""
    if scene.profile_unread is not None:
        yield _Clause(Tone.UNKNOWN, "promises", "what is promised could not be read")
    if in_vain(scene.snapshot.graph) and not isinstance(scene.report.outputs, Unknown):
        yield _Clause(Tone.UNKNOWN, "flow", "the flow could not be read")


# --- outputs ---------------------------------------------------------------------------------------------------------


def _outputs(scene: Scene) -> Iterator[_Clause]:
    found = scene.report.outputs
    if isinstance(found, Unknown):
        yield _Clause(Tone.UNKNOWN, "outputs", "the outputs could not be read")
        return
    stand = Counter(concern(scene, output) for output in found if output.muted is None)
    total = words.count(len(found), "output")
    for what in CONCERNS:
        number, said = stand[what], CONCERN_WORDS.get(what)
        if number and said:
            yield _Clause(
                _loud(scene, concern_tone(scene, what)),
                "outputs",
                f"{number:,} of {total} {said}",
                f"{words.count(number, 'output')} {said}",
                f"{number:,} {said}",
            )
    if scene.profile_unread is None:
        yield _outputs_well(Counter(map(output_verdict, found)), len(found))


def _outputs_well(verdicts: Counter[str], total: int) -> _Clause:
    ready = verdicts["MET"] + verdicts["FRESH"] + verdicts["RECOVERED_LATE"]
    coming, promised = verdicts["PENDING"] + verdicts["TIGHT"], total - verdicts["NOT_DECLARED"]
    if not total:
        return _Clause(Tone.NONE, "outputs", "the flow has no outputs")
    if not promised:
        return _Clause(Tone.NONE, "outputs", f"nothing is promised for {_all(total, 'output', 'outputs')}")
    if ready == promised:
        return _Clause(Tone.GOOD, "outputs", f"{_all(promised, 'promised output', 'promised outputs')} ready")
    waiting = f", {coming:,} not due yet" if coming else ""
    said = f"{ready:,}" if ready else "none"
    return _Clause(Tone.NONE, "outputs", f"{said} of {words.count(promised, 'promised output')} ready{waiting}")


def _all(number: int, one: str, many: str) -> str:
    return f"the only {one}" if number == 1 else f"all {number:,} {many}"


# --- scenarios -------------------------------------------------------------------------------------------------------


def _scenarios(scene: Scene) -> Iterator[_Clause]:
    found = scene.report.scenarios
    if isinstance(found, Unknown):
        yield _Clause(Tone.UNKNOWN, "scenarios", "the scenarios could not be read")
        return
    watched = scene.watched
    loud = [scenario for scenario in watched if scenario.muted is None]
    states = Counter(run_verdict(scenario) for scenario in loud)
    for state, said in SCENARIO_WORDS.items():
        if states[state] and state not in GOOD_STATES:
            tone = _loud(scene, scene.alarm(state_tone(state)))
            number = states[state]
            text = f"{words.count(number, 'scenario')} {said}"
            yield _Clause(tone, "scenarios", text, short=f"{number:,} {said}")
    warned = sum(is_good(scenario.state) and with_warnings(scenario) for scenario in loud)
    if warned:
        text = f"{words.count(warned, 'scenario')} ended with warnings"
        yield _Clause(Tone.NOTICE, "scenarios", text, short=f"{warned:,} ended with warnings")
    well = sum(is_good(scenario.state) for scenario in watched) - warned
    if not watched:
        yield _Clause(Tone.NOTICE, "scenarios", "no scenario is active" if found else "this project has no scenarios")
    elif well == len(watched):
        going = f", {states['RUNNING']:,} running" if states["RUNNING"] else ""
        verb = "is as it should be" if well == 1 else "are as they should be"
        tone = Tone.GOOD if states["ON_TIME"] + states["QUIET"] else Tone.NONE
        said = f"{_all(well, 'active scenario', 'active scenarios')} {verb}{going}"
        yield _Clause(tone, "scenarios", said)


# --- what they rest on -----------------------------------------------------------------------------------------------


def _sources(scene: Scene) -> Iterator[_Clause]:
    if isinstance(scene.report.sources, Unknown):
        yield _Clause(Tone.UNKNOWN, "sources", "the sources could not be read")
    stand = Counter(source_verdict(source) for source in scene.sources)
    for what, said in SOURCE_WORDS.items():
        if stand[what]:
            tone = _loud(scene, concern_tone(scene, what))
            text = f"{words.count(stand[what], 'source')} {said}"
            yield _Clause(tone, "sources", text, short=f"{stand[what]:,} {said}")


def _quality(scene: Scene) -> Iterator[_Clause]:
    if in_vain(scene.snapshot.quality):
        yield _Clause(Tone.UNKNOWN, "quality", "Data Quality could not be read")
    stand = Counter(status.outcome for status in known(scene.snapshot.quality, ()))
    for outcome, tone, said in (("ERROR", Tone.BAD, "fails"), ("WARNING", Tone.NOTICE, "warns")):
        if stand[outcome]:
            said_once = f"Data Quality {said} on {words.count(stand[outcome], 'dataset')}"
            yield _Clause(tone, "quality", said_once)


def _muted(scene: Scene) -> Iterator[_Clause]:
    """What is muted does not count among what is wrong, nor does it let the sentence say that all is well."""
    muted: list[tuple[str, Optional[Mute]]] = [(scenario.name, scenario.muted) for scenario in scene.watched]
    muted += [(scene.name(output.ref), output.muted) for output in scene.outputs]
    standing = [(name, mute) for name, mute in muted if mute is not None]
    if len(standing) == 1:
        name, mute = standing[0]
        yield _Clause(Tone.NONE, "muted", f"{name} is muted until {scene.time(mute.until)}")
    elif standing:
        yield _Clause(Tone.NONE, "muted", f"{len(standing):,} are muted")


def _loud(scene: Scene, tone: Tone) -> Tone:
    """Where nothing alarms, what is wrong is still counted among what is wrong."""
    return Tone.NOTICE if scene.report.quiet and tone is Tone.QUIET else tone


# --- the next deadline -----------------------------------------------------------------------------------------------


def _next_deadline(scene: Scene) -> str:
    upcoming = upcoming_dues(scene)
    if not upcoming:
        return ""
    due, output = upcoming[0]
    together = sum(at == due for at, _ in upcoming) - 1
    more = f" and {words.count(together, 'more output')}" if together else ""
    told = output.prediction
    chance = ""
    if isinstance(told, Prediction) and told.of and not together:
        days = "mornings" if due.astimezone(scene.zone).hour < 12 else "days"
        chance = f", met on {told.kept:,} of {told.of:,} such {days}"
    return f"next deadline {scene.time(due)} {scene.name(output.ref)}{more}{chance}"
