"""What is looked at before something is started: a rule for each question, each a sentence with its evidence.

For a person: *only what cannot work, or what runs already, stands in the way. Everything else is told, and you decide.
What could not be seen is said to be unknown: it is never taken for fine.*
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Optional

from ...model.action import KINDS, Check, Order, Progress, Rights, Standing
from ...model.known import Known, Unknown, known
from ...model.ledger import Ledger, about
from ...model.report import ScenarioReport, Typical
from ...model.snapshot import Job, ObjectRef
from .. import words
from ..compose.scene import Scene
from ..lineage import step_targets
from ..purpose import find
from ..windows import spans
from .journal import overlaps
from .targets import guarded, object_of, scenario_of, takes, targets, usual

# Why somebody who may perhaps run scenarios, and cannot write, is not let through.
NOT_KEPT = (
    "It cannot be kept on record that you ask for it: that takes the right “Write project content”, or that the web app's "
    "run-as user, as an administrator of the project, sees that you may run scenarios. You can run it in DSS itself."
)

_BUILDS = ("run-scenario", "build", "rebuild-from")

# Datasets whose changes a build of what is modified sees, because it looks at their files or settings.
_SEEN = frozenset({
    "Filesystem", "UploadedFiles", "FilesInFolder", "HDFS", "S3", "EC2", "Azure", "GCS", "GoogleCloudStorage", "FTP", "SCP",
    "SFTP", "HTTP", "RemoteFiles", "SharePointOnlineDoc", "Inline",
})  # fmt: skip
# Tables that it takes for unchanged.
_SQL = frozenset({
    "PostgreSQL", "MySQL", "Oracle", "SQLServer", "Snowflake", "BigQuery", "Redshift", "Databricks", "Synapse",
    "FabricWarehouse", "Vertica", "Teradata", "Greenplum", "Netezza", "SAPHANA", "Athena", "Trino", "JDBC", "DB2",
    "AlloyDB", "SingleStore", "Denodo", "hiveserver2", "Impala",
})  # fmt: skip


@dataclass(frozen=True)
class Case:
    """An order, and all that is known when it is looked at. `under_way` are actions asked for here that may still go on,
    Unknown where the state folder could not be read; None where there is none."""

    scene: Scene
    order: Order
    rights: Rights
    ledger: Known[Optional[Ledger]]
    under_way: Known[tuple[Progress, ...]] = ()
    login: str = ""

    @property
    def now(self) -> datetime:
        return self.scene.now

    @cached_property
    def targets(self) -> Known[tuple[ObjectRef, ...]]:
        return targets(self.scene, self.order)

    @cached_property
    def takes(self) -> Typical:
        return takes(self.scene, self.order)

    @cached_property
    def scenario(self) -> Optional[ScenarioReport]:
        return scenario_of(self.scene, self.order)

    @cached_property
    def ref(self) -> Optional[ObjectRef]:
        return object_of(self.scene, self.order)

    @cached_property
    def until(self) -> Optional[datetime]:
        """When it would be done, started now."""
        length = usual(self.takes)
        return None if length is None else self.now + length

    @property
    def builds(self) -> bool:
        return self.order.kind in _BUILDS

    @cached_property
    def sources(self) -> frozenset[ObjectRef]:
        """What the order reads without making it: everything upstream of what it makes."""
        made = frozenset(self.targets) if not isinstance(self.targets, Unknown) else frozenset()
        return frozenset(above for ref in made for above in self.scene.flow.upstream(ref)) - made


def checks(case: Case) -> tuple[Check, ...]:
    """Every question that the order raises, what stands in the way first."""
    found = [check for rule in RULES for check in (rule(case),) if check is not None]
    order = list(Standing)
    return tuple(sorted(found, key=lambda check: order.index(check.standing)))


def _unknown(rule_id: str, what: str, why: Unknown) -> Check:
    return Check(rule_id, Standing.UNKNOWN, f"{what}: {why.reason}.", needs=why.needs)


# --- can it work at all? ---------------------------------------------------------------------------------------------


def _right(case: Case) -> Optional[Check]:
    right = KINDS[case.order.kind].right
    held, why = case.rights.holds(right), case.rights.why
    if held:
        return Check("right", Standing.FINE, f"You hold the right “{right}”.")
    if held is None and case.rights.write is False:
        return Check("right", Standing.BLOCKS, NOT_KEPT, (why,) if why else ())
    if held is None:
        text = f"Whether you hold the right “{right}” cannot be seen here; DSS decides when you ask for it."
        return Check("right", Standing.UNKNOWN, text, (why,) if why else ())
    if why:
        return Check("right", Standing.BLOCKS, f"It would not be done as you: {why}.", needs=right)
    text = f"It takes the right “{right}” on this project, which you lack: an administrator of the project can give it."
    return Check("right", Standing.BLOCKS, text, needs=right)


def _subject(case: Case) -> Optional[Check]:
    """Is there such a thing, and can this be done to it?"""
    on, scene = KINDS[case.order.kind].on, case.scene
    if on == "scenario":
        if isinstance(scene.snapshot.scenarios, Unknown):
            return _unknown("subject", "Whether there is such a scenario is not known", scene.snapshot.scenarios)
        if case.scenario is None:
            return Check("subject", Standing.BLOCKS, f"DSS lists no scenario “{case.order.name}” in this project.")
        return None
    if on == "job":
        return None
    for part in (scene.snapshot.graph, scene.snapshot.datasets):
        if isinstance(part, Unknown):
            return _unknown("subject", "Whether this can be done to it is not known", part)
    if case.ref is None:
        return Check("subject", Standing.BLOCKS, f"The flow has no “{case.order.name}”.")
    return _blocked_object(case, case.ref)


def _blocked_object(case: Case, ref: ObjectRef) -> Optional[Check]:
    scene, name, kind = case.scene, case.scene.name(ref), case.order.kind
    dataset = scene.datasets.get(ref)
    if kind == "rebuild-from":
        follows = known(case.targets, ())
        if not follows:
            return Check("subject", Standing.BLOCKS, f"Nothing that can be rebuilt follows {name}.")
        return _partition_missing(case, [each for each in follows if _partitioned(case, each)])
    if ref.project_key != scene.snapshot.project_key:
        return Check("subject", Standing.BLOCKS, f"{name} belongs to project {ref.project_key}: it is done there.")
    if kind in ("build", "clear") and scene.flow.recipe_of(ref) is None:
        text = (
            f"No recipe of this flow makes {name}: it {'cannot be built' if kind == 'build' else 'would stay empty'}."
        )
        return Check("subject", Standing.BLOCKS, text)
    if kind in ("build", "clear") and guarded(scene, ref) == "WRITE_PROTECT":
        return Check("subject", Standing.BLOCKS, f"{name} is write-protected: its settings in DSS forbid it.")
    if kind == "clear" and dataset is not None and not dataset.managed:
        text = f"{name} is not managed by DSS: what is removed there may be nobody's to rebuild."
        return Check("subject", Standing.BLOCKS, text)
    return _partition_missing(case, [ref] if _partitioned(case, ref) else [])


def _partitioned(case: Case, ref: ObjectRef) -> bool:
    dataset = case.scene.datasets.get(ref)
    return dataset is not None and bool(dataset.partitioned_by)


def _partition_missing(case: Case, refs: list[ObjectRef]) -> Optional[Check]:
    if not refs or case.order.partition or case.order.kind in ("compute-metrics", "compute-rules"):
        return None
    names = words.listed([case.scene.name(ref) for ref in refs], 4)
    return Check("subject", Standing.BLOCKS, f"{names}: partitioned, so that it takes the partition to be named.")


def _already_running(case: Case) -> Optional[Check]:
    scene, order = case.scene, case.order
    if order.kind in ("run-scenario", "abort-scenario"):
        found = find(scene.snapshot, order.name)
        if isinstance(found, Unknown):
            return _unknown("running", "Whether it runs is not known", found)
        since = f" since {scene.time(found.running_since)}" if found.running_since else ""
        if order.kind == "abort-scenario":
            if found.running:
                return Check("running", Standing.FINE, f"It runs{since}.")
            return Check("running", Standing.BLOCKS, "It does not run: there is nothing to abort.")
        if found.running:
            return Check("running", Standing.BLOCKS, f"It runs already{since}: a second run is never started.")
    if not case.builds and order.kind != "clear":
        return None
    jobs = scene.snapshot.jobs
    if isinstance(jobs, Unknown):
        return _unknown("running", "Whether a job builds the same is not known", jobs)
    if isinstance(case.targets, Unknown):
        return _unknown("running", "Whether a job builds the same is not known", case.targets)
    busy = [job for job in jobs if not job.finished and not {ref for ref, _ in job.outputs}.isdisjoint(case.targets)]
    if busy:
        return _busy(case, busy)
    return Check("running", Standing.FINE, "It does not run, and no job builds the same.")


def _busy(case: Case, jobs: list[Job]) -> Check:
    told = tuple(f"job {job.id}, started by {job.initiator or 'nobody that DSS names'}" for job in jobs[:5])
    if case.order.kind == "run-scenario":
        return Check("running", Standing.NOTICE, "A job is building what this scenario builds.", told)
    return Check("running", Standing.BLOCKS, "A job is building it already: a second one is never started.", told)


def _asked_already(case: Case) -> Optional[Check]:
    if isinstance(case.under_way, Unknown):
        return _unknown("asked", "Whether somebody asked for the same is not known", case.under_way)
    names = () if isinstance(case.targets, Unknown) else tuple(case.scene.smart(ref) for ref in case.targets)
    wanted = () if case.order.kind == "run-scenario" else names
    alike = [each for each in case.under_way if overlaps(each.record, case.order, wanted)]
    going = [each for each in alike if each.state.open]
    if going:
        record = going[0].record
        text = f"{record.by} asked for the same at {case.scene.time(record.at)}: it is {going[0].state.value}."
        return Check("asked", Standing.BLOCKS, text, evidence=(f"action {record.id}",))
    if alike:
        record = alike[0].record
        text = f"What became of what {record.by} asked for at {case.scene.time(record.at)} cannot be told: look first."
        return Check("asked", Standing.NOTICE, text, evidence=(alike[0].said, f"action {record.id}"))
    return Check("asked", Standing.FINE, "Nobody asked for the same here and waits for it.")


# --- should it be done now? ------------------------------------------------------------------------------------------


def _maintenance(case: Case) -> Optional[Check]:
    scene = case.scene
    if scene.profile_unread is not None:
        return _unknown("maintenance", "Whether a maintenance window is on is not known", scene.profile_unread)
    if not scene.profile.maintenance:
        text = "No maintenance window is declared: whether a system is down now cannot be told."
        return Check("maintenance", Standing.UNKNOWN, text, needs="“maintenance” in the profile")
    until = case.until or case.now
    hits = []
    for window in scene.profile.maintenance:
        for start, end in spans(window, case.now, scene.report.zone, days=8):
            if start <= until and end > case.now:
                impact = f": {window.impact}" if window.impact else ""
                hits.append(f"{window.system}, {scene.time(start)} to {scene.time(end)}{impact}")
    if hits:
        return Check("maintenance", Standing.NOTICE, "It would run into a maintenance window.", tuple(hits))
    if case.builds and case.until is None:
        text = "No maintenance window is on now; whether it would run into one is not known, as its length is not."
        return Check("maintenance", Standing.UNKNOWN, text)
    return Check("maintenance", Standing.FINE, "No declared maintenance window is on, or begins before it would end.")


def _sources(case: Case) -> Optional[Check]:
    if not case.builds:
        return None
    sources = case.scene.report.sources
    for part in (case.targets, sources):
        if isinstance(part, Unknown):
            return _unknown("sources", "Whether its sources have arrived is not known", part)
    assert not isinstance(sources, Unknown)
    read = [source for source in sources if source.ref in case.sources]
    late = [source for source in read if source.arrived is False]
    doubt = [source for source in read if source.arrived is None]
    said = {source.ref: source.freshness.reason if source.freshness else "nothing tells" for source in (*late, *doubt)}
    told = tuple(f"{case.scene.name(ref)}: {reason}" for ref, reason in said.items())
    if late:
        names = words.listed([case.scene.name(source.ref) for source in late], 3)
        return Check(
            "sources", Standing.NOTICE, f"Not all it reads has arrived: {names}. It would use older data.", told
        )
    if doubt:
        names = words.listed([case.scene.name(source.ref) for source in doubt], 3)
        return Check("sources", Standing.UNKNOWN, f"Whether {names} arrived cannot be told.", told)
    if not read:
        return Check("sources", Standing.UNKNOWN, "No source of it is known, so that none can be looked at.")
    return Check("sources", Standing.FINE, f"{words.count(len(read), 'source')} it reads arrived.")


def _smart_build(case: Case) -> Optional[Check]:
    """A build of what is modified takes SQL tables for unchanged, whatever is in them."""
    smart = _smart_targets(case)
    if smart is None or isinstance(smart, Unknown):
        return (
            None if smart is None else _unknown("smart-build", "Whether it would skip SQL sources is not known", smart)
        )
    scene = case.scene
    for part in (scene.snapshot.datasets, scene.snapshot.graph):
        if isinstance(part, Unknown):
            return _unknown("smart-build", "Whether it would skip SQL sources is not known", part)
    above = {each for ref in smart for each in scene.flow.upstream(ref)}
    bare = sorted((each for each in above if scene.flow.recipe_of(each) is None), key=scene.smart)
    types = {ref: scene.datasets[ref].type if ref in scene.datasets else "" for ref in bare}
    told = tuple(f"{scene.name(ref)}: {kind or 'what it is, is not known here'}" for ref, kind in types.items())
    unseen = [scene.name(ref) for ref, kind in types.items() if kind in _SQL]
    doubtful = [scene.name(ref) for ref, kind in types.items() if kind not in _SQL | _SEEN]
    if unseen:
        text = (
            f"A build of what is modified takes {words.listed(unseen, 4)} for unchanged, whatever is in it: after late data "
            "there it may rebuild nothing. Build with upstream, all of it, instead, or rebuild what follows it."
        )
        return Check("smart-build", Standing.NOTICE, text, told)
    if doubtful:
        text = f"Whether a build of what is modified sees changes of {words.listed(doubtful, 4)} is not known."
        return Check("smart-build", Standing.UNKNOWN, text, told)
    return Check(
        "smart-build", Standing.FINE, "A build of what is modified sees changes of its sources: they are files."
    )


def _smart_targets(case: Case) -> Known[Optional[tuple[ObjectRef, ...]]]:
    """What is built in DSS's mode "only what is modified"; None where nothing is."""
    if case.order.kind == "build":
        return (case.ref,) if case.order.mode == "modified" and case.ref is not None else None
    if case.order.kind != "run-scenario":
        return None
    found = find(case.scene.snapshot, case.order.name)
    if isinstance(found, Unknown):
        return found
    if isinstance(found.settings, Unknown):
        return found.settings
    steps = [step for step in found.settings.steps if step.enabled and step.params.get("jobType") == "RECURSIVE_BUILD"]
    return tuple(ref for step in steps for ref in step_targets(step, case.scene.snapshot.project_key)) or None


