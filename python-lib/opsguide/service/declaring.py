"""The profile declared on a page: shown part by part, checked while it is written, saved as the person who declares.

What somebody else saved since the page was made is put together with what is saved now (`profile.threeway`): what only
one of the two changed is kept, what both changed is shown with both values before anything is saved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union
from zoneinfo import available_timezones

from ..core import words
from ..core.assess import assess
from ..core.compose.daily_operations import doer, due_text
from ..core.compose.scene import Scene, contact_text
from ..core.contacts import all_of, doubts
from ..core.declare import changes, difference, fingerprint, previews, suggestions
from ..core.tasks import of_guide, stand
from ..dss import declarations, turns
from ..dss.identity import Access
from ..errors import DssError, DssUnreachable, InvalidParameter
from ..model.declare import Checked, Editor, Entry, Field, Form, Group, Import, Layers, Preview, Review, TaskLine
from ..model.event import Event
from ..model.known import Unknown, known
from ..model.profile import PROFILE_KEY, DatasetProfile, Declared, Problem
from ..model.snapshot import Snapshot, Variables
from ..profile import load
from ..profile.files import NotReadable, read, written
from ..profile.forms import Setting, entered, fields, text_of, with_problems
from ..profile.layers import leaves, merged
from ..profile.parts import REVIEWED, SECTIONS, Part, Section, Whole, at, names, part_at
from ..profile.threeway import Clash, same, together
from ..settings import Settings
from .acts import Asked, Done, Outcome, Refused, claimed, folder, record, refuse
from .reading import TODAY, Reading, today_of

NEED = TODAY | {"users", "groups", "permissions", "articles"}
ATTEMPTS = 3
PATIENCE_SECONDS = 8.0
_SAID = 120
_ACTIVATED = (
    "This is an automation node: only this node's layer (local) is written. Activating a bundle replaces the rest of the "
    "profile, which travels with the bundle."
)
_UNSURE = (
    "Whether this is an automation node could not be read: there, activating a bundle replaces the standard layer."
)


def as_now(access: Access, reading: Reading, settings: Settings) -> Reading:
    """The reading with the profile as it stands at this moment: what somebody edits must not be half a minute old."""
    snapshot = reading.snapshot
    try:
        found = declarations.read(access.clients, snapshot.project_key)
    except (DssError, DssUnreachable):
        return reading
    variables = Variables(found.layers["standard"], found.layers["local"])
    if variables == snapshot.variables:
        return reading
    declared = load(variables.standard, variables.local, settings.profile_defaults)
    snapshot = replace(snapshot, variables=variables)
    report = assess(snapshot, declared, server_zone=settings.server_timezone)
    return replace(reading, snapshot=snapshot, declared=declared, report=report).noted(reading.ledger)


@dataclass(frozen=True)
class Sheet:
    """What somebody entered: the form of a part, for a layer. `base` is what it showed first, `zone` the clock on which
    its instants were shown."""

    part: str
    layer: str
    base: Mapping[str, Any]
    form: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"


def editor(
    reading: Reading, settings: Settings, part_id: str = "", layer: str = "", notices: tuple[str, ...] = ()
) -> Editor:
    """The page, with the form of a part open where one is named. InvalidParameter where nothing is called so."""
    shown = _overview(reading)
    if not part_id or part_id == REVIEWED.id or shown.unread:
        return shown  # a review is a button beside the parts
    part, layer = _part(part_id), _layer(shown.layers, layer)
    said = part.of(_documents(reading)[layer].get(PROFILE_KEY))
    return replace(shown, form=_form(reading, settings, part, layer, said, said, notices=notices))


def check(reading: Reading, settings: Settings, sheet: Sheet) -> Editor:
    """The page with what was entered, all problems at once, and what the rules mean. Nothing is changed."""
    shown = _overview(reading)
    part, layer = _part(sheet.part), _layer(shown.layers, sheet.layer)
    mine = entered(part, sheet.form, sheet.base, sheet.zone)
    return replace(shown, form=_form(reading, settings, part, layer, mine, sheet.base, zone=sheet.zone))


def preview(reading: Reading, settings: Settings, layer: str, text: str, exactly: bool) -> Editor:
    """The page with what a file would change in a layer. Nothing is changed."""
    shown = _overview(reading)
    layer = _layer(shown.layers, layer)
    base = Whole().of(_documents(reading)[layer].get(PROFILE_KEY))
    try:
        put = _Wanted(Whole(), layer, base, _of_file(text, base, exactly)).among(
            declarations.Documents(_documents(reading)), settings
        )
    except NotReadable as problem:
        return replace(shown, imported=Import(layer, exactly, text, unreadable=str(problem)))
    return replace(shown, imported=_imported(layer, exactly, text, put))


def take_file(
    asked: Asked, reading: Reading, settings: Settings, layer: str, text: str, exactly: bool, base: Mapping[str, Any]
) -> Union[Outcome, Editor]:
    """Save a file as a layer, once, over what `base` says was shown of it. As `save`."""
    layer = _layer(_layers(reading.snapshot), layer)
    try:
        wanted = _Wanted(Whole(), layer, base, _of_file(text, base, exactly))
    except NotReadable as problem:
        return Refused(f"The file cannot be taken: {problem}.", "Correct it and show again what it would change.")
    found = _saved(asked, reading, wanted, settings)
    if isinstance(found, _Again):
        return replace(_overview(reading), imported=_imported(layer, exactly, text, found.put))
    return found


def _of_file(text: str, base: Mapping[str, Any], exactly: bool) -> dict[str, Any]:
    found = read(text)
    return found if exactly else merged(dict(base), found)


def _imported(layer: str, exactly: bool, text: str, put: _Put) -> Import:
    paths = dict.fromkeys([*leaves(put.theirs), *leaves(put.tree)])
    changed = tuple(
        (".".join(map(str, path)), text_of(at(put.theirs, path)), text_of(at(put.tree, path)))
        for path in paths
        if not same(at(put.theirs, path), at(put.tree, path))
    )
    return Import(
        layer,
        exactly,
        text,
        json.dumps(put.theirs, ensure_ascii=False),
        changed,
        tuple((problem.path, problem.message) for problem in put.problems),
        tuple((".".join(map(str, c.path)), text_of(c.theirs), text_of(c.mine)) for c in put.clashes),
    )


def exported(reading: Reading, layer: str, kind: str) -> str:
    """A layer as a file, as it stands; InvalidParameter for a layer that there is not."""
    documents = _documents(reading)
    if layer not in documents:
        raise InvalidParameter(f"There is no layer “{layer[:40]}”: there is {' and '.join(documents)}.", name="layer")
    return written(documents[layer].get(PROFILE_KEY) or {}, kind)


def review(asked: Asked, reading: Reading, settings: Settings) -> Outcome:
    """Note that the person who asks has read the whole guide and found it right, with what the project is like."""
    layer = _layers(reading.snapshot).choices[0]
    today = asked.access.clients.now()[0].astimezone(reading.scene.zone)
    base = REVIEWED.of(declarations.read(asked.access.clients, asked.project_key).of(layer))
    mine = {"reviewed": {"on": f"{today:%Y-%m-%d}", "by": asked.access.login}}
    print_ = {"fingerprint": fingerprint(reading.snapshot, reading.report)}
    found = _saved(asked, reading, _Wanted(REVIEWED, layer, base, mine, extra=print_), settings)
    if isinstance(found, _Again):
        return Refused(
            "The review could not be noted: somebody else noted one at the same moment.", "Look at the page."
        )
    return found


def done(asked: Asked, reading: Reading) -> Outcome:
    """Note that the person who asks did a task of the week or the month."""
    task = next((t for t in of_guide(reading.declared.profile.tasks) if t.id == asked.form["task"]), None)
    if task is None:
        return Refused("This task is not declared any more.", "Reload the page.")
    return record(asked, asked.event("task", task.about, asked.form.get("remark", ""), task=task.name))


def judge_rows(asked: Asked, reading: Reading, settings: Settings) -> Outcome:
    """Note in the profile what the person who asks says of the rows of an output, flagged as unusual: that they were
    wrong, so that nothing is expected from them, or that a new level is right. `built` is the end of the build whose
    rows they saw."""
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    noted = state.recorded(asked.request)
    if noted is not None:
        return Done(noted)  # sent twice: what was in doubt is not any more
    name, says_wrong = asked.form["about"].partition(":")[2], asked.form["say"] == "wrong"
    line = next((each for each in known(today_of(reading).outputs, ()) if each.id == name), None)
    if line is None or line.doubt is None or line.doubt.built_at.isoformat() != asked.form["built"]:
        return Refused(f"The rows of “{name}” are not in doubt as they were shown.", "Look at the page again.")
    if not says_wrong and line.volume != "NEW_LEVEL":
        return Refused(f"The rows of “{name}” are at no new level.", "Declare what is allowed on the page Declare.")
    documents = _documents(reading)
    part, layer = _part(f"datasets.{name}"), _layers(reading.snapshot).choices[0]
    key = "wrong_counts" if says_wrong else "level_confirmed"
    if key in part.of(documents["local"].get(PROFILE_KEY)):
        layer = "local"  # what is said there hides what the other layer says
    base = part.of(documents[layer].get(PROFILE_KEY))
    told = reading.declared.profile.datasets.get(name, DatasetProfile()).wrong_counts
    minute = [f"{at:%Y-%m-%dT%H:%M%z}" for at in (*told, line.doubt.built_at)]
    mine = {**base, key: minute if says_wrong else asked.form["built"]}
    found = _saved(asked, reading, _Wanted(part, layer, base, mine), settings)
    if isinstance(found, _Again):
        wrong = "; ".join(problem.message for problem in found.put.problems)
        why = f"the profile says of it what cannot be used: {wrong}" if wrong else "somebody else said it just now"
        return Refused(f"It could not be noted: {why}.", "Look at the page Declare.")
    return found


def save(asked: Asked, reading: Reading, sheet: Sheet, settings: Settings) -> Union[Outcome, Editor]:
    """Save what was entered, once. The page again, and nothing saved, where something is wrong with it or somebody else
    changed the same fields differently."""
    part = _part(sheet.part)
    layer = _layer(_layers(reading.snapshot), sheet.layer)
    mine = entered(part, sheet.form, sheet.base, sheet.zone)
    wanted = _Wanted(part, layer, sheet.base, mine, sheet.zone)
    found = _saved(asked, reading, wanted, settings)
    if isinstance(found, _Again):
        return _again(as_now(asked.access, reading, settings), settings, wanted, found.put)
    return found


@dataclass(frozen=True)
class _Wanted:
    """What shall stand in a part of a layer, over what was shown of it. `extra` is kept with the event, and makes it worth
    one where nothing changes."""

    part: Part
    layer: str
    base: Mapping[str, Any]
    mine: Mapping[str, Any]
    zone: str = "UTC"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def among(self, found: declarations.Documents, settings: Settings) -> _Put:
        """Put together with what stands there now, and what is wrong with it then."""
        document = found.of(self.layer)
        theirs = self.part.of(document)
        put = together(self.base, theirs, self.mine)
        whole = self.part.into(document, put.tree)
        layers = {**found.layers, self.layer: {**found.layers[self.layer], PROFILE_KEY: whole}}
        declared = load(layers["standard"], layers["local"], settings.profile_defaults)
        wrong = tuple(p for p in declared.problems if p.layer == self.layer and _within(self.part, p))
        return _Put(theirs, put.tree, whole, put.clashes, wrong)


@dataclass(frozen=True)
class _Put:
    theirs: Mapping[str, Any]
    tree: Mapping[str, Any]
    whole: Mapping[str, Any]
    clashes: tuple[Clash, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Again:
    """Nothing was saved: what is wrong, or clashes, has to be looked at first."""

    put: _Put


def _saved(asked: Asked, reading: Reading, wanted: _Wanted, settings: Settings) -> Union[Outcome, _Again]:
    clients, key = asked.access.clients, asked.project_key
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    put = wanted.among(declarations.read(clients, key), settings)
    if put.problems or put.clashes:
        return _Again(put)
    if same(put.tree, put.theirs) and not wanted.extra:
        noted = state.recorded(asked.request)
        if noted is not None:
            return Done(noted)
        return Refused("Nothing was changed: what you entered stands there already.", "Change something, or leave it.")
    earlier = claimed(state, asked)
    if earlier is not None:
        return earlier
    with turns.saving(state, asked.access.login, PATIENCE_SECONDS) as mine:
        if not mine:
            return refuse(state, asked, _about(wanted.part), "Somebody else is saving the profile right now.", _RESEND)
        for _ in range(ATTEMPTS):
            found = declarations.read(clients, key)
            put = wanted.among(found, settings)
            if put.problems or put.clashes:
                return _Again(put)
            event = asked.event(
                "profile",
                _about(wanted.part),
                f"{wanted.part.title}, layer {wanted.layer}",
                path=".".join(each for each in (wanted.layer, PROFILE_KEY, wanted.part.id) if each),
                before=dict(put.theirs) or None,
                after=dict(put.tree) or None,
                **wanted.extra,
            )
            if same(put.tree, put.theirs):
                return Done(state.append(event))  # reviewed twice a day: what the project is like is kept again
            # The value before is kept before it is gone: whoever dies half-way loses nobody's words.
            before = {"path": event.data["path"], "by": asked.access.login, "before": event.data["before"]}
            state.put(f"/profile/{event.path.rpartition('/')[2]}", json.dumps(before).encode())
            try:
                kept = declarations.write(clients, key, wanted.layer, put.whole)
            except DssError as error:
                needs = f"It needs the right “{error.needs}”." if error.needs else ""
                return refuse(state, asked, _about(wanted.part), f"DSS did not save it: {error}", needs)
            if same(kept.of(wanted.layer), put.whole):
                return Done(state.append(event))
            # Somebody else saved at the same moment: what they have now is put together with what was saved.
            wanted = replace(wanted, base=put.theirs, mine=put.tree)
    return refuse(state, asked, _about(wanted.part), "Somebody else keeps saving at the same moment.", _RESEND)


_RESEND = "Open the part again, look what it says, and save it once more."


def _again(reading: Reading, settings: Settings, wanted: _Wanted, put: _Put) -> Editor:
    """The page with both people's changes in it, what clashes and what is wrong: saved next, it is over theirs."""
    form = _form(
        reading, settings, wanted.part, wanted.layer, put.tree, put.theirs, zone=wanted.zone, problems=put.problems
    )
    clashes = {clash.path: clash for clash in put.clashes}
    marked = tuple(_clashing(each, clashes, wanted) for each in form.fields)
    notices = form.notices
    if clashes:
        notices = (
            "Nothing is saved yet: somebody else changed the same in the meantime. Both values stand below; what is in "
            "the fields is yours. Save again to keep it, or take theirs.",
        )
    return replace(_overview(reading), form=replace(form, fields=marked, clashes=len(clashes), notices=notices))


