"""Change a project's settings one part at a time: read right before, put in only the part, save, read back, compare.

Whatever DSS answers, it is believed only when it was read back. A change that DSS dropped or rewrote into something
else is taken out again. Nothing here decides what to change.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Optional

from ..errors import DssError, DssNotFound, DssUnreachable
from ..model import plan
from ..model.plan import DATASET, EDIT, MANAGED, RULE, SCENARIO, ZONE, Conflict, Step, Trial
from . import raw
from .appending import NOTHING_WRITTEN
from .session import Clients, path

FUTURE_SECONDS = 30.0
_PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Made:
    """What became of a step. `step` is what DSS kept, None where nothing is left of it. `problem` says why it does not
    count as made: with a step beside it, something is left that could not be taken out again. `remarks` are what a person
    should look at although it worked."""

    step: Optional[Step]
    problem: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmade:
    """Whether a step is gone, and in words what was found."""

    gone: bool
    said: str


@dataclass(frozen=True)
class Tried:
    """Whether DSS works with a change: None where that could not be told in time."""

    works: Optional[bool]
    said: str


class Changes:
    """The steps of changes in one project, with one caller's rights."""

    def __init__(self, clients: Clients, project_key: str) -> None:
        self.clients = clients
        self.project_key = project_key

    def document(self, step: Step) -> dict[str, Any]:
        """The document of a step as it stands now."""
        return plan.copied(self.clients.get_mapping(self._of(*step.document)))  # type: ignore[no-any-return]

    # --- making ------------------------------------------------------------------------------------------------------

    def foreseen(self, step: Step) -> Step:
        """The step with the containers that it will have to bring along, for the note before it is made. Where that
        cannot be told it is as it was: `make` says why."""
        if step.kind not in (EDIT, RULE):
            return step
        try:
            return plan.put(self.document(step), step)[1]
        except (Conflict, DssError, DssUnreachable):
            return step

    def make(self, step: Step) -> Made:
        """Do one step and see what DSS made of it. What DSS or somebody else refuses is a `problem`; DssUnreachable
        means that it may have happened: `unmake` finds out."""
        try:
            if step.kind in (EDIT, RULE):
                return self._edited(step)
            return self._created(step)
        except Conflict as conflict:
            return Made(None, str(conflict))
        except DssError as error:
            return Made(None, _refused(error))

    def _edited(self, step: Step) -> Made:
        before = self.document(step)
        changed, step = plan.put(before, step)
        if step.kind == RULE:
            self.clients.write("POST", self._of(*step.document, "data-quality", "rules"), step.after)
        else:
            self.clients.write("PUT", self._of(*step.document), changed)
        try:
            after = self.document(step)
        except DssError as error:
            return self._dropped(step, f"it was sent, but could not be read back: {_refused(error)}")
        found = plan.kept(before, after, step)
        if found is None:
            return Made(None, "DSS did not keep it", _beside(before, after, step))
        if not plan.holds(_told(found.after), _told(step.after)):
            return self._dropped(found, "DSS kept something else than what it was sent")
        return Made(found, remarks=_beside(before, after, found))

    def _created(self, step: Step) -> Made:
        """DSS makes an object by its name first; what belongs to it is told afterwards, and may be refused alone."""
        make, complete = {
            SCENARIO: (self._scenario, self._scenario_steps),
            DATASET: (self._dataset, self._dataset_zone),
            MANAGED: (self._managed, self._managed_columns),
            ZONE: (self._zone, lambda _: None),
        }[step.kind]
        made = make(step)
        try:
            complete(made)
            found = replace(made, after=plan.own(self.document(made)), settled=True)
        except DssError as error:
            return self._dropped(
                replace(made, document=step.document), f"it was made, but not complete: {_refused(error)}"
            )
        wanted = {name: value for name, value in step.after.items() if name not in ("zone", "items")}
        if not plan.holds(found.after, wanted):
            return self._dropped(found, "DSS kept something else than what it was sent")
        return Made(found)

    def _dropped(self, step: Step, why: str) -> Made:
        """What is not as it should be, taken back at once; it stays a step where that does not work."""
        gone = self.unmake(step)
        return Made(None, f"{why}; taken back") if gone.gone else Made(step, f"{why}; it is still there: {gone.said}")

    def _scenario(self, step: Step) -> Step:
        name = raw.text(step.after, "name")
        if any(raw.text(each, "name") == name for each in self.clients.get_items(self._of("scenarios") + "/")):
            raise Conflict(f"there is a scenario named {name} already")
        body = {"type": "step_based", "name": name, "params": {"steps": []}}
        answer = self.clients.write("POST", self._of("scenarios") + "/", body)
        scenario_id = raw.text(answer, "id")
        return replace(step, document=("scenarios", scenario_id))

    def _scenario_steps(self, made: Step) -> None:
        self.clients.write("PUT", self._of(*made.document), {**self.document(made), **made.after})

    def _dataset(self, step: Step) -> Step:
        name = raw.text(step.after, "name")
        body = {key: value for key, value in step.after.items() if key != "zone"}
        self.clients.write("POST", self._of("datasets") + "/", {**body, "projectKey": self.project_key})
        return replace(step, document=("datasets", name))

    def _dataset_zone(self, made: Step) -> None:
        zone_id = self._zone_named(raw.text(made.after, "zone"))
        if zone_id:
            item = {"objectId": raw.text(made.after, "name"), "objectType": "DATASET"}
            self.clients.write("POST", self._of("flow", "zones", zone_id, "items"), item)

    def _managed(self, step: Step) -> Step:
        """A dataset that DSS places on a connection by itself; its call for that takes no columns."""
        name = raw.text(step.after, "name")
        if self._has_dataset(name):
            raise Conflict(f"there is a dataset named {name} already")
        options = {"connectionId": raw.text(step.after, "params", "connection"), "specificSettings": {}}
        self.clients.write("POST", self._of("datasets", "managed"), {"name": name, "creationSettings": options})
        return replace(step, document=("datasets", name))

    def _managed_columns(self, made: Step) -> None:
        columns = {**raw.mapping(made.after, "schema"), "userModified": True}
        self.clients.write("PUT", self._of(*made.document, "schema"), columns)

    def _has_dataset(self, name: str) -> bool:
        return any(raw.text(each, "name") == name for each in self.clients.get_items(self._of("datasets") + "/"))

    def _zone(self, step: Step) -> Step:
        name = raw.text(step.after, "name")
        if self._zone_named(name):
            raise Conflict(f"there is a zone named {name} already")
        answer = self.clients.write("POST", self._of("flow", "zones"), {"name": name, "color": step.after["color"]})
        return replace(step, document=("flow", "zones", raw.text(answer, "id")))

    def _zone_named(self, name: str) -> str:
        zones = self.clients.get_items(self._of("flow", "zones")) if name else ()
        return next((raw.text(zone, "id") for zone in zones if raw.text(zone, "name") == name), "")

    # --- taking back -------------------------------------------------------------------------------------------------

    def unmake(self, step: Step) -> Unmade:
        """Take one step back, exactly, unless somebody changed that part since: then it is left as it is."""
        try:
            if step.kind in (EDIT, RULE):
                return self._taken_out(step)
            return self._deleted(step)
        except Conflict as conflict:
            return Unmade(False, f"left as it is: {conflict}")
        except DssNotFound:
            return Unmade(True, "it was gone already")
        except (DssError, DssUnreachable) as error:
            return Unmade(False, f"it could not be taken back: {error}")

    def _taken_out(self, step: Step) -> Unmade:
        before = self.document(step)
        if plan.is_gone(before, step):
            return Unmade(True, "it was not there" if step.settled else "it had not been made")
        self.clients.write("PUT", self._of(*step.document), plan.take_back(before, step))
        after = self.document(step)
        try:
            plan.take_back(after, step)
        except Conflict:
            return Unmade(True, "as before")
        return Unmade(False, "DSS saved without taking it out")

    def _deleted(self, step: Step) -> Unmade:
        found = step if step.settled else self._begun(step)
        if found is None:
            return Unmade(True, "it had not been made")
        now = plan.own(self.document(found))
        if found.kind == ZONE:
            # What was put into the zone and taken out again does not count, what is in it does.
            if raw.items(now, "items"):
                raise Conflict("something is in the zone")
        elif found.settled and now != found.after:
            raise Conflict("it was changed since")
        if found.kind in (DATASET, MANAGED) and raw.items(self.clients.get_either(self._of(*found.document, "usages"))):
            raise Conflict("something uses the dataset")
        if found.kind == MANAGED and (kept := self._rows_in(now)):
            raise Conflict(kept)
        if found.kind == SCENARIO and raw.flag(self.clients.get_mapping(self._of(*found.document, "light")), "running"):
            raise Conflict("the scenario is running: take it back when it has ended")
        params = {"dropData": False} if found.kind in (DATASET, MANAGED) else None
        self.clients.write("DELETE", self._of(*found.document), params=params)
        try:
            self.document(found)
        except DssNotFound:
            return Unmade(True, "deleted")
        return Unmade(False, "DSS did not delete it")

    def _begun(self, step: Step) -> Optional[Step]:
        """What a step made whose end nobody saw: by its name, and only while nobody else put anything into it."""
        name = raw.text(step.after, "name")
        if step.kind in (DATASET, MANAGED):
            ids = [name] if self._has_dataset(name) else []
        else:
            listed = self.clients.get_items(self._of(*step.document) + ("/" if step.kind == SCENARIO else ""))
            ids = [raw.text(each, "id") for each in listed if raw.text(each, "name") == name]
        if not ids:
            return None
        found = replace(step, document=(*step.document, ids[-1]))
        now = self.document(found)
        begun = {"steps": raw.items(now, "params", "steps"), "triggers": raw.items(now, "triggers")}
        wanted = {key: value for key, value in step.after.items() if key not in ("zone", "items")}
        if step.kind == SCENARIO and any(begun.values()) and not plan.holds(now, wanted):
            raise Conflict(f"the scenario {name} was changed since")
        if step.kind == MANAGED and not raw.items(now, "schema", "columns"):
            del wanted["schema"]  # DSS had made it, and not been told its columns yet
        if step.kind in (DATASET, MANAGED) and not plan.holds(now, wanted):
            raise Conflict(f"the dataset {name} was changed since")
        return found

    def _rows_in(self, dataset: Mapping[str, Any]) -> str:
        """Why a dataset is no empty one, in words; '' where it surely is: what somebody collected is never thrown away."""
        if not raw.items(dataset, "schema", "columns"):
            return ""
        place = self._of("datasets", raw.text(dataset, "name"), "data") + "/"
        limits = {"format": "tsv-excel-header", "limit": 1}
        try:
            rows = self.clients.rows(place, limits, max_bytes=1024 * 1024, seconds=self.clients.timeout_seconds)
            return "it holds rows: delete it in DSS if nobody wants them" if len(list(rows)) > 1 else ""
        except (DssError, DssUnreachable) as error:
            if NOTHING_WRITTEN.search(str(error)):
                return ""
            return f"whether it holds rows could not be told: {error}"

    # --- trying ------------------------------------------------------------------------------------------------------

    def attempt(self, trial: Trial, step: Step) -> Tried:
        """Compute a change once, as DSS would, and see that a value comes of it."""
        tries = {"metric": self._metric, "probe": self._probe, "check": self._check, "rule": self._rule}
        try:
            if trial.what == "rows":
                return self._rows(trial)
            return tries[trial.what](trial, step) if trial.what in tries else Tried(True, "")
        except DssUnreachable as error:
            return Tried(None, f"computing it takes longer than this waits ({error}); see its Status")
        except DssError as error:
            return Tried(False, _refused(error))

    def _metric(self, trial: Trial, _: Step) -> Tried:
        answer = self._act(trial, "computeMetricsFromIds", {"metricIds": [trial.name]})
        values = [raw.text(each, "value") for each in _computed(answer) if _metric_id(each) == trial.name]
        return _valued(values, answer) or self._recorded(trial, lambda metric_id, probe: metric_id == trial.name)

    def _probe(self, trial: Trial, _: Step) -> Tried:
        answer = self._act(trial, "computeMetrics", None)
        values = [raw.text(each, "value") for each in _computed(answer) if _metric_id(each).startswith(trial.name)]
        errors = tuple(e for e in raw.mappings(answer, "runs") if raw.text(e, "type") in ("", trial.name))
        return _valued(values, {"runs": errors}) or self._recorded(
            trial, lambda metric_id, probe: metric_id.startswith(trial.name) or probe == trial.name
        )

    def _recorded(self, trial: Trial, fits: Any) -> Tried:
        """Where the answer does not say what was computed: the metric's last value, if it is of just now."""
        place = self._of(trial.collection, trial.object_id, "metrics", "last", *_part(trial))
        began = self.clients.now()[0].timestamp() - 2 * self.clients.timeout_seconds
        for each in raw.mappings(self.clients.get_mapping(place), "metrics"):
            if fits(raw.text(each, "metric", "id"), raw.text(each, "computingProbe", "type")):
                for point in raw.mappings(each, "lastValues"):
                    at: Optional[datetime] = raw.instant(point, "computed")
                    if at is not None and at.timestamp() >= began:
                        return Tried(True, f"computed once: {raw.text(point, 'value')}")
        return Tried(False, "computed once, and no value came of it")

    def _check(self, trial: Trial, _: Step) -> Tried:
        if trial.collection != "datasets":
            return Tried(True, "not run yet: of a folder, DSS runs checks in builds and scenarios only")
        answer = self._act(trial, "runChecks", None)
        mine = [r for r in raw.mappings(answer, "results") if raw.text(r, "check", "type") == trial.name]
        return _judged(mine)

    def _rule(self, trial: Trial, step: Step) -> Tried:
        rule_id = raw.text(step.after, "id")
        place = self._of("datasets", trial.object_id, "data-quality")
        params = {"partition": trial.partition, "ruleId": rule_id}
        state = self.clients.write("POST", f"{place}/actions/compute-rules", params=params)
        if self._ended(state) is None:
            return Tried(None, f"computing it takes longer than {FUTURE_SECONDS:g} s; see the dataset's Data Quality")
        found = self.clients.get_items(f"{place}/last-rules-result", {"partition": trial.partition, "ruleId": rule_id})
        return _judged([each for each in found if raw.text(each, "id") == rule_id])

    def _rows(self, trial: Trial) -> Tried:
        place = self._of("datasets", trial.object_id, "data") + "/"
        limits = {"format": "tsv-excel-header", "limit": 1}
        rows = self.clients.rows(place, limits, max_bytes=1024 * 1024, seconds=self.clients.timeout_seconds)
        header = next(rows, ())
        for _ in rows:
            pass
        return Tried(True, "its first row was read") if header else Tried(False, "it could not be read")

    def _act(self, trial: Trial, action: str, body: Optional[Mapping[str, Any]]) -> Any:
        place = self._of(trial.collection, trial.object_id, "actions", action)
        answer = self.clients.write("POST", place, body, dict(zip(("partition",), _part(trial))))
        if raw.text(answer, "jobId"):  # of a folder DSS answers while it still computes
            answer = self._ended(answer)
            if answer is None:
                raise DssUnreachable(f"after {FUTURE_SECONDS:g} s it still computes")
        inner = raw.at(answer, "result")
        return inner if isinstance(inner, Mapping) else answer

    def _ended(self, state: Any) -> Any:
        """A future when it has ended; None where it takes longer than one waits."""
        until = time.monotonic() + FUTURE_SECONDS
        while not raw.flag(state, "hasResult"):
            future = raw.text(state, "jobId")
            if not future or time.monotonic() > until:
                return None
            time.sleep(_PAUSE_SECONDS)
            state = self.clients.get(path("futures", future))
        return state

    def _of(self, *parts: str) -> str:
        return path("projects", self.project_key, *parts)