def _deadline(case: Case) -> Optional[Check]:
    if not case.builds and case.order.kind != "clear":
        return None
    outputs = case.scene.report.outputs
    for part in (case.targets, outputs, case.scene.profile_unread):
        if isinstance(part, Unknown):
            return _unknown("deadline", "Whether a promise would be missed is not known", part)
    assert not isinstance(case.targets, Unknown)
    promised = [o for o in case.scene.outputs if o.ref in case.targets and o.due_at is not None and o.due_at > case.now]
    told = tuple(f"{case.scene.name(o.ref)} is due {case.scene.time(o.due_at)}" for o in promised if o.due_at)
    missed = [o for o in case.scene.outputs if o.ref in case.targets and o.verdict == "MISSED"]
    if not promised and missed:
        names = words.listed([case.scene.name(o.ref) for o in missed], 3)
        text = f"{names} must have been ready by now; nothing that it makes is promised for a time still to come."
        standing = Standing.NOTICE if case.order.kind == "clear" else Standing.FINE
        return Check("deadline", standing, text, tuple(f"{case.scene.name(o.ref)}: {o.reason}" for o in missed))
    if not promised:
        return Check("deadline", Standing.FINE, "Nothing that it makes is promised for a time still to come.")
    if case.until is None:
        return Check(
            "deadline", Standing.UNKNOWN, "When it would be done is not known, and something is promised.", told
        )
    crossed = [o for o in promised if o.due_at is not None and o.due_at < case.until]
    if crossed:
        names = words.listed([case.scene.name(o.ref) for o in crossed], 3)
        text = f"Started now it would be done by {case.scene.time(case.until)}, after {names} must be ready."
        return Check("deadline", Standing.NOTICE, text, told)
    return Check(
        "deadline", Standing.FINE, f"Started now it would be done by {case.scene.time(case.until)}, in time.", told
    )


