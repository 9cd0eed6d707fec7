from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import DEAD_LETTERS, RESULTS
from streams.topology.apply import Outcome
from streams.topology.load import load
from streams.topology.model import Topology
from streams.topology.plan import (
    AddPartitions,
    CannotChange,
    Change,
    ChangeConfig,
    CreateTopic,
    LiveTopic,
    Migrate,
    Note,
    Plan,
    SetPrices,
    desired,
    plan,
    topic_names,
)
from streams.topology.plan_text import headline, lines, outcome_line

Build = Callable[..., Topology]
Live = dict[str, LiveTopic]

DEFAULTS = {"segment.ms": "604800000", "compression.type": "producer"}


def carried_out(plan_: Plan, live: Live) -> Live:
    """The live topics after everything in the plan was done."""
    after = dict(live)
    for step in plan_.steps:
        match step:
            case CreateTopic():
                after[step.topic] = LiveTopic(step.partitions, step.replication, {**DEFAULTS, **step.config})
            case AddPartitions():
                after[step.topic] = msgspec.structs.replace(after[step.topic], partitions=step.wanted)
            case ChangeConfig():
                wanted = {key: change.wanted for key, change in step.changes.items()}
                config = {**after[step.topic].config, **wanted}
                after[step.topic] = msgspec.structs.replace(after[step.topic], config=config)
    return after


def changed(live: Live, topic: str, **changes: Any) -> Live:
    return {**live, topic: msgspec.structs.replace(live[topic], **changes)}


@pytest.fixture
def deployed(small: Build) -> Live:
    """The live topics that the small topology asks for."""
    return carried_out(plan(small(), {}), {})


def test_all_topics_of_an_empty_cluster_are_created(small: Build) -> None:
    steps = plan(small(), {}).steps
    assert [step.topic for step in steps if isinstance(step, CreateTopic)] == [
        "machine.events",
        "emission.events",
        "anomaly.feedback",
        *RESULTS,
        "headrace.small.checkpoints",
        "headrace.small.replayed",
    ]
    assert len(steps) == 5 + len(RESULTS)


def test_sources_are_stamped_by_the_broker_and_keep_their_retention(small: Build) -> None:
    sources = {"machine.events": {"partitions": 3, "retention": "2d", "max_message": 4096}}
    [source, *_] = desired(small(sources=sources, replication=3), {})
    assert (source.partitions, source.replication) == (3, 3)
    assert source.config == {
        "cleanup.policy": "delete",
        "max.message.bytes": "4096",
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": "172800000",
    }


def test_alarm_actions_are_there_where_alarms_are_declared_and_stamped_by_the_broker(small: Build) -> None:
    alarms = [{"name": "a", "metrics": ["nox"], "high": 100}]
    declared = small(alarms=alarms, alarm_system={"partitions": 6, "retention": "90d"})
    topics = {topic.topic: topic for topic in desired(declared, {})}
    assert topics["alarm.actions"].config["message.timestamp.type"] == "LogAppendTime"
    assert topics["alarm.actions"].config["retention.ms"] == "7776000000"
    assert topics["alarm.actions"].partitions == topics["alarms"].partitions == 6
    assert "alarm.actions" not in {topic.topic for topic in desired(small(), {})}


def test_feedback_is_there_where_there_can_be_flags_and_kept_as_long_as_they_are(small: Build) -> None:
    topics = {topic.topic: topic for topic in desired(small(results={"retention": "9d"}), {})}
    assert topics["anomaly.feedback"].config["message.timestamp.type"] == "LogAppendTime"
    assert topics["anomaly.feedback"].config["retention.ms"] == topics["anomalies"].config["retention.ms"]
    assert "anomaly.feedback" not in {topic.topic for topic in desired(small(detectors=[]), {})}


def test_results_dead_letters_among_them_are_kept_as_long_as_declared(small: Build) -> None:
    kept = {topic.topic: topic.config.get("retention.ms") for topic in desired(small(results={"retention": "90d"}), {})}
    assert [kept[name] for name in RESULTS] == ["7776000000"] * len(RESULTS)
    assert DEAD_LETTERS.name in RESULTS


def test_results_and_checkpoints_have_a_partition_for_each_of_the_largest_source(small: Build) -> None:
    partitions = {topic.topic: topic.partitions for topic in desired(small(), {})}
    assert partitions.pop("emission.events") == 2
    assert partitions.pop("anomaly.feedback") == 1
    assert set(partitions.values()) == {4}


