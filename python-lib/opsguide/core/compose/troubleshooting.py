"""Troubleshooting, which the template refers to and does not have: what is wrong now, what it is likely to be, what to do."""

from __future__ import annotations

from ...model.guide import Block, Callout, Cell, Heading, Item, Items, Link, Table, Text, Tone
from ...model.known import Unknown
from .. import words
from ..messages import matches
from .card import alerts_line, arrivals_line, outputs_line, scenarios_line, top_failure
from .phrases import OUTCOME_WORDS
from .rows import scenario_cell
from .scene import Scene, key

NEEDS = ("instance", "settings", "folders", "runs", "scenario_settings", "builds", "files", "quality")


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Callout("note", ("The guide's template points to this section without having one. This is it.",)),
        Heading("what-is-wrong-now", "What Is Wrong Now"),
        Items(
            (
                Item(("Scenarios: ", scenarios_line(scene, "troubleshooting.now.scenarios"))),
                Item(("Last failure: ", top_failure(scene, "troubleshooting.now.failure"))),
                Item(("Sources: ", arrivals_line(scene, "troubleshooting.now.sources"))),
                Item(("Outputs: ", outputs_line(scene, "troubleshooting.now.outputs"))),
                Item(("Rules: ", alerts_line(scene, "troubleshooting.now.rules"))),
            )
        ),
        _failing(scene),
        Heading("from-symptom-to-step", "From Symptom to Step"),
        Table(
            ("Symptom", "Likely Cause", "What to Do"),
            tuple(
                (
                    scene.fixed(f"troubleshooting.{name}.symptom", symptom),
                    scene.fixed(f"troubleshooting.{name}.cause", cause),
                    scene.fixed(f"troubleshooting.{name}.step", step, link=Link("section", section)),
                )
                for name, symptom, cause, step, section in _SYMPTOMS
            ),
            "Where to begin",
        ),
        Heading("known-errors", "Known Errors"),
        *_known_errors(scene),
    )


_SYMPTOMS = (
    (
        "failed",
        "A scenario failed",
        "Its first failed step tells",
        "Read the error in its log, then rerun",
        "rerunning-after-failure",
    ),
    (
        "not-run",
        "A scenario did not run",
        "Trigger or scenario off, triggers off for the project, or the instance was down",
        "Check the trigger, then run it by hand",
        "automated-runs",
    ),
    (
        "slow",
        "A run takes too long",
        "More data, a busy engine, or a lock",
        "Compare with its normal range",
        "key-metrics-to-watch",
    ),
    (
        "stale",
        "An output is old although all is green",
        "Its source came late, or a smart build saw no change",
        "Check the source, then force the rebuild",
        "handling-late-source-data",
    ),
    (
        "rows",
        "Too few or too many rows",
        "A partial source, or a changed join",
        "Look at the row counts of what it is made from",
        "key-metrics-to-watch",
    ),
    (
        "schema",
        "A column is missing or has another type",
        "The source changed its structure",
        "Follow the steps for schema changes",
        "handling-schema-changes",
    ),
    (
        "denied",
        "Permission denied",
        "A right is missing, or the Run as user changed",
        "See what the error means",
        "access-troubleshooting",
    ),
)


def _failing(scene: Scene) -> Table:
    rows = []
    unread = 0
    for scenario in scene.watched:
        last = scenario.last_run
        if isinstance(last, Unknown):
            unread += 1
            continue
        if last is None or last.outcome not in ("FAILED", "ABORTED"):
            continue
        row = f"troubleshooting.failing-{key(scenario.id)}"
        when = scene.time(last.start) if last.start else ""
        rows.append(
            (
                scenario_cell(scene, scenario, f"{row}.scenario"),
                scene.live(
                    f"{row}.when",
                    f"{when}, {OUTCOME_WORDS[last.outcome]}" if when else OUTCOME_WORDS[last.outcome],
                    "scenario runs",
                    at=last.start,
                    tone=scene.alarm(Tone.BAD, muted=scenario.muted),
                    link=Link("scenario-runs", scenario.id),
                ),
                scene.live(f"{row}.said", words.one_line(last.message), "scenario runs"),
                _known_step(scene, f"{row}.step", last.message),
            )
        )
    caption = "Scenarios whose last run failed"
    if isinstance(scene.report.scenarios, Unknown):
        empty = "The scenarios could not be read."
    elif unread:
        caption += f"; the runs of {words.count(unread, 'active scenario')} could not be read"
        empty = "No other scenario's last run failed."
    else:
        empty = "No active scenario's last run failed."
    columns = ("Scenario", "Failed", "What It Said", "Known Error")
    return Table(columns, tuple(rows), caption, empty)


def _known_step(scene: Scene, cell_id: str, message: str) -> Cell:
    errors = scene.profile.known_errors
    if not errors:
        return scene.missing(cell_id, "known_errors", "no known errors are declared")
    found = next((error for error in errors if matches(error.pattern, message)), None)
    if found is None:
        return scene.inferred(cell_id, "None is like it", "the declared errors", declare="known_errors")
    said = ": ".join(part for part in (found.cause, found.step) if part) or found.pattern
    return scene.declare(cell_id, "known_errors", said)


def _known_errors(scene: Scene) -> tuple[Block, ...]:
    path = "known_errors"
    errors = scene.profile.known_errors
    if not errors:
        cell = scene.missing("troubleshooting.known-errors", path, "errors seen before, and what helped")
        return (Text((cell,), "Errors this project knows:"),)
    rows = tuple(
        tuple(
            scene.declare(f"troubleshooting.known-{number}.{column}", path, getattr(error, column))
            for column in ("pattern", "cause", "step")
        )
        for number, error in enumerate(errors)
    )
    return (Table(("The Error Says", "Cause", "What to Do"), rows, "Errors seen before"),)