def _known_about(case: Case) -> Optional[Check]:
    """Is it muted, or has somebody taken its incident?"""
    if case.ledger is None:
        return Check("noted", Standing.UNKNOWN, "What people noted is not known: this project has no state folder.")
    if isinstance(case.ledger, Unknown):
        return _unknown("noted", "What people noted is not known", case.ledger)
    refs = () if isinstance(case.targets, Unknown) else case.targets
    subjects = {case.order.subject, *(about(ref.kind, case.scene.smart(ref)) for ref in refs)}
    told = [f"{mute.about}: {case.scene.mute_text(mute)}" for mute in case.ledger.mutes if mute.about in subjects]
    taken: dict[str, str] = {}
    for event in case.ledger.events:
        if event.kind == "resolve":
            taken.pop(event.about, None)
        elif event.kind in ("acknowledge", "assign") and event.data.get("subject") in subjects:
            who = event.data.get("to") if event.kind == "assign" else event.by
            title = words.one_line(str(event.data.get("title") or event.about), 120)
            taken[event.about] = f"{who} has “{title}” since {case.scene.time(event.at)}"
    told += taken.values()
    if told:
        return Check("noted", Standing.NOTICE, "Somebody knows of it already: agree with them.", tuple(told))
    if isinstance(case.targets, Unknown):
        return _unknown("noted", "Whether what it makes is muted is not known", case.targets)
    return Check("noted", Standing.FINE, "Nobody muted it or took an incident of it.")


