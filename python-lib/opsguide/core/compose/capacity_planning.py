"""Capacity Planning: what is used now, what the limits are, how fast it grows."""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.guide import Block, Cell, Heading, Item, Items, Link, Table, Tone
from ...model.known import Cause, Unknown
from .. import words
from .scene import Scene, not_built

NEEDS = ("instance", "settings", "metrics", "webapps")

_SIZE = "basic:SIZE"


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("current-resource-usage", "Current Resource Usage"),
        Table(
            ("Resource", "Current", "Limit", "Alert At"),
            (_storage(scene), _compute(scene), *_others(scene)),
            "What this project uses",
        ),
        Heading("growth-considerations", "Growth Considerations"),
        Items(
            (
                Item(
                    (
                        "Data volume grows approximately ",
                        scene.unknown(
                            "capacity-planning.growth", not_built("keep daily sizes, which the rate is worked out from")
                        ),
                    )
                ),
                Item(("Review capacity ", _review(scene))),
                Item(("Contact ", _contact(scene), " for capacity increases")),
            )
        ),
    )


def _storage(scene: Scene) -> tuple[Cell, ...]:
    row = "capacity-planning.storage"
    capacity = scene.profile.capacity
    limit = capacity.storage_limit_gb
    return (
        scene.fixed(f"{row}.resource", "Storage"),
        _storage_now(scene, f"{row}.current"),
        scene.declare(f"{row}.limit", "capacity.storage_limit_gb", f"{limit:g} GB" if limit else ""),
        _percent(
            scene,
            f"{row}.alert",
            "capacity.storage_alert_percent",
            capacity.storage_alert_percent,
            "80 % warns, 90 % is an error",
        ),
    )


def _storage_now(scene: Scene, cell_id: str) -> Cell:
    """The sizes DSS has recorded, and of how many objects: never passed off as the whole."""
    sizes = []
    unread: list[Unknown] = []
    objects = dict.fromkeys((*(source.ref for source in scene.sources), *(output.ref for output in scene.outputs)))
    for ref in objects:
        metrics = scene.fact(ref).metrics
        if isinstance(metrics, Unknown):
            unread.append(metrics)
            continue
        found = [number for metric in metrics if metric.id == _SIZE if (number := _number(metric.value)) is not None]
        if found:
            sizes.append(max(found))
    if not sizes:
        why = unread[0] if unread else Unknown("no source or output has a size on record", Cause.NOT_RECORDED)
        return scene.unknown(cell_id, why)
    total = sum(sizes)
    limit = scene.profile.capacity.storage_limit_gb
    share = total / (limit * 1e9) if limit else 0.0
    over = limit is not None and share * 100 >= scene.profile.capacity.storage_alert_percent
    more = f", {words.percent(share)} of the limit" if limit else ""
    return scene.inferred(
        cell_id,
        f"At least {words.size(total)} in {len(sizes):,} of {words.count(len(objects), 'source and output', 'sources and outputs')}{more}",
        "size metrics on record",
        tone=scene.alarm(Tone.NOTICE) if over else Tone.NONE,
        reason="intermediate datasets and logs are not counted",
        evidence=tuple(why.reason for why in unread if why.cause is not Cause.NOT_RECORDED),
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


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
    since = scene.now - timedelta(days=7)
    spans = [(job.start, job.end) for job in jobs if job.start and job.end and since <= job.start <= job.end]
    minutes = sum((end - start).total_seconds() for start, end in spans) / 60 / 7
    limit = scene.profile.capacity.compute_limit_minutes_per_day
    over = limit is not None and minutes / limit * 100 >= scene.profile.capacity.compute_alert_percent
    more = f", {words.percent(minutes / limit)} of the limit" if limit else ""
    return scene.inferred(
        cell_id,
        f"{words.duration(minutes * 60) if minutes else 'No job time'} a day, "
        f"at most {words.count(_at_once(spans), 'job')} at once{more}",
        f"{words.count(len(spans), 'job')} of the last 7 days",
        tone=scene.alarm(Tone.NOTICE) if over else Tone.NONE,
    )


def _at_once(spans: list[tuple[datetime, datetime]]) -> int:
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = running = 0
    for _, change in edges:
        running += change
        most = max(most, running)
    return most


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


def _review(scene: Scene) -> Cell:
    path = "capacity.review"
    default = scene.default("capacity-planning.review", "monthly", "default: nothing else is declared", declare=path)
    return scene.declare("capacity-planning.review", path, scene.profile.capacity.review, default)


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
