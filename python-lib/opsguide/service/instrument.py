"""The macro `instrument-project`: shows what a project lacks to be watched, adds what is ticked, and takes it back.

Every change is planned, shown, made, read back, computed once and noted in the state folder before and after it is
made, so that it can be taken back whatever happens in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional, Union

from ..core import instrument as core
from ..core.instrument import Done, Receipt, Watched
from ..dss import extras, store
from ..dss.facts import QUALITY_SINCE
from ..dss.folders import file_times
from ..dss.heartbeat import refusal
from ..dss.parts import at_least
from ..dss.session import Clients, attempt, path
from ..errors import InvalidParameter
from ..model.guide import Guide
from ..model.known import Known, Unknown, known
from ..model.plan import WATCH_NAME, Change
from ..model.profile import DatasetProfile
from ..model.snapshot import ObjectRef, Snapshot
from ..settings import Settings
from .amend import apply, receipts_in, take_back
from .parameters import names_in, switched_on
from .reading import TODAY, Reading, monitored, read

_DATASET_NAME = re.compile(r"[A-Za-z0-9_]{1,100}")

PREVIEW, APPLY, UNDO, DETACH = MODES = ("preview", "apply", "undo", "detach")


@dataclass(frozen=True)
class Wish:
    """The macro's parameters. `groups` and `rows` are what is ticked; `datasets` keeps to some datasets and folders, by
    name or id."""

    mode: str
    groups: frozenset[str]
    rows: frozenset[str]
    datasets: frozenset[str]
    mail_to: str = ""
    mail_channel: str = ""
    active: bool = False
    heartbeat: str = ""
    receipt: str = ""
    facts: str = core.FACTS_NAME
    connection: str = ""

    def wants(self, change_id: str, group: str) -> bool:
        """Whether a row of the preview is ticked, by itself or with its group."""
        return group in self.groups or change_id in self.rows


def instrument(
    clients: Clients,
    project_key: str,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[int], None] = lambda percent: None,
) -> Guide:
    """The preview, or what became of it. `config` is the macro's parameters; `progress` is told percent done.
    InvalidParameter for what there is not, NothingDone where the state folder or somebody else is in the way."""
    wish = wished(config, settings)
    reading = read(clients, project_key, settings, need=TODAY)
    progress(30)
    if wish.mode == PREVIEW:
        return _preview(clients, reading, wish)
    if wish.mode == APPLY:
        title, done, notes = _applied(clients, reading, wish, progress)
    else:
        title, done, notes = _taken_back(clients, reading, wish, progress)
    return core.result_guide(reading.snapshot, reading.declared, reading.report, title, done, notes)


def apply_rows(clients: Clients, project_key: str, config: Mapping[str, Any], settings: Settings) -> tuple[Done, ...]:
    """Apply rows of the preview for a page: `config` as the macro's, `rows` such as ("watch",). What became of each."""
    wish = wished({**config, "mode": APPLY}, settings)
    reading = read(clients, project_key, settings, need=TODAY)
    return tuple(_applied(clients, reading, wish, lambda percent: None)[1])


def _preview(clients: Clients, reading: Reading, wish: Wish) -> Guide:
    changes = _proposals(clients, reading, wish)
    state = store.find(clients, reading.snapshot.project_key)
    folder: Union[Unknown, bool] = state if isinstance(state, Unknown) else state is not None
    receipts: tuple[Receipt, ...] = ()
    if state is not None and not isinstance(state, Unknown):
        found = attempt("the receipts", receipts_in, state)
        receipts, folder = ((), found) if isinstance(found, Unknown) else (found[0], True)
    return core.preview_guide(reading.snapshot, reading.declared, reading.report, changes, receipts, folder)


_Result = tuple[str, Sequence[Done], Sequence[str]]