def _waits(case: Case) -> Optional[Check]:
    """Who reads what is replaced meanwhile?"""
    if not KINDS[case.order.kind].overwrites and case.order.kind != "run-scenario":
        return None
    scene = case.scene
    for part in (case.targets, scene.snapshot.settings, scene.profile_unread):
        if isinstance(part, Unknown):
            return _unknown("waits", "Whether others use what it replaces is not known", part)
    assert not isinstance(case.targets, Unknown)
    assert not isinstance(scene.snapshot.settings, Unknown)
    shared = {each.ref: each.to_projects for each in scene.snapshot.settings.exposed if each.to_projects}
    told = tuple(
        f"{scene.name(ref)}: "
        + words.listed([*(f"project {key}" for key in shared.get(ref, ())), *scene.dataset_profile(ref).consumers])
        for ref in case.targets
        if shared.get(ref) or scene.dataset_profile(ref).consumers
    )
    if told:
        gone = (
            "has no data until it is built again" if case.order.kind == "clear" else "changes under those who read it"
        )
        return Check("waits", Standing.NOTICE, f"What others use {gone}.", told)
    return Check("waits", Standing.FINE, "No other project and no declared consumer uses what it replaces.")


def _design_node(case: Case) -> Optional[Check]:
    quiet = case.scene.report.quiet
    return Check("node", Standing.NOTICE, f"{words.capital(quiet)}.") if quiet else None


RULES: tuple[Callable[[Case], Optional[Check]], ...] = (
    _right,
    _subject,
    _already_running,
    _asked_already,
    _maintenance,
    _sources,
    _smart_build,
    _deadline,
    _known_about,
    _waits,
    _design_node,
)