def _clashing(each: Field, clashes: Mapping[tuple[Any, ...], Clash], wanted: _Wanted) -> Field:
    place = each.path[len(wanted.part.root) :]
    clash = clashes.get(place)
    inner = tuple(_clashing(below, clashes, wanted) for below in each.fields)
    rows = tuple(
        tuple(_clashing(below, clashes, wanted) for below in _row_clash(row, clashes.get((*place, number))))
        for number, row in enumerate(each.rows)
    )
    theirs = each.theirs if clash is None else text_of(clash.theirs)
    return replace(each, fields=inner, rows=rows, theirs=theirs)


def _row_clash(row: tuple[Field, ...], clash: Optional[Clash]) -> tuple[Field, ...]:
    """A row that one deleted and the other changed says so at its first field."""
    if clash is None:
        return row
    said = "this row was deleted" if clash.theirs is None else text_of(clash.theirs)
    return (replace(row[0], theirs=said), *row[1:])


# --- the page --------------------------------------------------------------------------------------------------------


def _overview(reading: Reading) -> Editor:
    snapshot, scene = reading.snapshot, reading.scene
    variables = snapshot.variables
    shown = Editor(
        snapshot.project_key,
        snapshot.taken_at,
        reading.report.zone,
        _layers(snapshot),
        folder=reading.ledger is not None,
        documents={name: document.get(PROFILE_KEY) or {} for name, document in _documents(reading).items()},
        problems=tuple((p.layer, p.path, p.message) for p in reading.declared.problems),
    )
    if isinstance(variables, Unknown):
        return replace(shown, unread=variables.reason)
    events = () if reading.ledger is None or isinstance(reading.ledger, Unknown) else reading.ledger.events
    groups = tuple(_group(scene, shown.documents, section) for section in SECTIONS)
    unread = reading.report.tasks_done
    return replace(
        shown,
        groups=groups,
        past=changes(events),
        tasks=tuple(_tasks(reading)),
        tasks_unread=unread.reason if isinstance(unread, Unknown) else "",
        contacts=tuple(_contacts(reading)),
        review=_review(reading, events),
    )