def _applied(clients: Clients, reading: Reading, wish: Wish, progress: Callable[[int], None]) -> _Result:
    few = replace(wish, datasets=wish.datasets or _datasets_of(reading, wish))
    changes = _proposals(clients, reading, few)
    if not wish.rows <= {change.id for change in changes}:
        changes = _proposals(clients, reading, wish)
    chosen = _chosen(changes, wish)
    done, receipt = apply(clients, reading.snapshot.project_key, chosen, progress)
    worked = sum(each.worked is not False for each in done)
    notes = [f"{worked} of {len(done)} applied."]
    if receipt:
        notes.append(f"To take them back: “Undo”, with the receipt {receipt}.")
    return "Applied", done, notes


def _taken_back(clients: Clients, reading: Reading, wish: Wish, progress: Callable[[int], None]) -> _Result:
    done, unreadable = take_back(clients, reading.snapshot.project_key, wish.receipt, progress)
    stays = sum(not each.worked for each in done)
    notes = [f"{len(done) - stays} of {len(done)} taken back."]
    if unreadable:
        notes.append(f"{unreadable} of the notes could not be read: what they tell of is still there.")
    if wish.mode == UNDO:
        return f"Undone: {wish.receipt}", done, notes
    if not stays and not unreadable:
        notes.append(
            "What people wrote stays: the managed folder operations_guide_state, and the profile in the variables."
        )
    return "Detached", done, notes


# --- parameters ------------------------------------------------------------------------------------------------------


def wished(config: Mapping[str, Any], settings: Settings) -> Wish:
    """The parameters, each checked. InvalidParameter names the first that cannot be."""
    mode = config.get("mode") or PREVIEW
    if mode not in MODES:
        raise InvalidParameter(f"“mode” is {mode!r}; it can be {', '.join(MODES)}", name="mode")
    groups = names_in(config, "groups")
    strangers = sorted(groups - set(core.GROUPS))
    if strangers:
        raise InvalidParameter(
            f"“groups” names {', '.join(strangers)}; there is {', '.join(core.GROUPS)}", name="groups"
        )
    wish = Wish(
        mode=str(mode),
        groups=groups,
        rows=names_in(config, "rows"),
        datasets=names_in(config, "datasets"),
        mail_to=_text(config, "mail_to"),
        mail_channel=_text(config, "mail_channel"),
        active=switched_on(config, "active"),
        heartbeat=_text(config, "heartbeat_url"),
        receipt=_text(config, "receipt") if mode == UNDO else "",
        facts=_text(config, "facts_dataset") or core.FACTS_NAME,
        connection=_text(config, "facts_connection"),
    )
    if not _DATASET_NAME.fullmatch(wish.facts):
        raise InvalidParameter(
            f"“facts_dataset” is {wish.facts!r}; a dataset's name has letters, digits and _", name="facts_dataset"
        )
    if mode == APPLY and not wish.groups and not wish.rows:
        raise InvalidParameter("nothing is ticked: tick groups, or name rows of the preview", name="groups")
    if mode == UNDO and not wish.receipt:
        raise InvalidParameter(
            "“receipt” is empty: name the receipt that the result and the preview show", name="receipt"
        )
    if wish.heartbeat and (refused := refusal(wish.heartbeat, settings.heartbeat_hosts)):
        raise InvalidParameter(f"“heartbeat_url”: {refused}", name="heartbeat_url")
    return wish


def _text(config: Mapping[str, Any], name: str) -> str:
    given = config.get(name)
    return given.strip() if isinstance(given, str) else ""


def _datasets_of(reading: Reading, wish: Wish) -> frozenset[str]:
    """The datasets and folders that rows alone are about: the history of the others need not be tested for them. Empty
    where all are wanted, as for the morning scenario."""
    if wish.groups or any(row.partition(":")[0] == "morning" for row in wish.rows):
        return frozenset()
    ids = {ref.id for ref in _followed(reading)}
    return frozenset(name for name in ids if any(row.endswith(f":{name}") for row in wish.rows))


def _chosen(changes: Sequence[Change], wish: Wish) -> list[Change]:
    there = {change.id for change in changes}
    strangers = sorted(wish.rows - there)
    if strangers:
        raise InvalidParameter(
            f"“rows” names {', '.join(strangers)}, which the preview does not have; it has {', '.join(sorted(there)) or 'none'}",
            name="rows",
        )
    return [change for change in changes if wish.wants(change.id, change.group)]


