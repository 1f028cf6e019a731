"""Today as one verdict, for a scenario that goes on or stops."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Union

from ...model.guide import Tone
from ...model.known import Unknown, known
from ...model.today import Evaluation, OutputToday, ScenarioToday, SourceToday, Today
from .. import words

SEVERITIES = ("error", "warning", "unknown", "never")
_VERDICTS = {Tone.BAD: "ERROR", Tone.NOTICE: "WARNING", Tone.UNKNOWN: "UNKNOWN"}
VERDICTS = _ORDER = ("ERROR", "WARNING", "UNKNOWN", "OK", "QUIET")
Line = Union[ScenarioToday, OutputToday, SourceToday]


def evaluate(
    today: Today, fail_at: str, scenarios: frozenset[str] = frozenset(), outputs: frozenset[str] = frozenset()
) -> Evaluation:
    """One verdict on all of today, or on the named scenarios and outputs alone. `fail_at` is one of `SEVERITIES`: the
    mildest that fails. Where the scenarios or outputs that it is about could not be read it fails as well: what sees
    nothing must not pass."""
    named = bool(scenarios or outputs)
    lines = judged(today, scenarios, outputs)
    wrong = sorted((line for line in lines if _verdict(line.tone) != "OK"), key=lambda line: _rank(line.tone))
    tones = [line.tone for line in lines] + ([] if named else [today.tone])
    verdict = min(map(_verdict, tones), key=_ORDER.index, default="UNKNOWN")
    blind = (isinstance(today.scenarios, Unknown) and (not named or bool(scenarios))) or (
        isinstance(today.outputs, Unknown) and (not named or bool(outputs))
    )
    if blind and verdict == "OK":
        verdict = "UNKNOWN"
    if today.tone is Tone.QUIET:
        verdict = "QUIET"
    return Evaluation(
        verdict=verdict,
        headline=_headline(wrong, len(lines)) if named else today.headline,
        problems=tuple(f"{line.name}: {line.problem}" for line in wrong),
        muted=tuple(_muted(line) for line in lines if not isinstance(line, SourceToday) and line.muted_text),
        wrong=(*((_verdict(line.tone), about(line)) for line in wrong), *((("UNKNOWN", "project"),) if blind else ())),
        fails=_fails(verdict, fail_at, blind),
    )


def judged(today: Today, scenarios: frozenset[str], outputs: frozenset[str]) -> list[Line]:
    """What is judged: all of today, or the named scenarios and outputs alone."""
    named = bool(scenarios or outputs)
    lines: list[Line] = [s for s in known(today.scenarios, ()) if not named or s.id in scenarios]
    lines += [output for output in known(today.outputs, ()) if not named or output.id in outputs]
    return lines + ([] if named else list(known(today.sources, ())))


def about(line: Line) -> str:
    """What a line is about, as events name it."""
    if isinstance(line, ScenarioToday):
        return f"scenario:{line.id}"
    return f"{'folder' if line.kind == 'MANAGED_FOLDER' else line.kind.lower()}:{line.id}"


def _muted(line: Union[ScenarioToday, OutputToday]) -> str:
    return f"{line.name}: {line.muted_text}" + (f" ({line.problem})" if line.problem else "")


def _verdict(tone: Tone) -> str:
    return _VERDICTS.get(tone, "OK")


def _rank(tone: Tone) -> int:
    return _ORDER.index(_verdict(tone))


def _fails(verdict: str, fail_at: str, blind: bool) -> bool:
    if fail_at == "never" or verdict == "QUIET":
        return False
    return blind or _ORDER.index(verdict) <= SEVERITIES.index(fail_at)


def _headline(wrong: Iterable[Line], number: int) -> str:
    said = [f"{line.name} {line.problem}" for line in wrong]
    if said:
        return words.listed(said, 3)
    return f"{words.count(number, 'named object')} as {'it' if number == 1 else 'they'} should be"
