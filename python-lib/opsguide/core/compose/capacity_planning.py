"""Capacity Planning: what is used now, what the limits are, how fast it grows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Optional

from ...model.guide import Block, Cell, Heading, Item, Items, Link, Table, Tone
from ...model.known import Cause, Known, Unknown, known
from ...model.snapshot import ObjectRef
from .. import words
from ..capacity import (
    MONTH_DAYS,
    Growth,
    Meeting,
    Reached,
    Stock,
    load,
    meetings,
    planned,
    reached,
    stock,
    together,
)
from .rows import table_or_reason
from .scene import Scene, key

NEEDS = (
    "instance",
    "settings",
    "metrics",
    "row_counts",
    "sizes",
    "runs",
    "scenario_settings",
    "webapps",
    "viewer",
    "groups",
    "footprint",
)

_LARGEST = 10
_SOON_DAYS = 60
_FAR_DAYS = 3650
_WEEK_DAYS = 7


def compose(scene: Scene) -> tuple[Block, ...]:
    held = _Held(scene)
    return (
        Heading("current-resource-usage", "Current Resource Usage"),
        Table(
            ("Resource", "Current", "Limit", "Alert At"),
            (_storage(scene, held), _disk(scene), _compute(scene), *_others(scene)),
            "What this project uses",
        ),
        *_by_connection(scene, held),
        *_largest(scene, held),
        Heading("growth-considerations", "Growth Considerations"),
        Items(
            (
                Item(("Data volume grows approximately ", _rate(scene, held))),
                Item(("Storage limit reached: ", _limit(scene, held))),
                Item(("Review capacity ", _review(scene, held))),
                Item(("Contact ", _contact(scene), " for capacity increases")),
            )
        ),
        Heading("schedules-that-meet", "Schedules That Meet"),
        *_meetings(scene),
    )


class _Held:
    """The extent of each source and output: `stocks` of those whose metrics were read, `unread` why others were not."""

    def __init__(self, scene: Scene) -> None:
        refs = dict.fromkeys((*(source.ref for source in scene.sources), *(output.ref for output in scene.outputs)))
        self.refs = tuple(refs)
        self.stocks: list[Stock] = []
        self.unread: list[Unknown] = []
        for ref in self.refs:
            found = stock(scene.fact(ref), _connection(scene, ref), scene.now)
            if isinstance(found, Unknown):
                self.unread.append(found)
            else:
                self.stocks.append(found)
        self.sized = [each for each in self.stocks if each.size is not None]
        self.size = sum(each.size for each in self.sized if each.size is not None)
        rates = [each.size_growth for each in self.sized]
        self.growth = together([each for each in rates if not isinstance(each, Unknown)])
        self.coverage = _coverage(rates, len(self.refs))

    @property
    def why_none(self) -> Unknown:
        """Why no size is known at all."""
        nothing = Unknown("no source or output has a size on record", Cause.NOT_RECORDED, "the probe “Basic data”")
        return nothing if self.stocks or not self.unread else self.unread[0]


def _connection(scene: Scene, ref: ObjectRef) -> str:
    dataset = scene.datasets.get(ref)
    if dataset is not None:
        return dataset.connection
    folders = {folder.id: folder for folder in known(scene.snapshot.folders, ())}
    folder = folders.get(ref.id) if ref.kind == "MANAGED_FOLDER" else None
    return folder.connection if folder is not None else ""


def _storage(scene: Scene, held: _Held) -> tuple[Cell, ...]:
    row = "capacity-planning.storage"
    capacity = scene.profile.capacity
    limit = capacity.storage_limit_gb
    return (
        scene.fixed(f"{row}.resource", "Storage"),
        _storage_now(scene, held, f"{row}.current"),
        scene.declare(f"{row}.limit", "capacity.storage_limit_gb", f"{limit:g} GB" if limit else ""),
        _percent(
            scene,
            f"{row}.alert",
            "capacity.storage_alert_percent",
            capacity.storage_alert_percent,
            "80 % warns, 90 % is an error",
        ),
    )


def _storage_now(scene: Scene, held: _Held, cell_id: str) -> Cell:
    """The sizes DSS has recorded, and of how many objects: never passed off as the whole."""
    if not held.sized:
        return scene.unknown(cell_id, held.why_none)
    limit = scene.profile.capacity.storage_limit_gb
    share = held.size / (limit * 1e9) if limit else 0.0
    over = limit is not None and share * 100 >= scene.profile.capacity.storage_alert_percent
    more = f", {words.percent(share)} of the limit" if limit else ""
    of = words.count(len(held.refs), "source and output", "sources and outputs")
    measured = words.percent(len(held.sized) / len(held.refs))
    return scene.inferred(
        cell_id,
        f"At least {words.size(held.size)} in {len(held.sized):,} of {of} ({measured} measured){more}",
        "size metrics on record",
        tone=scene.alarm(Tone.NOTICE) if over else Tone.NONE,
        reason="intermediate datasets and logs are not counted",
        evidence=tuple(why.reason for why in held.unread if why.cause is not Cause.NOT_RECORDED),
    )


def _disk(scene: Scene) -> tuple[Cell, ...]:
    """What the project takes on DSS's own disk, its logs included: told to administrators alone."""
    row = "capacity-planning.disk"
    found = scene.snapshot.footprint
    if isinstance(found, Unknown):
        now = scene.unknown(f"{row}.current", found)
    else:
        parts = [f"{words.size(size)} {words.one_line(name, 40)}" for name, size in found.parts[:4]]
        unread = f"; {words.count(found.errors, 'place')} could not be looked into" if found.errors else ""
        now = scene.live(
            f"{row}.current",
            f"{words.size(found.size)} in {words.count(found.files, 'file')}{unread}",
            "DSS's own measure of its disk, up to 12 h old",
            evidence=tuple(parts),
        )
    return (scene.fixed(f"{row}.resource", "Disk of DSS"), now, *_no_limits(scene, row))


