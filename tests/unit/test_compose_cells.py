"""Each cell says where its value comes from; what is missing says where to declare it; nothing alarms where it must not."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta, timezone
from typing import Any

import pytest

from opsguide.core.assess import assess
from opsguide.core.compose import SECTIONS, compose
from opsguide.core.compose.procedures import procedure
from opsguide.core.compose.scene import Scene, contact_text, key
from opsguide.core.compose.waiting import waits_for
from opsguide.core.tasks import Task, stand
from opsguide.core.today import today
from opsguide.model.guide import Callout, Cell, Guide, Origin, Table, Tone, cells_of
from opsguide.model.known import Cause, Unknown, known
from opsguide.model.profile import Contact
from opsguide.model.snapshot import (
    Article,
    Build,
    Dataset,
    Graph,
    Instance,
    Node,
    ObjectFacts,
    Project,
    ProjectSettings,
    Rule,
    Snapshot,
    Variables,
    Webapp,
)
from tests.nights import KEY, NOW, PROFILE, guide_of, night, promises, ref, run_at

DENIED = Unknown("forbidden", Cause.DENIED, "project admin")


def cell(cell_id: str, guide: Guide | None = None) -> Cell:
    return next(cell for cell in cells_of(guide or guide_of(night())) if cell.id == cell_id)


def cells(guide: Guide) -> dict[str, Cell]:
    return {cell.id: cell for cell in cells_of(guide)}


# --- where values come from ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell_id", "origin", "value", "source"),
    [
        ("schedule-overview.NIGHTLY.schedule", Origin.LIVE, "Every day at 02:00 (Europe/Paris)", "scenario settings"),
        ("schedule-overview.NIGHTLY.what", Origin.DECLARED, "Builds the marts the stores open with", "profile (standard)"),
        ("schedule-overview.FEED.what", Origin.LIVE, "Builds dashboard_feed and runs the macro clear-job-logs", "scenario steps"),
        ("schedule-overview.NIGHTLY.duration", Origin.INFERRED, "13 min (16 min)", "30 runs since Sun 14 Sep"),
        ("schedule-overview.NIGHTLY.next", Origin.LIVE, "Wed 15 Oct 02:00", "DSS's own computation"),
        ("schedule-overview.source-orders_raw.margin", Origin.INFERRED, "30 min", "next start less the declared time, 01:30"),
        ("schedule-overview.output-sales_mart.due", Origin.DECLARED, "By 06:30 (Europe/Paris)", "profile (standard)"),
        ("schedule-overview.output-sales_mart.alert", Origin.DECLARED, "20 min", "profile (standard)"),
        ("schedule-overview.output-stores.due", Origin.NOT_DECLARED, "", ""),
        ("quick-reference-card.contacts.business", Origin.NOT_DECLARED, "", ""),
        ("escalation-matrix.job-failures.after", Origin.DEFAULT, "30 min", "default: the template's own"),
        ("escalation-matrix.job-failures.to", Origin.DECLARED, "Ada Martin", "profile (standard)"),
        ("monitoring.logs-jobs.retention", Origin.LIVE, "15 days, cleared by Feed the dashboard", "scenario steps"),
        ("monitoring.rows-sales_mart.alert", Origin.LIVE, "< 100", "the dataset's own rule"),
        ("capacity-planning.growth", Origin.INFERRED, "152 MB a month, 6 % of what it holds, by 1 of 6 sources and outputs", "row counts of 30 days over 29 days"),
    ],
)  # fmt: skip
def test_a_cell_and_its_origin(cell_id: str, origin: Origin, value: str, source: str):
    found = cell(cell_id)
    assert (found.origin, found.value, found.source) == (origin, value, source)


def test_values_of_history_and_dss_are_dated():
    for found in cells_of(guide_of(night())):
        if found.origin in (Origin.LIVE, Origin.INFERRED):
            assert found.as_of is not None, found


def test_what_is_missing_says_where_to_declare_it():
    guide = guide_of(night())
    missing = {gap.cell_id: gap for gap in guide.completeness.missing}
    gap = missing["schedule-overview.output-stores.due"]
    assert (gap.label, gap.section_id, gap.declare) == (
        "stores: Must Be Ready By",
        "schedule-overview",
        "datasets.stores.due",
    )
    assert missing["quick-reference-card.contacts.business"].label == "Business questions"
    undeclarable = [found for found in cells_of(guide) if found.origin is Origin.NOT_DECLARED and not found.declare]
    assert undeclarable == []


@pytest.mark.parametrize(
    ("standard", "local", "value", "source"),
    [
        ({"contacts": {"data": {"name": "A"}}}, None, "A", "profile (standard)"),
        ({"contacts": {"data": {"name": "A"}}}, {"contacts": {"data": {"name": "B"}}}, "B", "profile (local)"),
        ({}, None, "Ada Martin (ada), project owner", "default: the project's owner, as no data contact is declared"),
    ],
)
def test_the_nearest_layer_wins_and_is_named(standard: Any, local: Any, value: str, source: str):
    found = cell("quick-reference-card.contacts.data", guide_of(night(), promises(standard, local)))
    assert (found.value, found.source) == (value, source)


def test_a_problem_stands_where_its_value_would():
    broken = promises({"datasets": {"sales_mart": {"due": "half past six", "max_age_hours": 30}}})
    guide = guide_of(night(), broken)
    found = cell("schedule-overview.output-sales_mart.due", guide)
    assert found.value == "Never older than 1 d 6 h"  # the good part still counts
    only = promises({"datasets": {"sales_mart": {"due": "half past six"}}})
    found = cell("schedule-overview.output-sales_mart.due", guide_of(night(), only))
    assert (found.origin, found.tone) == (Origin.UNKNOWN, Tone.NOTICE)
    assert "half past six" in found.reason
    assert any("half past six" in str(banner.parts) for banner in guide_of(night(), only).banners)


def test_a_good_part_is_shown_beside_a_bad_one():
    mixed = promises({"contacts": {"data": {"name": "Ada", "timezone": "Mars/Olympus"}}})
    found = cell("quick-reference-card.contacts.data", guide_of(night(), mixed))
    assert (found.value, found.origin, found.tone) == ("Ada", Origin.DECLARED, Tone.NOTICE)
    assert "Mars/Olympus" in found.evidence[0]


def test_an_unread_profile_is_unknown_not_undeclared():
    guide = guide_of(night(variables=DENIED), promises({}))
    found = cell("escalation-matrix.emergency-critical-failure.contact", guide)
    assert found.origin is Origin.UNKNOWN
    assert "forbidden" in found.reason
    assert not [each for each in cells_of(guide) if each.origin is Origin.NOT_DECLARED]
    assert "the default is: 30 min" in cell("escalation-matrix.job-failures.after", guide).reason


def test_without_the_profile_no_output_and_no_source_is_called_undeclared():
    """Somebody may have promised them; before the profile is read at all, nothing is said of it."""
    unread, bare = (guide_of(night(**changed), promises({})) for changed in ({"variables": DENIED}, {}))
    outputs = [cell("quick-reference-card.now.outputs", guide).value for guide in (unread, bare)]
    sources = [cell("quick-reference-card.wrong.sources", guide) for guide in (unread, bare)]
    assert outputs == ["3 outputs: 3 cannot be told", "3 outputs: 3 without a promise"]
    assert [each.value for each in sources] == ["3 cannot be told", "3 without a declared time"]
    assert [each.tone for each in sources] == [Tone.UNKNOWN, Tone.NONE]
    found = today(night(variables=DENIED), promises({}), assess(night(variables=DENIED), promises({})))
    assert {each.verdict for each in (*found.outputs, *found.sources)} == {"UNKNOWN"}
    assert all("the profile is in the project's variables: forbidden" in each.reason for each in found.outputs)


def test_emergency_contacts_are_never_guessed():
    guide = guide_of(night(), promises({}))
    for situation in ("critical-failure", "security-concern", "data-breach"):
        for column in ("contact", "method"):
            found = cell(f"escalation-matrix.emergency-{situation}.{column}", guide)
            assert (found.origin, found.tone, found.value) == (Origin.NOT_DECLARED, Tone.BAD, "")


@pytest.mark.parametrize(
    ("contact", "doubt"),
    [
        ({"login": "nobody"}, "DSS knows no user nobody"),
        ({"login": "gone"}, "the DSS user gone is disabled"),
        ({"group": "ghosts"}, "DSS knows no group ghosts"),
        ({"login": "ada"}, ""),
    ],
)
def test_contacts_are_held_against_the_people_dss_knows(contact: dict[str, str], doubt: str):
    found = cell("quick-reference-card.contacts.infra", guide_of(night(), promises({"contacts": {"infra": contact}})))
    assert found.evidence == ((doubt,) if doubt else ())
    assert found.tone is (Tone.NOTICE if doubt else Tone.NONE)


def test_contact_text():
    assert contact_text(None) == ""
    assert contact_text(Contact(role="R")) == "R"
    full = Contact(role="R", name="N", login="l", method="m", hours="h", timezone="UTC")
    assert contact_text(full) == "R: N (l), m, h (UTC)"
    assert contact_text(Contact(group="g")) == "group g"


def test_the_rota_comes_before_the_standing_contact():
    found = cell("header.oncall")
    assert found.value == "On-Call Contact: Bo Lind (bo), phone 5678, until Mon 20 Oct 18:00"
    later = cell("header.oncall", guide_of(night(taken_at=NOW + timedelta(days=7))))
    assert later.value == "On-Call Contact: Data engineer on call: Ada Martin (ada), phone 1234"


# --- no alarm where there must be none -------------------------------------------------------------------------------


# The legend shows each tone; nobody to call in an emergency is wrong on any node.
QUIET_BY_NATURE = ("escalation-matrix", "daily-operations.legend")


def test_a_design_node_says_so_and_alarms_nobody():
    design = night(instance=Instance("d", "design", "DESIGN", "14.3.1"))
    guide = guide_of(design, promises({**_profile(), "production": "prod.example.com"}))
    assert any("prod.example.com" in str(banner.parts) for banner in guide.banners)
    loud = [each for each in cells_of(guide) if each.tone is Tone.BAD and not each.id.startswith(QUIET_BY_NATURE)]
    assert loud == []
    assert cell("daily-operations.status-NIGHTLY.state", guide).tone is Tone.QUIET


def _profile() -> dict[str, Any]:
    from tests.nights import PROFILE

    return PROFILE


def test_a_test_scenario_fails_quietly():
    found = cells(guide_of(night()))
    assert found["daily-operations.status-TESTS.state"].verdict == "FAILED"
    assert found["daily-operations.status-TESTS.state"].tone is Tone.QUIET
    assert "Checks" not in found["quick-reference-card.wrong.logs"].value
    assert "Checks" not in found["quick-reference-card.morning.scenarios"].value
    assert "3 active scenarios" in found["quick-reference-card.now.scenarios"].value


def test_switched_off_triggers_are_said():
    guide = guide_of(night(settings=ProjectSettings(triggers_disabled=True)))
    assert any(banner.kind == "warning" and "switched off" in str(banner.parts) for banner in guide.banners)


# --- what waits ------------------------------------------------------------------------------------------------------


def first_paint() -> Snapshot:
    """The night as the first paint reads it: lists and runs, nothing asked one by one."""
    whole = night()
    blank = Snapshot(KEY, NOW)
    assert not isinstance(whole.scenarios, Unknown)
    return replace(
        blank,
        project=whole.project,
        variables=whole.variables,
        scenarios=tuple(replace(s, settings=blank.settings) for s in whole.scenarios),
        graph=whole.graph,
        datasets=whole.datasets,
        jobs=whole.jobs,
    )


def test_the_first_paint_shows_what_it_has_and_waits_for_the_rest():
    guide = guide_of(first_paint())
    found = cells(guide)
    assert found["quick-reference-card.now.scenarios"].tone is Tone.BAD
    assert "1 failed and 2 not judged yet" in found["quick-reference-card.now.scenarios"].value
    assert found["schedule-overview.NIGHTLY.schedule"].value == "Every day at 02:00"
    waiting = {section.id: section.waits_for for section in guide.sections}
    assert "scenario_settings" in waiting["schedule-overview"]
    assert waiting["escalation-matrix"] == ()
    assert all(section.waits_for == () for section in guide_of(night()).sections)


def test_what_was_asked_for_in_vain_is_not_waited_for():
    assert waits_for(("permissions",), night(permissions=DENIED), objects=True) == ()
    assert waits_for(("builds", "files"), night(facts=()), objects=False) == ()
    assert waits_for(("builds",), night(facts=(ObjectFacts(ref("sales_mart")),)), objects=True) == ("builds",)
    one_read = (ObjectFacts(ref("sales_mart"), last_build=None), ObjectFacts(ref("stores")))
    assert waits_for(("builds",), night(facts=one_read), objects=True) == ("builds",)
    all_asked = (ObjectFacts(ref("sales_mart"), last_build=None), ObjectFacts(ref("stores"), last_build=DENIED))
    assert waits_for(("builds",), night(facts=all_asked), objects=True) == ()


def test_needs_are_names_the_gateway_knows():
    from opsguide.dss.gateway import WHOLE

    assert {need for spec in SECTIONS for need in spec.needs} <= WHOLE


# --- small things ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "said"),
    [("14.3.1", "Data Quality tab"), ("12.5.2", "Status → Checks"), ("", "Since DSS 12.6"), ("odd", "Since DSS 12.6")],
)
def test_instructions_fit_the_version(version: str, said: str):
    guide = guide_of(night(instance=Instance(version=version)))
    section = next(section for section in guide.sections if section.id == "monitoring")
    corrections = [str(block.parts) for block in section.blocks if isinstance(block, Callout)]
    assert any(said in text for text in corrections)


@pytest.mark.parametrize(
    ("when", "today", "due"),
    [
        ("First week", date(2025, 10, 3), (date(2025, 10, 1), date(2025, 10, 7))),
        ("First week", date(2025, 10, 8), (date(2025, 11, 1), date(2025, 11, 7))),
        ("mid-month", date(2025, 12, 18), (date(2026, 1, 13), date(2026, 1, 17))),
        ("End of month", date(2024, 2, 1), (date(2024, 2, 25), date(2024, 2, 29))),
        ("every full moon", date(2025, 10, 3), None),
    ],
)
def test_next_due(when: str, today: date, due: Any):
    assert stand(Task("monthly", when, "x"), (), today, timezone.utc).due == due


def test_keys_never_meet():
    names = ["a b", "a_b", "a-b", "a.b", "a~20~b", "A b", "<b>", "é", "", "~"]
    assert len({key(name) for name in names}) == len(names)


def test_wiki_titles_are_matched_closely_or_not_at_all():
    articles = (Article("1", "Runbook for the night"), Article("2", "Onbording guide"), Article("3", "Flowers"))
    found = cells(guide_of(night(articles=articles), promises({})))
    assert "Runbook for the night" in found["documentation-quick-links.troubleshooting.see"].value
    assert "Onbording guide" in found["documentation-quick-links.onboarding.see"].value
    assert found["documentation-quick-links.flow.see"].value == "Flow Documentation: the flow itself"
    assert found["documentation-quick-links.business_rules.see"].origin is Origin.NOT_DECLARED


def test_a_dead_wiki_link_is_said():
    found = cell("documentation-quick-links.business_rules.see")
    assert (found.tone, found.link) == (Tone.NOTICE, None)
    assert "dead link" in found.evidence[0]


def test_an_empty_project_is_calm():
    empty = night(
        project=Project(KEY), scenarios=(), datasets=(), folders=(), graph=Graph(), jobs=(), facts=(), quality=(),
        settings=ProjectSettings(), variables=Variables(), bundles=(), commits=(), articles=(), webapps=(),
    )  # fmt: skip
    guide = guide_of(empty, promises({}))
    found = cells(guide)
    assert found["quick-reference-card.now.scenarios"].value == "This project has no scenarios"
    assert found["quick-reference-card.now.outputs"].value == "The flow has no outputs"
    assert guide.title == f"{KEY} - Operations Guide"
    assert all(not section.waits_for for section in guide.sections)
    tables = [block for section in guide.sections for block in section.blocks if isinstance(block, Table)]
    assert all(table.rows or table.empty for table in tables)


def test_four_times_the_datasets_take_about_four_times_as_long_and_none_is_cut():
    def composed(count: int) -> float:
        data = tuple(Dataset(f"d{n}", KEY, "PostgreSQL", True, "w") for n in range(count))
        nodes = []
        for n in range(count // 2):
            nodes.append(Node(f"s{n}", "COMPUTABLE_DATASET", ref=f"d{n}", successors=(f"r{n}",)))
            nodes.append(Node(f"r{n}", "RUNNABLE_RECIPE", ref=f"r{n}", successors=(f"o{n}",)))
            nodes.append(Node(f"o{n}", "COMPUTABLE_DATASET", ref=f"d{n + count // 2}"))
        large = night(datasets=data, graph=Graph(tuple(nodes)), facts=(), webapps=(Webapp("w"),))
        declared = promises()
        start = time.process_time()
        guide = compose(large, declared, assess(large, declared))
        took = time.process_time() - start
        outputs = [found for found in cells_of(guide) if found.id.startswith("schedule-overview.output-d")]
        assert len(outputs) == 5 * count // 2  # every one of them, none cut
        return took

    composed(100)
    assert composed(2000) / composed(500) < 9  # what grows with the square would take sixteen times as long


def test_a_scene_finds_what_it_is_asked_for():
    snapshot, declared = night(), promises()
    scene = Scene(snapshot, declared, assess(snapshot, declared))
    assert scene.version == (14, 3, 1)
    assert scene.name(ref("dropbox", "MANAGED_FOLDER")) == "Store lists (folder)"
    assert scene.name(ref("customers", project_key="CRM")) == "CRM.customers"
    assert [output.ref.id for output in scene.outputs] == ["sales_mart", "dashboard_feed", "stores"]
    assert [scenario.id for scenario in scene.watched] == ["NIGHTLY", "FEED", "SCRIPT"]


def test_warnings_are_yellow():
    start = NOW - timedelta(hours=5)
    times = {"start": start, "end": start + timedelta(minutes=12), "fired_at": None}
    scenarios = tuple(
        replace(s, runs=(replace(s.runs[1], outcome="WARNING", **times), *s.runs[2:]))
        if s.id == "NIGHTLY" and not isinstance(s.runs, Unknown)
        else s
        for s in known(night().scenarios, ())
    )
    found = cells(guide_of(night(scenarios=scenarios)))
    state = found["daily-operations.status-NIGHTLY.state"]
    assert (state.verdict, state.tone) == ("ON_TIME", Tone.NOTICE)
    assert state.value.endswith("; with warnings")
    assert found["quick-reference-card.now.scenarios"].value.endswith("1 with warnings: review the logs")
    assert found["quick-reference-card.now.scenarios"].tone is Tone.NOTICE
    assert "look at Nightly build" in found["daily-operations.green"].value


def test_failures_of_the_night_tell_of_the_runs_that_could_not_be_read():
    before = known(night().scenarios, ())
    scenarios = tuple(replace(s, runs=DENIED) if s.id == "FEED" else s for s in before)
    read, unread = (
        cells(guide_of(night(scenarios=each)))["daily-operations.failures"].value for each in (before, scenarios)
    )
    assert read.startswith("Nightly build")
    assert unread == f"{read}; the runs of 1 more scenario could not be read"


def test_one_scenario_is_not_spoken_of_as_many():
    scenarios = tuple(replace(s, active=s.id == "FEED") for s in known(night().scenarios, ()))
    assert cells(guide_of(night(scenarios=scenarios)))["daily-operations.green"].value == (
        "the one active scenario is as it should be"
    )


def test_a_list_that_may_be_too_short_says_so():
    found = cells(guide_of(night(settings=DENIED)))
    assert found["schedule-overview.outputs.shared"].reason == "forbidden"
    assert "schedule-overview.outputs.shared" not in cells(guide_of(night()))


@pytest.mark.parametrize(("lost", "verdict"), [({}, "NOT_DECLARED"), ({"settings": Unknown("cut off")}, "UNKNOWN")])
def test_outputs_of_which_some_were_not_seen_are_no_better_than_unknown(lost: dict[str, Any], verdict: str) -> None:
    nobody_promised = guide_of(night(**lost), promises({"timezone": "Europe/Paris"}))
    assert cell("quick-reference-card.now.outputs", nobody_promised).verdict == verdict


# --- what is said of what is odd --------------------------------------------------------------------------------------


def _with_facts(name: str, **changes: Any) -> Snapshot:
    seen = night()
    return replace(
        seen, facts=tuple(replace(fact, **changes) if fact.ref == ref(name) else fact for fact in seen.facts)
    )


def test_a_build_without_an_end_is_not_called_never_built():
    begun = Build(True, NOW - timedelta(hours=2), None, source="metric")
    guide = guide_of(_with_facts("dashboard_feed", last_build=begun, last_success=begun, builds=(begun,)))
    said = cell("daily-operations.output-dashboard_feed.built", guide).value
    assert said == "Begun 05:00; when it ended is not on record"


def test_whose_words_the_impact_of_a_window_is():
    found = cells(guide_of(night()))
    theirs, ours = found["maintenance-windows.window-1.impact"], found["maintenance-windows.window-0.impact"]
    assert (theirs.value, theirs.origin) == ("No SQL", Origin.DECLARED)
    assert (ours.value, ours.origin) == ("All jobs paused", Origin.DEFAULT)


def test_a_wiki_that_was_not_read_is_not_said_to_have_no_article():
    guide = guide_of(night(articles=DENIED), promises({}))
    for name in ("flow", "troubleshooting"):
        source = cell(f"documentation-quick-links.{name}.see", guide).source
        assert source == "default: no such article is declared, and the wiki was not searched: forbidden"


def test_bounds_of_a_rule_are_whole_rows():
    seen = night()
    rule = Rule("r", "", "RecordCountInRangeRule", params={"minimum": 1234567.0, "minimumEnabled": True})
    datasets = tuple(replace(each, rules=(rule,)) for each in known(seen.datasets, ()))
    guide = guide_of(replace(seen, datasets=datasets))
    assert cell("monitoring.rows-sales_mart.alert", guide).value == "< 1,234,567"


def test_a_source_of_another_project_is_told_although_an_upload_has_its_name():
    seen = night()
    datasets = (*known(seen.datasets, ()), Dataset("customers", KEY, "UploadedFiles"))
    said = cell("backup-and-recovery.must-back-up", guide_of(replace(seen, datasets=datasets))).value
    assert "in DSS only: orders_by_hand and customers" in said
    assert "CRM.customers" in said


def test_storage_beyond_its_limit_is_not_called_nearly_full():
    seen = promises({**PROFILE, "capacity": {"storage_limit_gb": 1}})
    assert "250 % of the limit" in cell("capacity-planning.storage.current", guide_of(night(), seen)).value


def test_a_missed_start_of_a_test_alone_does_not_alarm():
    seen = night()
    scenarios = tuple(
        replace(each, active=each.id == "TESTS", runs=(run_at(NOW - timedelta(days=3), 1),)) for each in seen.scenarios
    )
    found = cell("maintenance-windows.missed", guide_of(replace(seen, scenarios=scenarios)))
    assert (found.value, found.tone) == ("did not run: Checks", Tone.QUIET)


def test_a_procedure_quotes_the_row_of_its_object_alone():
    nodes = (Node("a-b", "COMPUTABLE_DATASET", "a-b", (), ("r",)), Node("b", "COMPUTABLE_DATASET", "b", (), ("r",)))
    made = (Node("r", "RUNNABLE_RECIPE", "r", ("a-b", "b"), ("c",)), Node("c", "COMPUTABLE_DATASET", "c", ("r",)))
    snapshot, declared = night(graph=Graph((*nodes, *made))), promises({})
    scene = Scene(snapshot, declared, assess(snapshot, declared))
    _, blocks = procedure(scene, "handling-late-source-data", ref("b"))
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert [row[0].value for row in table.rows] == ["b"]


def test_changed_columns_alarm_nobody_on_a_design_copy():
    datasets = {**PROFILE["datasets"], "orders_raw": {"accepted_schema": [{"name": "gone", "type": "date"}]}}
    declared = promises({**PROFILE, "datasets": datasets})
    design = night(instance=Instance("d", "d", "DESIGN", "14.3.1"))
    for snapshot, tone in ((night(), Tone.BAD), (design, Tone.QUIET)):
        assert cell("common-operations.schema.identify", guide_of(snapshot, declared)).tone is tone
        day = today(snapshot, declared, assess(snapshot, declared))
        (section,) = (section for section in day.sections if section.id == "changed-columns")
        assert next(c for c in cells_of(section) if c.id.endswith(".differs")).tone is tone