def test_checkpoints_and_what_was_replayed_are_compacted_and_so_kept_for_ever(small: Build) -> None:
    internal = desired(small(), {})[-2:]
    assert [topic.topic for topic in internal] == ["headrace.small.checkpoints", "headrace.small.replayed"]
    for topic in internal:
        assert topic.config["cleanup.policy"] == "compact"
        assert topic.config["segment.bytes"] == str(64 * 1024 * 1024)


def test_a_cluster_as_it_should_be_needs_nothing(small: Build, deployed: Live) -> None:
    assert plan(small(), deployed) == Plan("small")
    assert headline(plan(small(), deployed)) == "small: nothing to do"


def test_more_partitions_for_a_source_come_with_a_warning_and_grow_the_results(small: Build, deployed: Live) -> None:
    sources = {"machine.events": {"partitions": 8}, "emission.events": {"partitions": 2}}
    steps = [step for step in plan(small(sources=sources), deployed).steps if isinstance(step, AddPartitions)]
    assert {(step.topic, step.current, step.wanted) for step in steps} == {
        (topic, 4, 8) for topic in ("machine.events", *RESULTS, "headrace.small.checkpoints", "headrace.small.replayed")
    }
    assert [step.topic for step in steps if step.warning] == ["machine.events"]


def test_fewer_partitions_for_a_source_cannot_be_had(small: Build, deployed: Live) -> None:
    found = plan(small(), changed(deployed, "emission.events", partitions=3))
    assert found.steps == ()
    [cannot] = found.cannot
    assert (cannot.topic, cannot.what) == ("emission.events", "3 partitions to 2")
    assert "declare partitions: 3" in cannot.why


def test_results_follow_a_source_that_has_more_partitions_than_declared(small: Build, deployed: Live) -> None:
    found = plan(small(), changed(deployed, "machine.events", partitions=9))
    assert {step.wanted for step in found.steps if isinstance(step, AddPartitions)} == {9}
    assert len(found.steps) == len(RESULTS) + 2


def test_results_with_partitions_to_spare_are_noted_and_left(small: Build, deployed: Live) -> None:
    found = plan(small(), changed(deployed, "aggregates", partitions=12))
    assert found == Plan("small", notes=(Note("aggregates", "has 12 partitions, 4 are used"),))


def test_a_configuration_that_differs_is_changed_from_what_to_what(small: Build, deployed: Live) -> None:
    config = {**deployed["machine.events"].config, "message.timestamp.type": "CreateTime"}
    del config["max.message.bytes"]
    [step] = plan(small(), changed(deployed, "machine.events", config=config)).steps
    assert step == ChangeConfig(
        "machine.events",
        {
            "max.message.bytes": Change(None, "1048576"),
            "message.timestamp.type": Change("CreateTime", "LogAppendTime"),
        },
    )


@pytest.mark.parametrize(("live", "warned"), [("-1", True), ("691200000", True), ("604799999", False)])
def test_a_shorter_retention_comes_with_a_warning(small: Build, deployed: Live, live: str, warned: bool) -> None:
    config = {**deployed["machine.events"].config, "retention.ms": live}
    [step] = plan(small(), changed(deployed, "machine.events", config=config)).steps
    assert isinstance(step, ChangeConfig)
    assert step.warning == ("Kafka deletes records older than 7d" if warned else "")


def test_too_little_replication_cannot_be_changed_and_more_is_noted(small: Build, deployed: Live) -> None:
    wanted = small(replication=2)
    live = {name: msgspec.structs.replace(topic, replication=2) for name, topic in deployed.items()}
    found = plan(wanted, changed(changed(live, "aggregates", replication=1), "anomalies", replication=3))
    assert [(one.topic, one.what) for one in found.cannot] == [("aggregates", "replication 1 to 2")]
    assert [one.topic for one in found.notes] == ["anomalies"]


def test_pending_migrations_come_after_topics_and_prices_last(small: Build, deployed: Live) -> None:
    prices = SetPrices(("grid: press 0.9 CNY/kWh",), ())
    steps = plan(small(), {}, ["0001_tables", "0002_more"], prices).steps
    assert steps[-3:] == (Migrate("0001_tables"), Migrate("0002_more"), prices)