# --- storage by place ------------------------------------------------------------------------------------------------


def _by_connection(scene: Scene, held: _Held) -> tuple[Block, ...]:
    """One row for each connection that holds a source or output: how much of it is measured, and how fast it grows."""
    places: dict[str, list[ObjectRef]] = defaultdict(list)
    for ref in held.refs:
        places[_connection(scene, ref)].append(ref)
    rows = []
    for name in sorted(places, key=lambda each: (not each, each.casefold())):
        row = f"capacity-planning.connection-{key(name) or 'none'}"
        stocks = [each for each in held.sized if each.connection == name]
        size = sum(each.size for each in stocks if each.size is not None)
        measured = f"{len(stocks):,} of {len(places[name]):,}"
        rows.append(
            (
                scene.live(f"{row}.name", name or "not on a connection", "dataset list"),
                scene.live(f"{row}.measured", measured, "size metrics on record"),
                scene.inferred(f"{row}.size", words.size(size), "size metrics on record")
                if stocks
                else scene.unknown(f"{row}.size", _nothing_there(held)),
                _place_growth(scene, f"{row}.growth", held, name, len(places[name])),
            )
        )
    caption = "Sources and outputs by where they are" if rows else ""
    columns = ("Connection", "Measured", "Size", "Growth a Month")
    return (Table(columns, tuple(rows), caption, "The flow has no sources and outputs."),)


def _place_growth(scene: Scene, cell_id: str, held: _Held, name: str, of: int) -> Cell:
    """In bytes where any size is known, else in rows; and of how many, as what is not measured grows as well."""
    stocks = [each for each in held.stocks if each.connection == name]
    in_bytes = [each.size_growth for each in stocks if each.size is not None]
    in_rows = [each.row_growth for each in stocks]
    by_size = not isinstance(_sum(in_bytes), Unknown)
    found, said = (in_bytes, words.size) if by_size else (in_rows, _rows_text)
    rate = _sum(found)
    if isinstance(rate, Unknown):
        return scene.unknown(cell_id, next(map(_why_no_growth, stocks), rate))
    return scene.inferred(cell_id, f"{_a_month(rate, said)}; known of {_known_of(found)} of {of:,}", _rests_on(rate))


def _why_no_growth(found: Stock) -> Unknown:
    """Why the growth of one object is not known. Of what has no rows, or none that are compared, it is its size that is
    missing."""
    in_rows, in_bytes = found.row_growth, found.size_growth
    by_rows = found.ref.kind == "DATASET" and isinstance(in_rows, Unknown) and in_rows.cause is not Cause.LEFT_OUT
    for each in (in_rows, in_bytes) if by_rows else (in_bytes, in_rows):
        if isinstance(each, Unknown):
            return each
    return Unknown("nothing that is counted", Cause.NOT_RECORDED)


def _known_of(found: Sequence[Known[Growth]]) -> str:
    return f"{sum(not isinstance(each, Unknown) for each in found):,}"


def _coverage(found: Sequence[Known[Growth]], of: int) -> str:
    """ "by 3 of 12 sources and outputs": what a growth speaks for."""
    total = words.count(of, "source and output", "sources and outputs")
    return f"by {_known_of(found)} of {total}"


