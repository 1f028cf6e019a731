"""Rows that look like work, made from a schema alone: the same project, dataset, partition and day give the same rows.

Any project can be opened, so nothing here knows a dataset by name. A column's type and name decide: `store_id` draws from
one pool of stores wherever it appears, so joins join; a first column that ends in `_id` is a key; dates end where the data
ends, the day before `as_of`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Optional

Raw = dict[str, Any]
Draw = Callable[[Random, int], Any]

_IDS = {"store_id": ("S{:02d}", 26), "store_code": ("S{:02d}", 26), "product_id": ("P{:04d}", 480)}
_IDS.update({"supplier_id": ("V{:02d}", 40), "customer_id": ("C{:06d}", 9000), "order_id": ("O{:08d}", 60000)})
_IDS.update({"product_a": ("P{:04d}", 480), "product_b": ("P{:04d}", 480)})
_WORDS: dict[str, tuple[str, ...]] = {
    "channel": ("STORE", "STORE", "STORE", "WEB", "WEB", "PHONE"),
    "currency": ("EUR",),
    "country": ("FR", "FR", "FR", "BE", "ES", "IT"),
    "category": ("Garden", "Kitchen", "Lighting", "Bath", "Textile", "Storage", "Outdoor", "Office"),
    "city": ("Paris", "Lyon", "Lille", "Nantes", "Bordeaux", "Toulouse", "Brussels", "Turin", "Valencia"),
    "carrier": ("Northway", "Posta", "RapidBox"),
    "reason": ("wrong size", "damaged", "changed mind", "late", "not as shown"),
    "segment": ("new", "regular", "loyal", "sleeping"),
    "level": ("low", "low", "critical"),
    "trend": ("up", "flat", "down"),
    "store_name": ("Rivoli", "Bellecour", "Wazemmes", "Graslin", "Chartrons", "Capitole", "Ixelles", "Lingotto"),
    "supplier_name": ("Atelier Brun", "Luz y Casa", "Norrland Trä", "Ceramica Po", "Tissages Roux", "Metaal & Zoon"),
    "product_name": ("lamp", "planter", "towel set", "shelf", "kettle", "desk tray", "parasol", "blanket", "mirror"),
    "promo_code": ("SPRING", "SUMMER", "BACKTOSCHOOL", "WINTER"),
}
_MONEY = re.compile(r"amount|revenue|price|refund|budget|total|basket|gap|margin")
_SHARE = re.compile(r"^proba|rate$|discount|share|lift")


@dataclass(frozen=True)
class Source:
    """What rows are made from. `partition` is a value of the dimension `dimension`, both empty where there is none."""

    name: str
    columns: tuple[tuple[str, str], ...]
    count: int
    as_of: datetime
    dimension: str = ""
    partition: str = ""


def make(source: Source) -> Iterator[list[Any]]:
    """`source.count` rows of Python values (str, int, float, bool, aware datetime), one at a time."""
    draw = Random(f"{source.name}/{source.partition}")
    makers = _makers(source)
    for index in range(source.count):
        yield [maker(draw, index) for maker in makers]


def _makers(source: Source) -> list[Draw]:
    made: list[Draw] = []
    names = [name for name, _ in source.columns]
    for position, (name, kind) in enumerate(source.columns):
        if name == source.dimension:
            made.append(_fixed(source.partition))
        elif name.endswith("_id") and position < 2 and kind == "string":
            made.append(_key(name, position, names))
        elif name.endswith("_id") and position == 0:
            made.append(lambda _, index: index + 1)
        else:
            made.append(_maker(name, kind, source))
    return made


def _maker(name: str, kind: str, source: Source) -> Draw:
    if kind in ("date", "dateonly", "datetimenotz"):
        return _date(name, source)
    if kind == "boolean":
        return lambda draw, _: draw.random() < 0.3
    if kind in ("double", "float"):
        return _number(name)
    if kind in ("int", "bigint", "smallint", "tinyint"):
        return _whole(name)
    return _text(name, source)


def _key(name: str, position: int, names: list[str]) -> Draw:
    """A key counts up; two pooled keys side by side count up together, like stock by store and product."""
    pair = len(names) > 1 and names[0] in _IDS and names[1] in _IDS
    if pair and names[0] != "order_id":
        other = _IDS[names[1]][1]
        return _counted(name, lambda i: i // other + 1) if position == 0 else _counted(name, lambda i: i % other + 1)
    if position == 0:
        return _counted(name, lambda i: i + 1)
    return _pooled(name)


def _counted(name: str, number: Callable[[int], int]) -> Draw:
    form = _IDS.get(name, (name[0].upper() + "{:07d}", 0))[0]
    return lambda _, index: form.format(number(index))


def _pooled(name: str) -> Draw:
    form, size = _IDS.get(name, (name[0].upper() + "{:05d}", 5000))
    return lambda draw, _: form.format(1 + int(draw.random() * size))


def _text(name: str, source: Source) -> Draw:
    if name in _WORDS:
        words = _WORDS[name]
        return lambda draw, _: words[int(draw.random() * len(words))]
    if name == "week":
        year, week, _ = (source.as_of - timedelta(days=7)).isocalendar()
        return _fixed(f"{year}-W{week:02d}")
    if name == "month":
        return _fixed((source.as_of - timedelta(days=1)).strftime("%Y-%m"))
    if name in _IDS or name.endswith("_id"):
        return _pooled(name)
    return lambda draw, _: f"{name} {1 + int(draw.random() * 20)}"


def _number(name: str) -> Draw:
    if _SHARE.search(name):
        return lambda draw, _: round(draw.random() * 0.98, 4)
    if _MONEY.search(name):
        return lambda draw, _: round(math.exp(draw.gauss(3.2, 0.8)), 2)
    return lambda draw, _: round(abs(draw.gauss(10, 4)), 3)


def _whole(name: str) -> Draw:
    top = {"rank": 10, "quantity": 5, "surface_m2": 2400, "lead_time_days": 45}.get(name, 40)
    return lambda draw, _: 1 + int(draw.random() * top)


def _date(name: str, source: Source) -> Draw:
    """The first row carries the newest date, so that a maximum does not depend on luck."""
    if source.partition:
        return _fixed(_day(source.partition) or _midnight(source.as_of))
    if name.endswith("_at"):
        newest = source.as_of - timedelta(minutes=100)
        return lambda draw, i: newest - timedelta(seconds=int(draw.random() * 7_000_000)) if i else newest
    newest = _midnight(source.as_of) - timedelta(days=1)
    return lambda draw, i: newest - timedelta(days=int(draw.random() * 60)) if i else newest


def _midnight(at: datetime) -> datetime:
    return at.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


def _day(partition: str) -> Optional[datetime]:
    try:
        return datetime.strptime(partition, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _fixed(value: Any) -> Draw:
    return lambda _draw, _index: value


def text(value: Any) -> str:
    """A value as DSS writes it in its streams: ISO instants in UTC, `true` and `false`, '' for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)