# --- what is missing -------------------------------------------------------------------------------------------------


def _proposals(clients: Clients, reading: Reading, wish: Wish) -> list[Change]:
    snapshot, report = reading.snapshot, reading.report
    mail = core.mail_by(_channels(clients, reading), wish.mail_channel, wish.mail_to)
    found: list[Change] = []
    watched = _watched(clients, reading, wish)
    for each in watched:
        found += [each] if isinstance(each, Change) else core.proposals(each)
    found += _columns(reading, wish, {each.ref.id for each in watched if isinstance(each, Watched)})
    found += core.mails_on_failure(snapshot, report, mail)
    found += core.facts_dataset(snapshot, wish.facts, wish.connection)
    facts = _facts_dataset(snapshot, wish)
    found += core.facts_into(
        _scenario_as_it_is(clients, snapshot, WATCH_NAME) if facts else None, wish.facts, there=facts
    )
    found += core.watch(snapshot, mail, active=wish.active, heartbeat=wish.heartbeat, facts=wish.facts if facts else "")
    whole = [each for each in watched if isinstance(each, Watched) and not each.partitioned]
    # Builds run the checks of what they make; what comes from elsewhere has its metrics computed, too.
    checked = [each.ref for each in whole if each.is_folder or not each.source]
    computed = [each.ref for each in whole if each.source]
    plan = core.MorningPlan(checked, computed, mail, active=wish.active, zone=report.zone)
    found += core.morning(snapshot, plan, _scenario_as_it_is(clients, snapshot, core.MORNING_NAME))
    found += core.statistics(snapshot)
    order = list(core.GROUPS)
    return sorted(found, key=lambda change: order.index(change.group))


def _columns(reading: Reading, wish: Wish, watched: Collection[str]) -> Iterator[Change]:
    """The columns to accept of sources, which change without anybody here building them, and of whatever else has
    accepted columns: those of the watched datasets are among their own changes."""
    snapshot, profiles = reading.snapshot, reading.declared.profile.datasets
    followed = {ref.id for ref in monitored(snapshot, reading.declared) if ref.kind == "DATASET"}
    followed |= {name for name, profile in profiles.items() if profile.accepted_schema}
    for dataset in known(snapshot.datasets, ()):
        name = dataset.name
        own = dataset.project_key == snapshot.project_key and (not wish.datasets or name in wish.datasets)
        if own and name in followed and name not in watched:
            profile = profiles.get(name, DatasetProfile())
            change = core.accept_columns(name, dataset.columns, profile, _layer(snapshot))
            if change is not None:
                yield change


def _facts_dataset(snapshot: Snapshot, wish: Wish) -> bool:
    """Whether the dataset for facts is there and takes them, or is about to be made."""
    if any(each.name == wish.facts for each in known(snapshot.datasets, ())):
        return not core.lacking(snapshot, wish.facts)
    return bool(wish.connection) and (wish.mode == PREVIEW or wish.wants("facts:dataset", "facts"))


def _scenario_as_it_is(
    clients: Clients, snapshot: Snapshot, name: str
) -> Known[Optional[tuple[str, Mapping[str, Any]]]]:
    """Id and settings of the scenario of that name; None where there is none."""
    named = (each.id for each in known(snapshot.scenarios, ()) if each.name == name)
    scenario_id = next(named, None)
    if scenario_id is None:
        return None
    place = path("projects", snapshot.project_key, "scenarios", scenario_id)
    settings = attempt(f"the settings of the scenario “{name}”", clients.get_mapping, place)
    return settings if isinstance(settings, Unknown) else (scenario_id, settings)


def _layer(snapshot: Snapshot) -> str:
    """The layer of the profile to write: activating a bundle replaces all but the local variables."""
    instance = known(snapshot.instance, None)
    return "local" if instance is not None and instance.node_type == "AUTOMATION" else "standard"


def _channels(clients: Clients, reading: Reading) -> Known[Any]:
    """The channels, asked for although no scenario reports yet: that is what is to be changed."""
    found = reading.snapshot.channels
    if not isinstance(found, Unknown):
        return found
    return extras.channels(clients)