def _nothing_there(held: _Held) -> Unknown:
    return held.why_none if held.unread else replace(held.why_none, reason="nothing there has a size on record")


def _sum(found: Sequence[Known[Growth]]) -> Known[Growth]:
    """The growth of those for which it is known; why of none."""
    rates = [each for each in found if not isinstance(each, Unknown)]
    whole = together(rates)
    if whole is not None:
        return whole
    why = next((each for each in found if isinstance(each, Unknown)), None)
    return why or Unknown("nothing that is counted", Cause.NOT_RECORDED)


def _largest(scene: Scene, held: _Held) -> tuple[Block, ...]:
    known_extents = [each for each in held.stocks if each.size is not None or each.rows is not None]
    ranked = sorted(known_extents, key=lambda each: (-(each.size or 0), -(each.rows or 0), each.ref.id))
    rows = [_stock_row(scene, each) for each in ranked[:_LARGEST]]
    left_out = f"; {words.count(len(ranked) - _LARGEST, 'smaller one')} left out" if len(ranked) > _LARGEST else ""
    return (
        Table(
            ("Dataset", "Connection", "Size", "Rows", "Growth a Month"),
            tuple(rows),
            f"The largest sources and outputs{left_out}" if rows else "",
            "No source or output has a size or a row count on record.",
        ),
    )


def _stock_row(scene: Scene, found: Stock) -> tuple[Cell, ...]:
    row = f"capacity-planning.stock-{key(scene.about(found.ref))}"
    rate = found.size_growth if found.size is not None and not isinstance(found.size_growth, Unknown) else None
    return (
        scene.live(f"{row}.name", scene.name(found.ref), "flow graph", link=scene.link(found.ref)),
        scene.live(f"{row}.connection", found.connection or "none", "dataset list"),
        _extent(scene, f"{row}.size", found.size, words.size, "size"),
        _extent(scene, f"{row}.rows", found.rows, words.whole, "row count"),
        _growth_cell(scene, f"{row}.growth", rate, words.size)
        if rate is not None
        else _growth_cell(
            scene,
            f"{row}.growth",
            _why_no_growth(found) if isinstance(found.row_growth, Unknown) else found.row_growth,
            _rows_text,
        ),
    )


def _extent(scene: Scene, cell_id: str, number: Optional[float], said: Callable[[float], str], what: str) -> Cell:
    if number is None:
        return scene.unknown(cell_id, Unknown(f"no {what} is on record", Cause.NOT_RECORDED))
    return scene.live(cell_id, said(number), "last metric value")


def _rows_text(number: float) -> str:
    return words.count(round(number), "row")


# --- growth ----------------------------------------------------------------------------------------------------------


def _growth_cell(scene: Scene, cell_id: str, rate: Known[Growth], said: Callable[[float], str]) -> Cell:
    if isinstance(rate, Unknown):
        return scene.unknown(cell_id, rate)
    return scene.inferred(cell_id, _a_month(rate, said), _rests_on(rate))


def _a_month(rate: Growth, said: Callable[[float], str]) -> str:
    """ "1.2 GB (1.1 GB to 1.4 GB)", "-300 rows (-400 rows to -200 rows)", "no clear growth (-2 rows to 3 rows)"."""
    month = rate.times(MONTH_DAYS)

    def signed(number: float) -> str:
        return f"-{said(-number)}" if number < 0 else said(number)

    likely, low, high = signed(month.per_day), signed(month.low), signed(month.high)
    if not _is_clear(rate):
        return "no clear growth" if low == high else f"no clear growth ({low} to {high})"
    return likely if low == high else f"{likely} ({low} to {high})"


def _whole_rate(rate: Growth, said: Callable[[float], str]) -> str:
    """The same within a sentence: "1.2 GB (1.1 GB to 1.4 GB) a month", "nothing a month: no clear growth (…)"."""
    return f"{_a_month(rate, said)} a month" if _is_clear(rate) else f"nothing a month: {_a_month(rate, said)}"


def _is_clear(rate: Growth) -> bool:
    """Whether it surely grows, or surely shrinks."""
    return rate.low > 0 or rate.high < 0


def _rests_on(rate: Growth) -> str:
    return f"{rate.by} of {words.count(rate.n, 'day')} over {words.count(rate.days, 'day')}"