def test_prices_read_as_a_diff_and_count_as_a_change() -> None:
    found = Plan("small", (SetPrices(("grid: press 0.9 CNY/kWh",), ("grid: press 0.7 CNY/kWh",)),))
    assert [line.text for line in lines(found)] == [
        "~ tariffs and baseline: 1 new, 1 ended",
        "    - grid: press 0.7 CNY/kWh",
        "    + grid: press 0.9 CNY/kWh",
    ]
    assert headline(found) == "small: 1 to change"


def test_topics_of_others_are_none_of_a_topologys_business(small: Build, deployed: Live) -> None:
    others = {"orders": LiveTopic(1, 1, {}), "headrace.other.checkpoints": LiveTopic(1, 1, {})}
    assert plan(small(), {**deployed, **others}) == Plan("small")
    assert "orders" not in topic_names(small())


def test_the_shipped_topologies_can_share_a_cluster_whatever_the_order(topologies: Path) -> None:
    shipped = [load(file) for file in sorted(topologies.glob("*.yaml"))]
    for order in permutations(shipped):
        live: Live = {}
        for topology in order:
            found = plan(topology, live)
            assert found.cannot == ()
            assert not [step for step in found.steps if isinstance(step, ChangeConfig)]
            live = carried_out(found, live)


TOPICS = st.builds(
    LiveTopic,
    partitions=st.integers(1, 9),
    replication=st.integers(1, 3),
    config=st.dictionaries(
        st.sampled_from(["retention.ms", "cleanup.policy", "segment.bytes"]), st.sampled_from("019")
    ),
)


@given(
    live=st.dictionaries(st.sampled_from(["machine.events", "aggregates", "headrace.small.checkpoints"]), TOPICS),
    partitions=st.integers(1, 9),
)
def test_after_a_plan_is_carried_out_nothing_is_left_to_do(live: Live, partitions: int) -> None:
    topology = msgspec.convert(
        {"topology": "small", "site": "here", "sources": {"machine.events": {"partitions": partitions}}}, Topology
    )
    first = plan(topology, live)
    second = plan(topology, carried_out(first, live))
    assert second.steps == ()
    assert second.cannot == first.cannot


def test_a_plan_reads_as_a_diff_with_units(small: Build, deployed: Live) -> None:
    live = changed(deployed, "machine.events", config={**deployed["machine.events"].config, "retention.ms": "-1"})
    live = changed(live, "anomalies", replication=2)
    del live["headrace.small.checkpoints"]
    found = plan(small(replication=2), live, ["0001_tables"])
    found = msgspec.structs.replace(found, cannot=(CannotChange("x", "a to b", "it is so"),))
    assert [line.text for line in lines(found)] == [
        "~ topic machine.events: retention.ms",
        "    retention.ms: for ever to 604800000 (7d)",
        "    warning: Kafka deletes records older than 7d",
        "+ create topic headrace.small.checkpoints",
        "    the newest state of every source partition",
        "    4 partitions, replication 2",
        "    cleanup.policy = compact",
        "    max.message.bytes = 16777216 (16 MiB)",
        "    min.cleanable.dirty.ratio = 0.1",
        "    segment.bytes = 67108864 (64 MiB)",
        "+ ClickHouse migration 0001_tables",
        "! x: cannot change a to b: it is so",
    ]
    assert headline(found) == "small: 1 to create, 1 to change, 1 to migrate, 1 that cannot be changed"


def test_a_plan_is_json_for_programs(small: Build) -> None:
    found = plan(small(), {}, ["0001_tables"], SetPrices(("new",), ("ended",)))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Plan) == found


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome(Migrate("0001_tables"), "done"), "✓ ClickHouse migration 0001_tables"),
        (Outcome(AddPartitions("a", 1, 2, "beware"), "done"), "✓ topic a: 1 partitions to 2: beware"),
        (Outcome(AddPartitions("a", 1, 2, "beware"), "failed", "no"), "✗ topic a: 1 partitions to 2: no"),
        (Outcome(CreateTopic("a", "", 1, 1, {}), "there_already", "so"), "= create topic a: so"),
    ],
)
def test_an_outcome_is_a_line_with_its_reason_or_else_its_warning(outcome: Outcome, text: str) -> None:
    assert outcome_line(outcome).text == text
