"""Sources, outputs and what scenarios build, read off the flow graph."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from typing import Any

import pytest

from opsguide.core.lineage import builders_of, builds, flow_of, outputs, readers_of, sources
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import Dataset, Graph, Node, ObjectRef, Scenario, ScenarioSettings, Snapshot, Step
from tests.nights import KEY, NOW, build_step, datasets, graph, night, promises, ref


def names(items: Any) -> dict[str, str]:
    return {item.ref.smart_name(KEY): item.why for item in items}


def test_sources_are_what_nothing_builds():
    assert names(sources(night(), promises({}))) == {
        "orders_raw": "read by the flow, built by nothing in it",
        "CRM.customers": "shared by project CRM",
        "dropbox": "read by the flow, built by nothing in it",
    }


def test_outputs_are_ends_shared_objects_and_feature_groups():
    features = tuple(replace(each, feature_group=each.name == "orders") for each in datasets())
    assert names(outputs(night(datasets=features), promises({}))) == {
        "dashboard_feed": "end of the flow",
        "stores": "end of the flow",
        "sales_mart": "used by project FINANCE",
        "orders": "feature group",
    }


def test_the_profile_adds_and_removes():
    declared = promises(
        {
            "datasets": {
                "orders": {"is_output": True},
                "stores": {"is_output": False},
                "orders_raw": {"is_source": False},
            }
        }
    )
    assert "orders_raw" not in names(sources(night(), declared))
    found = names(outputs(night(), declared))
    assert found["orders"] == "declared in the profile"
    assert "stores" not in found


def test_what_is_promised_by_a_time_is_an_output_unless_the_profile_says_no():
    """Else nobody would hear of the promise: here what other projects use could not be read."""
    hidden = night(settings=Unknown("forbidden", Cause.DENIED))
    assert "sales_mart" not in names(outputs(hidden, promises({})))
    due = promises({"datasets": {"sales_mart": {"due": "06:30"}}})
    assert names(outputs(hidden, due))["sales_mart"] == "promised in the profile"
    assert names(outputs(night(), due))["sales_mart"] == "used by project FINANCE"
    no = promises({"datasets": {"sales_mart": {"due": "06:30", "is_output": False}}})
    assert "sales_mart" not in names(outputs(night(), no))


def test_an_unknown_graph_leaves_what_is_known_otherwise():
    hidden = night(graph=Unknown("forbidden", Cause.DENIED))
    assert sources(hidden, promises({})) == ()
    assert names(outputs(hidden, promises({}))) == {"sales_mart": "used by project FINANCE"}


def test_internal_stats_are_no_source():
    extra = Dataset("runs_db", KEY, "StatsDB")
    nodes = (*graph().nodes, Node("runs_db", "COMPUTABLE_DATASET", ref="runs_db"))
    assert "runs_db" not in names(sources(night(datasets=(*datasets(), extra), graph=Graph(nodes)), promises({})))


def test_a_dot_in_a_local_name_is_no_other_project():
    nodes = (Node("n", "COMPUTABLE_DATASET", ref="SALES.v2", successors=("r",)), Node("r", "RUNNABLE_RECIPE"))
    local = night(graph=Graph(nodes), datasets=(Dataset("SALES.v2", KEY),))
    assert [item.ref for item in sources(local, promises({}))] == [ref("SALES.v2")]
    foreign = night(graph=Graph(nodes), datasets=())
    assert [item.ref for item in sources(foreign, promises({}))] == [ref("v2", project_key="SALES")]


@pytest.mark.parametrize("kept", ["predecessors", "successors"])
def test_one_end_of_each_edge_is_enough(kept: str):
    dropped = {"predecessors": "successors", "successors": "predecessors"}[kept]
    half = Graph(tuple(replace(node, **{dropped: ()}) for node in graph().nodes))
    flow = flow_of(night(graph=half))
    assert flow.downstream(ref("orders_raw")) == (ref("orders"), ref("sales_mart"), ref("dashboard_feed"))
    assert flow.made_from(ref("orders")) == (ref("orders_raw"), ref("customers", project_key="CRM"))


def test_downstream_comes_in_an_order_to_build_in():
    flow = flow_of(night())
    order = flow.downstream(ref("orders_raw"))
    assert order == (ref("orders"), ref("sales_mart"), ref("dashboard_feed"))
    assert flow.upstream(ref("sales_mart"))[-1] == ref("orders")
    assert flow.recipe_of(ref("orders")).id == "compute_orders"
    assert flow.recipe_of(ref("orders_raw")) is None


def test_a_cycle_ends():
    nodes = (
        Node("a", "COMPUTABLE_DATASET", ref="a", successors=("r1",)),
        Node("r1", "RUNNABLE_RECIPE", successors=("b",)),
        Node("b", "COMPUTABLE_DATASET", ref="b", successors=("r2",)),
        Node("r2", "RUNNABLE_RECIPE", successors=("a",)),
    )
    flow = flow_of(night(graph=Graph(nodes)))
    assert set(flow.downstream(ref("a"))) == {ref("b")}


# --- what scenarios build --------------------------------------------------------------------------------------------


def with_scenarios(*scenarios: Scenario, **changes: Any) -> Snapshot:
    return night(scenarios=scenarios, **changes)


def scenario(key: str, *steps: Step, **more: Any) -> Scenario:
    return Scenario(
        key, key.title(), more.pop("type", "step_based"), active=True, settings=ScenarioSettings(steps=steps), **more
    )


@pytest.mark.parametrize(
    ("mode", "built"),
    [
        ("NON_RECURSIVE_FORCED_BUILD", {"sales_mart"}),
        ("RECURSIVE_BUILD", {"sales_mart", "orders"}),
        ("RECURSIVE_FORCED_BUILD", {"sales_mart", "orders"}),
        ("RECURSIVE_MISSING_ONLY_BUILD", {"sales_mart", "orders"}),
        ("", {"sales_mart"}),
    ],
)
def test_the_build_mode_says_how_far_up(mode: str, built: set[str]):
    found = builds(with_scenarios(scenario("A", build_step("sales_mart", mode=mode))))["A"]
    assert {each.id for each in found.refs} == built
    assert found.targets == (ref("sales_mart"),)


def test_a_recursive_build_stops_at_what_is_rebuilt_on_purpose_only():
    held = tuple(replace(each, rebuild_behavior="EXPLICIT" if each.name == "orders" else "") for each in datasets())
    found = builds(with_scenarios(scenario("A", build_step("dashboard_feed")), datasets=held))["A"]
    assert {each.id for each in found.refs} == {"dashboard_feed", "sales_mart"}


def test_disabled_steps_build_nothing():
    step = replace(build_step("sales_mart"), enabled=False)
    assert builds(with_scenarios(scenario("A", step)))["A"].refs == frozenset()


def test_a_master_builds_what_the_scenarios_it_runs_build():
    master = scenario("MASTER", Step("run_scenario", params={"scenarioId": "SUB"}))
    sub = scenario("SUB", build_step("sales_mart"), Step("run_scenario", params={"scenarioId": "MASTER"}))
    found = builds(with_scenarios(master, sub))
    assert found["MASTER"].refs == found["SUB"].refs
    assert found["MASTER"].runs == ("SUB",)
    assert builders_of(found)[ref("orders")] == ("MASTER", "SUB")


@pytest.mark.parametrize(
    ("scenario_", "said"),
    [
        (scenario("A", type="custom_python"), "Python script"),
        (scenario("A", Step("custom_python")), "custom code"),
        (scenario("A", Step("run_scenario", params={"scenarioId": "GONE"})), "no such scenario"),
        (scenario("A", build_step("sales_mart")), ""),
    ],
)
def test_what_cannot_be_seen_is_said(scenario_: Scenario, said: str):
    unseen = builds(with_scenarios(scenario_))["A"].unseen
    assert said in unseen
    assert bool(unseen) == bool(said)


def test_unread_settings_build_the_unknown():
    hidden = replace(scenario("A"), settings=Unknown("forbidden", Cause.DENIED))
    found = builds(with_scenarios(hidden))
    assert found["A"] == Unknown("forbidden", Cause.DENIED)
    assert builders_of(found).get(ref("sales_mart"), ()) == ()


def test_readers_are_those_that_build_the_next_objects():
    flow = flow_of(night())
    found = builds(
        with_scenarios(
            scenario("NEAR", build_step("orders", mode="NON_RECURSIVE_FORCED_BUILD")),
            scenario("FAR", build_step("dashboard_feed", mode="NON_RECURSIVE_FORCED_BUILD")),
        )
    )
    assert readers_of(ref("orders_raw"), flow, found) == ("NEAR",)
    assert readers_of(ref("orders"), flow, found) == ("FAR",)


@pytest.mark.parametrize("target", ["", None, 7, {"no": "name"}, {"itemId": ""}, {"itemId": 4}])
def test_odd_targets_are_left_out(target: Any):
    step = Step("build_flowitem", params={"builds": [target, {"itemId": "stores"}], "jobType": None})
    assert builds(with_scenarios(scenario("A", step)))["A"].targets == (ref("stores"),)


def test_a_chain_four_times_as_long_takes_about_four_times_as_long():
    def walked(length: int) -> float:
        nodes = []
        for n in range(length):
            nodes.append(Node(f"d{n}", "COMPUTABLE_DATASET", ref=f"d{n}", successors=(f"r{n}",)))
            nodes.append(Node(f"r{n}", "RUNNABLE_RECIPE", ref=f"r{n}", successors=(f"d{n + 1}",)))
        nodes.append(Node(f"d{length}", "COMPUTABLE_DATASET", ref=f"d{length}"))
        last = scenario("A", build_step(f"d{length}"))
        chain = Snapshot(KEY, NOW, graph=Graph(tuple(nodes)), scenarios=(last,))
        start = time.process_time()
        flow = flow_of(chain)
        assert len(flow.downstream(ObjectRef("DATASET", KEY, "d0"))) == length
        assert len(builds(chain, flow)["A"].refs) == length
        return time.process_time() - start

    gc.disable()  # how often the collector passes depends on what other tests left behind
    try:
        short, long = (min(walked(length) for _ in range(3)) for length in (2_500, 10_000))
    finally:
        gc.enable()
    assert long / short < 9  # what grows with the square would take sixteen times as long
