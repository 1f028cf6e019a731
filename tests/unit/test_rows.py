"""Which count is believed, and how a database is asked for it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.pushdown import Table, later_than, moment, newest_of, rows_of
from opsguide.core.rows import (
    FolderSize,
    Movement,
    folder_size,
    movement,
    partition_of,
    paths,
    standing_count,
)
from opsguide.model.known import Unknown
from opsguide.model.metrics import COUNT_METRIC
from opsguide.model.snapshot import Build, Job, Metric, MetricPoint, ObjectRef

BUILT = datetime(2026, 3, 2, 6, 41, tzinfo=timezone.utc)
BUILD = Build(True, BUILT - timedelta(minutes=41), BUILT)
MART = ObjectRef("DATASET", "RETAIL", "sales_mart")
OTHER = ObjectRef("DATASET", "RETAIL", "stock")
MINUTE = timedelta(minutes=1)


def count(value: str = "1200", computed_at: object = BUILT + MINUTE, partition: str = "", name: str = COUNT_METRIC):
    return Metric(name, value, "BIGINT", computed_at, partition)


def running(kind: str, *outputs: ObjectRef) -> Job:
    return Job("running", type=kind, finished=False, outputs=tuple((output, "") for output in outputs))


@pytest.mark.parametrize("given", ["", None, "NP", "ALL"])
def test_the_whole_has_four_names(given):
    assert partition_of(given) == ""


def test_a_partition_keeps_its_name():
    assert partition_of("2026-03-02|FR") == "2026-03-02|FR"


@pytest.mark.parametrize(
    ("metrics", "build", "jobs", "partition", "expected"),
    [
        ([count()], BUILD, [], "", 1200),
        ([count(computed_at=BUILT)], BUILD, [Job("j")], "", 1200),
        ([count("0")], BUILD, [], "", 0),
        ([count(computed_at=BUILT - MINUTE)], BUILD, [], "", None),
        ([count(computed_at=None)], BUILD, [], "", None),
        ([count("many")], BUILD, [], "", None),
        ([count("-1")], BUILD, [], "", None),
        ([count(name="basic:SIZE")], BUILD, [], "", None),
        ([], BUILD, [], "", None),
        ([count()], None, [], "", None),
        ([count()], Unknown("denied"), [], "", None),
        ([count()], Build(False, BUILT, BUILT), [], "", None),
        ([count()], Build(None, BUILT, BUILT), [], "", None),
        ([count()], Build(True, BUILT, None), [], "", None),
        ([count()], BUILD, [Job("done"), Job("running", finished=False)], "", None),
        ([count()], BUILD, [running("NON_RECURSIVE_FORCED_BUILD", OTHER)], "", 1200),
        ([count()], BUILD, [running("NON_RECURSIVE_FORCED_BUILD", OTHER, MART)], "", None),
        ([count()], BUILD, [running("RECURSIVE_BUILD", OTHER)], "", None),
        ([count(partition="2026-03-01"), count("7", partition="2026-03-02")], BUILD, [], "2026-03-02", 7),
        ([count()], BUILD, [], "2026-03-02", None),
        ([count(partition="2026-03-02")], BUILD, [], "", None),
    ],
)
def test_only_a_count_of_the_data_as_it_is_now_is_believed(metrics, build, jobs, partition, expected):
    assert standing_count(MART, metrics, build, jobs, partition) == expected


def sql(**info):
    return {"locationInfoType": "SQL", "info": info}


DAY = ("day",)
TEXTS = frozenset({"day", "country"})


@pytest.mark.parametrize(
    ("location", "cut", "expected"),
    [
        (sql(table="sales"), (), '"sales"'),
        (sql(schema="dwh", table="sales"), (), '"dwh"."sales"'),
        (sql(catalog="c", schema="dwh", table="sales"), (), '"c"."dwh"."sales"'),
        (sql(table='sa"; DROP TABLE x; --'), (), '"sa""; DROP TABLE x; --"'),
        (sql(quotedResolvedTableName='"DWH"."SALES"', table="sales"), (), '"DWH"."SALES"'),
        (sql(quotedResolvedTableName="  ", table="sales"), (), '"sales"'),
        (sql(databaseType="MySQL", schema="dwh", table="sales"), (), "`dwh`.`sales`"),
        (sql(databaseType="BigQuery", table="sa`les"), (), None),
        (sql(databaseType="SQLServer", schema="dbo", table="sa]les"), (), "[dbo].[sa]]les]"),
        (sql(table="${projectKey}_sales"), (), None),
        (sql(schema="dwh"), (), None),
        (sql(table=3), (), None),
        ({"locationInfoType": "FS", "info": {"table": "sales"}}, (), None),
        ({"locationInfoType": "SQL", "info": None}, (), None),
        ({}, (), None),
        (sql(table="sales"), ("2026-03-02", DAY, TEXTS), '"sales" WHERE "day" = \'2026-03-02\''),
        (
            sql(table="sales"),
            ("2026-03-02|FR", ("day", "country"), TEXTS),
            '"sales" WHERE "day" = \'2026-03-02\' AND "country" = \'FR\'',
        ),
        (sql(table="sales"), ("2026-03-02", DAY, frozenset()), None),
        (sql(table="sales"), ("2026-03-02|FR", DAY, TEXTS), None),
        (sql(table="sales"), ("x' OR '1'='1", DAY, TEXTS), None),
        (sql(table="sales"), ("x\\", DAY, TEXTS), None),
        (sql(table="sales"), ("2026-03-02", (), TEXTS), None),
    ],
)
def test_a_database_is_asked_only_what_is_sure(location, cut, expected):
    table = Table.of(location, *cut)
    assert (table and rows_of(table)) == (f"SELECT COUNT(*) FROM {expected}" if expected else None)


@pytest.mark.parametrize(
    ("items", "only", "expected"),
    [
        ([], None, FolderSize(0, 0)),
        ([{"path": "/a.csv", "size": 10}, {"path": "/b/c.csv", "size": 5}], None, FolderSize(2, 15)),
        (
            [{"path": "/a.csv", "size": 10}, {"path": "/b/c.csv", "size": 5}],
            paths(["b/c.csv", "/gone"]),
            FolderSize(1, 5),
        ),
        ([{"path": "/a.csv", "size": 10}, {"path": "/b.csv"}], None, FolderSize(2, None)),
        ([{"path": "/a.csv", "size": "big"}], None, FolderSize(1, None)),
        ([{"path": "/a.csv", "size": 10}], frozenset(), FolderSize(0, 0)),
    ],
)
def test_a_folder_adds_up_only_where_every_size_is_told(items, only, expected):
    assert folder_size(items, only) == expected


@pytest.mark.parametrize(
    ("rows", "history", "since", "expected"),
    [
        (980, [], BUILT, Movement(None, None, 0)),
        (980, [(-60, 1000), (1, 980)], BUILT, Movement(-20, -2.0, 0)),
        (980, [(-3000, 990), (-60, 1000), (1, 980), (3, 980)], BUILT, Movement(-20, -2.0, 0)),
        (1000, [(-60, 1000)], BUILT, Movement(0, 0.0, 0)),
        (7, [(-60, 0)], BUILT, Movement(7, None, 0)),
        (980, [(-60, 1000), (1, 980)], None, Movement(None, None, 0)),  # both of today
        (980, [(-1500, 1000), (1, 980)], None, Movement(-20, -2.0, 0)),
        (0, [], BUILT, Movement(None, None, 1)),
        (0, [(-1500, 5), (-60, 0)], BUILT, Movement(0, None, 1)),
        (0, [(-4500, 5), (-3000, 0), (-1500, 0)], BUILT, Movement(0, None, 3)),
        (0, [(-3000, 0), (-1500, 5)], BUILT, Movement(-5, -100.0, 1)),
        (980, [(600, 5)], BUILT, Movement(None, None, 0)),  # a clock that runs ahead
    ],
)
def test_how_a_count_moved(rows, history, since, expected):
    points = [MetricPoint(BUILT + minutes * MINUTE, value) for minutes, value in history]
    assert movement(rows, BUILT + 20 * MINUTE, points, since, timezone.utc) == expected


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("kind", "zone", "expected"),
    [
        ("PostgreSQL", None, "'2026-03-02T06:41:00.000Z'"),
        ("PostgreSQL", PARIS, "'2026-03-02T07:41:00.000'"),
        ("MySQL", None, "'2026-03-02 06:41:00'"),
        ("Oracle", None, "TIMESTAMP '2026-03-02 06:41:00 +00:00'"),
        ("Oracle", PARIS, "TIMESTAMP '2026-03-02 07:41:00'"),
    ],
)
def test_a_moment_is_written_as_the_database_reads_it(kind, zone, expected):
    assert moment(BUILT, kind, zone) == expected


def test_the_newest_is_asked_of_a_column_by_its_exact_name():
    table = Table('"sales"', "\"day\" = '2026-03-02'", "PostgreSQL")
    assert newest_of(table, 'At "x"') == 'SELECT MAX("At ""x""") FROM "sales" WHERE "day" = \'2026-03-02\''
    assert newest_of(Table("s"), "at", "'x'") == 'SELECT MAX("at") FROM s WHERE "at" <= \'x\''
    assert later_than(Table("s"), "at", "'x'") == "SELECT COUNT(*) FROM s WHERE \"at\" > 'x'"
    assert newest_of(Table("s", kind="BigQuery"), "a`t") is None