def _tasks(reading: Reading) -> Iterator[TaskLine]:
    scene = reading.scene
    today = scene.now.astimezone(scene.zone).date()
    for task in of_guide(reading.declared.profile.tasks):
        found = stand(task, known(reading.report.tasks_done, ()), today, scene.zone)
        due = found.unread
        if found.due is not None:
            due = due_text(found, today) if found.overdue else f"due {due_text(found, today)}"
        done_ = f"{scene.time(found.done.at)} by {found.done.by or 'somebody'}" if found.done else ""
        yield TaskLine(task.id, task.name, task.rhythm, due, found.overdue, done_, doer(scene, task.how))


def _contacts(reading: Reading) -> Iterator[Checked]:
    for path, contact in all_of(reading.declared.profile):
        found = doubts(contact, reading.snapshot)
        if contact.login or contact.group:
            yield Checked(path, contact_text(contact), "; ".join(found.wrong), "; ".join(found.unknown))


def _review(reading: Reading, events: tuple[Event, ...]) -> Review:
    reviewed = reading.declared.profile.reviewed
    if reviewed is None:
        return Review("Nobody has noted yet that they read the whole guide and found it right.")
    by = f" by {reviewed.by}" if reviewed.by else ""
    today = reading.scene.now.astimezone(reading.scene.zone).date()
    age = (today - reviewed.on).days
    said = f"Last reviewed on {words.date_text(reviewed.on, today)}{by}, {words.count(age, 'day')} ago."
    kept = [event.data["fingerprint"] for event in events if event.kind == "profile" and "fingerprint" in event.data]
    if not kept:
        why = "What the project was like then is not on record in the last two months, so that what changed cannot be told."
        return Review(said, why=why)
    found, untold = difference(kept[-1], fingerprint(reading.snapshot, reading.report))
    return Review(said, tuple((d.kind, d.name, d.how, d.before, d.after) for d in found), untold)


