"""Where the cause probably lies, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsguide.core.incident.blame import suspicion
from opsguide.core.incident.grouping import group
from opsguide.core.incident.journal import incidents
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import Column, ObjectFacts
from tests.cases import BEGAN, failure, scene, symptom
from tests.nights import HOUR, NOW, PROFILE, datasets, facts, night, promises, ref

FAILED = symptom("failed_run", "scenario:NIGHTLY", well_at=NOW - 29 * HOUR)
SAW_IT = NOW - 7 * HOUR  # 00:00 in Paris: in time for 01:30


def _facts(**newest) -> tuple[ObjectFacts, ...]:
    return tuple(replace(f, newest_file=newest[f.ref.id]) if f.ref.id in newest else f for f in facts())


def suspected(where, snapshot=None, declared=None, root=FAILED):
    seen = scene(snapshot, declared)
    return suspicion(incidents(group([root], seen), seen, None)[0], seen, where)


ORDERS = failure("orders", recipe="compute_orders", message="Error in Python process: ZeroDivisionError")
UNSEEN = Unknown("DSS does not tell when its files changed", Cause.NOT_RECORDED)


@pytest.mark.parametrize(
    ("where", "snapshot", "origin", "ref_id"),
    [
        (ORDERS, night(facts=_facts(orders_raw=NOW - 40 * HOUR)), "late_source", "orders_raw"),
        (ORDERS, night(facts=_facts(orders_raw=BEGAN + HOUR)), "late_source", "orders_raw"),
        (ORDERS, night(facts=_facts(orders_raw=SAW_IT)), "code_or_engine", "orders"),
        (ORDERS, night(facts=_facts(orders_raw=UNSEEN)), "unknown", "orders_raw"),
        (
            failure("orders", recipe="compute_orders", message="orders_raw: No such file or directory"),
            night(facts=_facts(orders_raw=UNSEEN)),
            "late_source",
            "orders_raw",
        ),
        (
            failure("orders", recipe="compute_orders", message="KeyError: 'amount'"),
            night(facts=_facts(orders_raw=SAW_IT)),
            "schema_change",
            None,
        ),
        (
            failure("orders", recipe="compute_orders", message="column amount does not exist"),
            night(
                facts=_facts(orders_raw=SAW_IT),
                datasets=tuple(
                    replace(d, modified_at=NOW - 12 * HOUR) if d.name == "orders_raw" else d for d in datasets()
                ),
            ),
            "schema_change",
            "orders_raw",
        ),
        (failure(step_type="check_dataset", targets=(ref("sales_mart"),)), night(), "quality_gate", "sales_mart"),
        (None, night(), "unknown", None),
    ],
    ids=[
        "the source is late",
        "the source came after the run had begun",
        "all inputs were there",
        "the source could not be seen: not taken for healthy",
        "the error names the source as missing",
        "the error speaks of columns",
        "… and a source was changed since the last success",
        "a check failed",
        "where it failed could not be read",
    ],
)
def test_the_suspect(where, snapshot, origin, ref_id) -> None:
    found = suspected(where, snapshot)
    assert (found.origin, found.ref.id if found.ref else None) == (origin, ref_id)
    assert found.said


def test_accepted_columns_that_are_gone_are_a_schema_change_whatever_the_error_says() -> None:
    profile = {**PROFILE, "datasets": {**PROFILE["datasets"], "orders_raw": {"accepted_schema": [{"name": "id", "type": "bigint"}, {"name": "day", "type": "date"}]}}}  # fmt: skip
    changed = tuple(replace(d, columns=(Column("id", "string"),)) if d.name == "orders_raw" else d for d in datasets())
    found = suspected(ORDERS, night(datasets=changed, facts=_facts(orders_raw=SAW_IT)), promises(profile))
    assert (found.origin, found.ref.id) == ("schema_change", "orders_raw")
    assert "day is gone" in found.evidence[0]
    assert "id is string, accepted was bigint" in found.evidence[0]


def test_what_the_same_job_built_is_not_walked_past() -> None:
    """The mart failed, its input was built by the same run: the source above is no suspect, late or not."""
    where = failure("sales_mart", recipe="compute_sales_mart", message="boom")
    done = replace(where.activities[0], id="a", recipe="compute_orders", state="DONE", message="")
    where = replace(where, activities=(done, *where.activities))
    found = suspected(where, night(facts=_facts(orders_raw=NOW - 40 * HOUR)))
    assert found.origin == "code_or_engine"


@pytest.mark.parametrize(
    ("message", "word"), [("could not connect to server: Connection refused", "system behind it"), ("boom", "its code")]
)
def test_an_error_of_the_engine_is_told_from_one_of_the_code(message, word) -> None:
    where = failure("orders", recipe="compute_orders", message=message)
    assert word in suspected(where, night(facts=_facts(orders_raw=SAW_IT))).said


def test_a_run_that_was_never_started_blames_the_start_and_says_whether_dss_was_up() -> None:
    root = symptom("missed_run", "scenario:FEED", NOW - 5 * HOUR)
    found = suspected(None, root=root)
    assert found.origin == "start"
    assert any("the instance was up: Nightly build" in line for line in found.evidence)