def _rate(scene: Scene, held: _Held) -> Cell:
    """In bytes where sizes are known, else in rows."""
    cell_id = "capacity-planning.growth"
    if held.growth is not None:
        clear = held.size > 0 and _is_clear(held.growth)
        share = f", {words.percent(held.growth.per_day * MONTH_DAYS / held.size)} of what it holds" if clear else ""
        return scene.inferred(
            cell_id,
            f"{_whole_rate(held.growth, words.size)}{share}, {held.coverage}",
            _rests_on(held.growth),
        )
    counted = [each.row_growth for each in held.stocks]
    rows = _sum(counted)
    if isinstance(rows, Unknown):
        return scene.unknown(cell_id, _no_rate(held))
    said = f"{_whole_rate(rows, _rows_text)}, {_coverage(counted, len(held.refs))}"
    return scene.inferred(cell_id, said, _rests_on(rows), reason="in rows, as no size is known")


def _no_rate(held: _Held) -> Unknown:
    if not held.sized:
        return held.why_none
    return next(each.size_growth for each in held.sized if isinstance(each.size_growth, Unknown))


def _reached(scene: Scene, held: _Held) -> Optional[Reached]:
    limit = scene.profile.capacity.storage_limit_gb
    if not limit or held.growth is None:
        return None
    return reached(held.size, limit * 1e9, held.growth)


def _limit(scene: Scene, held: _Held) -> Cell:
    cell_id = "capacity-planning.limit-reached"
    found = _reached(scene, held)
    if not scene.profile.capacity.storage_limit_gb:
        return scene.missing(cell_id, "capacity.storage_limit_gb", "no storage limit is declared")
    if found is None or held.growth is None:
        return scene.unknown(cell_id, _no_rate(held))
    soon = found.earliest is not None and found.earliest < _SOON_DAYS
    return scene.inferred(
        cell_id,
        f"{_reached_text(found)}, {held.coverage}",
        _rests_on(held.growth),
        tone=scene.alarm(Tone.NOTICE) if soon else Tone.NONE,
        reason="what is not measured fills it sooner",
    )


def _reached_text(found: Reached) -> str:
    """ "in about 230 days (210 to 260)", "not within 10 years at this rate"."""
    if found.days == 0:
        return "now: it is full by what is measured"
    if found.days is None or found.days > _FAR_DAYS:
        early = found.earliest if found.earliest is not None and found.earliest <= _FAR_DAYS else None
        return "not within 10 years at this rate" + (f", at the earliest in {_days(early)}" if early else "")
    least = words.whole(round(found.earliest or 0))
    late = found.latest is None or found.latest > _FAR_DAYS
    most = "never" if late else words.whole(round(found.latest or 0))
    likely = f"in about {_days(found.days)}"
    return likely if least == most else f"{likely} ({least} to {most})"


def _days(number: float) -> str:
    return words.count(round(number), "day")


# --- schedules -------------------------------------------------------------------------------------------------------


def _meetings(scene: Scene) -> tuple[Block, ...]:
    """Scenarios that build the same objects at the same time, and crowds, of the next seven days."""
    server = scene.report.server
    starts = planned(scene.snapshot, scene.report, server) if server else Unknown("not asked", Cause.NOT_READ)
    builds = {each.id: known(each.builds, frozenset()) for each in scene.scenarios}
    found = () if isinstance(starts, Unknown) else meetings(starts, builds)
    return table_or_reason(
        scene,
        starts,
        ("Scenarios", "Next", "In 7 Days", "What They Share"),
        [_meeting_row(scene, number, each) for number, each in enumerate(found)],
        "capacity-planning.meetings",
        caption="Schedules that get into each other's way" if found else "",
        empty="In the next 7 days no two scenarios build the same object at the same time, and no three begin together.",
    )


def _meeting_row(scene: Scene, number: int, found: Meeting) -> tuple[Cell, ...]:
    row = f"capacity-planning.meeting-{number}"
    names = [scene.scenario_names.get(each) or each for each in found.scenarios]
    shared = f"both build {scene.names(found.outputs, 4)}" if found.outputs else "they begin within 5 minutes"
    source = "triggers, and how long runs usually take"
    return (
        scene.live(f"{row}.scenarios", words.listed(names, 6), "scenario settings"),
        scene.inferred(f"{row}.next", scene.time(found.at), source, at=found.at),
        scene.inferred(f"{row}.times", words.count(found.times, "time"), source),
        scene.inferred(f"{row}.shared", shared, source, tone=scene.alarm(Tone.NOTICE) if found.outputs else Tone.NONE),
    )


# --- compute and the rest --------------------------------------------------------------------------------------------