def _part(trial: Trial) -> tuple[str, ...]:
    """The partition, which calls about folders do not take."""
    return (trial.partition,) if trial.collection == "datasets" else ()


def _beside(before: Mapping[str, Any], after: Mapping[str, Any], step: Step) -> tuple[str, ...]:
    """What else is different after a save: DSS rewrote it, or somebody saved at the same moment."""
    others = plan.other_changes(before, after, step)
    versions = [raw.number(each, "versionTag", "versionNumber") for each in (before, after)]
    remarks = [f"{', '.join(others)} changed with the same save: please look at it"] if others else []
    if step.kind == EDIT and None not in versions and (versions[1] or 0) > (versions[0] or 0) + 1:
        remarks.append("somebody else saved it at the same moment: please look whether their change is still there")
    return tuple(remarks)


def _told(member: Any) -> Any:
    """A part without how it is shown: DSS may phrase that as it likes."""
    return {key: value for key, value in member.items() if key != "meta"} if isinstance(member, Mapping) else member


def _refused(error: DssError) -> str:
    needs = f" (this takes {error.needs})" if error.needs else ""
    return f"DSS refused: {error}{needs}"


def _computed(answer: Any) -> tuple[Mapping[str, Any], ...]:
    return raw.mappings(answer, "computed")


def _metric_id(computed: Mapping[str, Any]) -> str:
    return raw.text(computed, "metricId") or raw.text(computed, "metric", "id")


def _valued(values: list[str], answer: Any) -> Optional[Tried]:
    """A value or an error of the answer; None where it says neither."""
    if values:
        return Tried(True, f"computed once: {values[0]}")
    errors = [raw.text(run, "error") or raw.text(run, "error", "message") for run in raw.mappings(answer, "runs")]
    failed = next((error for error in errors if error), "")
    return Tried(False, f"computed once, and failed: {failed}") if failed else None


def _judged(results: list[Mapping[str, Any]]) -> Tried:
    if not results:
        return Tried(False, "computed once, and no outcome came of it")
    found = results[-1]
    outcome = (raw.text(found, "outcome") or raw.text(found, "value", "outcome")).upper()
    message = raw.text(found, "message") or raw.text(found, "value", "message")
    said = f"computed once: {outcome}{f', {message}' if message else ''}"
    return Tried(outcome in ("OK", "WARNING", "ERROR"), said)