def _group(scene: Scene, documents: Mapping[str, Any], section: Section) -> Group:
    if not section.named:
        return Group(section.id, section.title, section.help, (_entry(scene, documents, Part(section)),))
    known_names = _offered(scene, section.id)
    declared_names = [name for document in documents.values() for name in names(document, section)]
    listed = dict.fromkeys([*declared_names, *known_names])
    entries = tuple(
        replace(_entry(scene, documents, Part(section, name)), why=known_names.get(name, "")) for name in listed if name
    )
    new = {"datasets": "dataset or folder", "scenarios": "", "connections": "connection", "calendars": "calendar"}
    return Group(section.id, section.title, section.help, entries, new[section.id])


def _entry(scene: Scene, documents: Mapping[str, Any], part: Part) -> Entry:
    said = {name: part.of(document) for name, document in documents.items()}
    layers = tuple(name for name, each in said.items() if each)
    text = "; ".join(_in_short(each) for each in said.values() if each)
    problem = next((p.message for p in scene.declared.problems if _within(part, p)), "")
    return Entry(part.id, part.name or part.section.title, text, layers, problem)


def _in_short(said: Mapping[str, Any]) -> str:
    text = ", ".join(
        f"{key.replace('_', ' ')} {f'{len(value)}' if isinstance(value, list) and value and isinstance(value[0], dict) else text_of(value)}"
        for key, value in said.items()
    )
    return text if len(text) <= _SAID else f"{text[:_SAID]}…"