def _compute(scene: Scene) -> tuple[Cell, ...]:
    row = "capacity-planning.compute"
    capacity = scene.profile.capacity
    limit = capacity.compute_limit_minutes_per_day
    return (
        scene.fixed(f"{row}.resource", "Compute"),
        _compute_now(scene, f"{row}.current"),
        scene.declare(
            f"{row}.limit", "capacity.compute_limit_minutes_per_day", f"{limit:g} job minutes a day" if limit else ""
        ),
        _percent(scene, f"{row}.alert", "capacity.compute_alert_percent", capacity.compute_alert_percent, "80 %"),
    )


def _compute_now(scene: Scene, cell_id: str) -> Cell:
    jobs = scene.snapshot.jobs
    if isinstance(jobs, Unknown):
        return scene.unknown(cell_id, jobs)
    since = scene.now - timedelta(days=_WEEK_DAYS)
    spans = [(job.start, job.end) for job in jobs if job.start and job.end and since <= job.start <= job.end]
    found = load(spans, _WEEK_DAYS)
    limit = scene.profile.capacity.compute_limit_minutes_per_day
    over = limit is not None and found.minutes_a_day / limit * 100 >= scene.profile.capacity.compute_alert_percent
    more = f", {words.percent(found.minutes_a_day / limit)} of the limit" if limit else ""
    fullest = f", {words.duration(found.fullest_day * 60)} on the fullest" if spans else ""
    return scene.inferred(
        cell_id,
        f"{words.duration(found.minutes_a_day * 60) if found.minutes_a_day else 'No job time'} a day{fullest}, "
        f"at most {words.count(found.at_once, 'job')} at once{more}",
        f"{words.count(found.n, 'job')} of the last 7 days",
        tone=scene.alarm(Tone.NOTICE) if over else Tone.NONE,
    )


def _percent(scene: Scene, cell_id: str, path: str, percent: float, default: str) -> Cell:
    return scene.declare(
        cell_id,
        path,
        f"{percent:g} %",
        scene.default(cell_id, default, "default: nothing else is declared", declare=path),
    )


def _others(scene: Scene) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    path = "capacity.resources"
    for number, resource in enumerate(scene.profile.capacity.resources):
        row = f"capacity-planning.resource-{number}"
        rows.append(
            (
                scene.declare(f"{row}.resource", path, resource.name),
                scene.declare(f"{row}.current", path, resource.current),
                scene.declare(f"{row}.limit", path, resource.limit),
                scene.declare(f"{row}.alert", path, resource.alert_at),
            )
        )
    partitioned = [dataset for dataset in scene.datasets.values() if dataset.partitioned_by]
    datasets = scene.snapshot.datasets
    webapps = scene.snapshot.webapps
    row = "capacity-planning.objects"
    if isinstance(datasets, Unknown):
        now = scene.unknown(f"{row}.current", datasets)
    else:
        now = scene.live(
            f"{row}.current",
            f"{words.count(len(datasets), 'dataset')}, {len(partitioned):,} partitioned",
            "dataset list",
        )
    rows.append((scene.fixed(f"{row}.resource", "Datasets"), now, *_no_limits(scene, row)))
    row = "capacity-planning.webapps"
    if isinstance(webapps, Unknown):
        now = scene.unknown(f"{row}.current", webapps)
    else:
        now = scene.live(f"{row}.current", words.count(len(webapps), "webapp"), "webapp list")
    rows.append((scene.fixed(f"{row}.resource", "Webapps"), now, *_no_limits(scene, row)))
    return rows


def _no_limits(scene: Scene, row: str) -> tuple[Cell, Cell]:
    return (
        scene.missing(f"{row}.limit", "capacity.resources"),
        scene.missing(f"{row}.alert", "capacity.resources"),
    )


def _review(scene: Scene, held: _Held) -> Cell:
    """How often, and that it is not to wait where the limit is near."""
    path = "capacity.review"
    default = scene.default("capacity-planning.review", "monthly", "default: nothing else is declared", declare=path)
    cell = scene.declare("capacity-planning.review", path, scene.profile.capacity.review, default)
    found = _reached(scene, held)
    if not cell.value or found is None or found.earliest is None or found.earliest >= _SOON_DAYS:
        return cell
    days = words.count(round(found.earliest), "day")
    return replace(
        cell,
        value=f"{cell.value}; now, as the storage limit may be reached in {days}",
        tone=scene.alarm(Tone.NOTICE),
    )


def _contact(scene: Scene) -> Cell:
    return scene.contact(
        "capacity-planning.contact",
        "contacts.infra",
        scene.profile.contacts.infra,
        scene.missing(
            "capacity-planning.contact",
            "contacts.infra",
            "no infrastructure contact is declared",
            link=Link("section", "quick-reference-card"),
        ),
    )