def _followed(reading: Reading) -> list[ObjectRef]:
    """The datasets and folders among the sources and outputs."""
    refs = monitored(reading.snapshot, reading.declared)
    return [ref for ref in refs if ref.kind in ("DATASET", "MANAGED_FOLDER")]


def _wanted(reading: Reading, wish: Wish) -> list[ObjectRef]:
    """What proposals are made for: the datasets that people wait for, the sources whose column of time is declared, and
    the folders of both kinds; of these the ones that are wished for. InvalidParameter names what there is not."""
    snapshot = reading.snapshot
    built = [output.ref for output in known(reading.report.outputs, ())]
    timed = {name for name, profile in reading.declared.profile.datasets.items() if profile.time_column}
    followed, names = _followed(reading), reading.scene.folder_names
    called = {
        ref: {ref.id, names.get(ref.id, ref.id)} if ref.kind == "MANAGED_FOLDER" else {ref.id} for ref in followed
    }
    strangers = sorted(wish.datasets.difference(*called.values()))
    if strangers:
        raise InvalidParameter(
            f"“datasets” names {', '.join(strangers)}, which are no sources or outputs of this project; "
            f"it has {', '.join(sorted(ref.id for ref in followed)) or 'none'}",
            name="datasets",
        )
    own = {dataset.name for dataset in known(snapshot.datasets, ()) if dataset.project_key == snapshot.project_key}
    return [
        ref
        for ref in (*built, *(ref for ref in followed if ref not in built))
        if ref in called
        and ref.project_key == snapshot.project_key
        and (not wish.datasets or wish.datasets & called[ref])
        and (ref.kind == "MANAGED_FOLDER" or (ref.id in own and (ref in built or ref.id in timed)))
    ]


def _watched(clients: Clients, reading: Reading, wish: Wish) -> list[Union[Watched, Change]]:
    """What proposals are made for, with its settings as they stand; a Change that cannot be applied for what could not
    be read."""
    snapshot = reading.snapshot
    datasets = {d.name: d for d in known(snapshot.datasets, ()) if d.project_key == snapshot.project_key}
    report = {output.ref: output for output in known(reading.report.outputs, ())}
    profiles = reading.declared.profile.datasets
    refs = _wanted(reading, wish)
    strewn = [ref for ref in refs if ref.kind == "MANAGED_FOLDER" and ref not in report]
    with clients.batch() as batch:
        pending = {_called(ref): batch.start(clients.get_mapping, _settings_of(ref)) for ref in refs}
        listing = {_called(ref): batch.start(file_times, clients, ref.project_key, ref.id) for ref in strewn}
        documents = batch.results("the settings of", pending)
        files = batch.results("the files of", listing)
    found: list[Union[Watched, Change]] = []
    for ref in refs:
        document, dataset = documents[_called(ref)], datasets.get(ref.id) if ref.kind == "DATASET" else None
        if isinstance(document, Unknown):
            kind, why = "dataset" if dataset else "folder", document.reason
            ident = f"count:{ref.id}" if dataset else f"files:folder:{ref.id}"
            found.append(Change(ident, "counts", "Read its settings", f"{kind}:{ref.id}", why, obstacle=why))
            continue
        found.append(
            Watched(
                ref=ref,
                document=document,
                facts=snapshot.fact(ref),
                columns=dataset.columns if dataset else (),
                profile=profiles.get(ref.id, DatasetProfile()),
                report=report.get(ref),
                partitioned=bool(dataset and dataset.partitioned_by),
                source=ref not in report,
                rules=dataset is not None and at_least(snapshot, QUALITY_SINCE) is not False,
                layer=_layer(snapshot),
                zone=reading.scene.zone,
                now=snapshot.taken_at,
                files=files.get(_called(ref), ()),
            )
        )
    return found


def _called(ref: ObjectRef) -> str:
    return f"folder {ref.id}" if ref.kind == "MANAGED_FOLDER" else ref.id


def _settings_of(ref: ObjectRef) -> str:
    return path("projects", ref.project_key, "datasets" if ref.kind == "DATASET" else "managedfolders", ref.id)