def _offered(scene: Scene, section_id: str) -> dict[str, str]:
    """The objects of the project that the section is about, each with why it is offered."""
    if section_id == "datasets":
        found = {scene.smart(output.ref): f"output: {output.why}" for output in scene.outputs}
        sources = known(scene.report.sources, ())
        return {**found, **{scene.smart(source.ref): f"source: {source.why}" for source in sources}}
    if section_id == "scenarios":
        return {s.id: s.name if s.name != s.id else "" for s in known(scene.report.scenarios, ())}
    if section_id == "connections":
        used = {each.connection: "" for each in known(scene.snapshot.datasets, ()) if each.connection}
        return {**used, **{each.connection: "" for each in known(scene.snapshot.folders, ()) if each.connection}}
    return {}


def _form(
    reading: Reading,
    settings: Settings,
    part: Part,
    layer: str,
    said: Mapping[str, Any],
    base: Mapping[str, Any],
    *,
    zone: str = "",
    problems: Optional[tuple[Problem, ...]] = None,
    notices: tuple[str, ...] = (),
) -> Form:
    declared, drafted = _drafted(reading, settings, part, layer, said)
    if problems is None:
        problems = tuple(p for p in declared.problems if p.layer == layer and _within(part, p))
    other = "local" if layer == "standard" else "standard"
    lists = _lists(reading, part)
    setting = Setting(zone or reading.report.zone, lists, drafted[other].get(PROFILE_KEY), _WHOSE[other])
    shown, rest = with_problems(fields(part, said, setting), problems, part.root)
    found = suggestions(reading.report, reading.snapshot, part.section.id, part.name)
    shown = tuple(_suggesting(each, found, len(part.root)) for each in shown)
    return Form(
        part.id,
        part.title,
        layer,
        json.dumps(base, ensure_ascii=False),
        shown,
        _previews(reading, settings, declared, part),
        (*notices, *(f"{problem.path}: {problem.message}" for problem in rest)),
        lists=lists,
        zone=setting.zone,
    )


_WHOSE = {"local": "This node's layer (local) says", "standard": "The standard layer says"}


def _previews(reading: Reading, settings: Settings, declared: Declared, part: Part) -> tuple[Preview, ...]:
    snapshot = reading.snapshot
    judged = (
        reading.report
        if declared == reading.declared
        else assess(snapshot, declared, server_zone=settings.server_timezone)
    )
    return previews(snapshot, declared.profile, judged, part.section.id, part.name)


def _suggesting(each: Field, found: Mapping[str, Any], depth: int) -> Field:
    inner = tuple(_suggesting(below, found, depth) for below in each.fields)
    suggestion = None if each.value else found.get(".".join(map(str, each.path[depth:])))
    return replace(each, fields=inner, suggestion=suggestion)


def _drafted(
    reading: Reading, settings: Settings, part: Part, layer: str, said: Mapping[str, Any]
) -> tuple[Declared, dict[str, Mapping[str, Any]]]:
    """The profile as it would be, and the layers that say so."""
    layers = _documents(reading)
    layers[layer] = {**layers[layer], PROFILE_KEY: part.into(layers[layer].get(PROFILE_KEY), said)}
    return load(layers["standard"], layers["local"], settings.profile_defaults), layers


def _lists(reading: Reading, part: Part) -> dict[str, tuple[str, ...]]:
    """Known names to choose from, by the key of the fields that take one."""
    snapshot, scene = reading.snapshot, reading.scene
    datasets = {scene.smart(each.ref): each for each in known(snapshot.datasets, ())}
    columns = datasets[part.name].columns if part.name in datasets else ()
    found = {
        "timezone": sorted(available_timezones()),
        "calendar": list(reading.declared.profile.calendars),
        "login": [user.login for user in known(snapshot.users, ())],
        "group": [group.name for group in known(snapshot.groups, ())],
        "time_column": [column.name for column in columns],
        "system": ["Dataiku Platform", *_offered(scene, "connections")],
    }
    titles = [article.name for article in known(snapshot.articles, ())]
    found |= dict.fromkeys(("flow", "data_dictionary", "business_rules", "troubleshooting", "onboarding"), titles)
    return {key: tuple(names_) for key, names_ in found.items() if names_}


def _layers(snapshot: Snapshot) -> Layers:
    instance = snapshot.instance
    if isinstance(instance, Unknown):
        return Layers(("standard", "local"), _UNSURE)
    if instance.node_type.upper() == "AUTOMATION":
        return Layers(("local",), _ACTIVATED)
    return Layers(("standard", "local"))


def _layer(layers: Layers, wanted: str) -> str:
    if wanted and wanted not in layers.choices:
        raise InvalidParameter(
            f"“layer” is “{wanted[:40]}”; here it can be {' or '.join(layers.choices)}.", name="layer"
        )
    return wanted or layers.choices[0]


def _part(part_id: str) -> Part:
    part = part_at(part_id)
    if part is None:
        raise InvalidParameter(f"The profile has no part “{part_id[:80]}”.", name="at")
    return part


def _within(part: Part, problem: Problem) -> bool:
    if isinstance(part, Whole):
        return True
    if part.section.named:
        head = ".".join(part.root)
        return problem.path == head or problem.path.startswith(f"{head}.")
    return problem.path.partition(".")[0] in part.keys


def _documents(reading: Reading) -> dict[str, Mapping[str, Any]]:
    variables = known(reading.snapshot.variables, Variables())
    return {"standard": variables.standard, "local": variables.local}


def _about(part: Part) -> str:
    subject = {"datasets": "dataset", "scenarios": "scenario"}.get(part.section.id)
    return f"{subject}:{part.name}" if subject else ""
