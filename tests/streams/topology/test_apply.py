"""Against a real broker. Other tests share it, so topics are named after these tests."""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from kafka import KafkaAdminClient

from infra.local.ports import free_ports
from schemas.errors import SettingsError, SinkUnavailable, UserError
from streams.topology.apply import Outcome, admin_client, apply, live_topics
from streams.topology.plan import AddPartitions, Change, ChangeConfig, CreateTopic, LiveTopic, Migrate, Plan, SetPrices


class Kafka(Protocol):
    kafka: str


@pytest.fixture
def client(stack: Kafka) -> Iterator[KafkaAdminClient]:
    with admin_client({"bootstrap_servers": [stack.kafka]}) as connected:
        yield connected


def create(topic: str, partitions: int = 1, replication: int = 1, config: dict[str, str] | None = None) -> CreateTopic:
    return CreateTopic(topic, "for a test", partitions, replication, config or {})


def outcomes(client: Any, *steps: Any) -> list[Outcome]:
    return list(apply(Plan("test", tuple(steps)), client))


def test_a_topic_is_created_and_read_back_as_it_was_asked_for(client: KafkaAdminClient) -> None:
    step = create("test-apply.create", 3, config={"retention.ms": "60000", "message.timestamp.type": "LogAppendTime"})
    assert outcomes(client, step) == [Outcome(step, "done")]

    live = live_topics(client, [step.topic, "test-apply.no-such-topic"])
    assert set(live) == {step.topic}
    assert (live[step.topic].partitions, live[step.topic].replication) == (3, 1)
    assert live[step.topic].config.items() >= step.config.items()
    assert live[step.topic].config["cleanup.policy"] == "delete"  # a default is shown as well


def test_a_topic_that_somebody_created_in_the_meantime_is_left_as_it_is(client: KafkaAdminClient) -> None:
    outcomes(client, create("test-apply.twice", 1))
    [outcome] = outcomes(client, create("test-apply.twice", 5))
    assert outcome.status == "there_already"
    assert live_topics(client, ["test-apply.twice"])["test-apply.twice"].partitions == 1


def test_partitions_are_added_and_configuration_is_changed_and_the_rest_of_it_kept(client: KafkaAdminClient) -> None:
    topic = "test-apply.change"
    changes = ChangeConfig(topic, {"retention.ms": Change("1000", "2000")})
    done = outcomes(
        client,
        create(topic, config={"retention.ms": "1000", "segment.ms": "3000"}),
        AddPartitions(topic, 1, 2),
        changes,
    )
    assert [outcome.status for outcome in done] == ["done"] * 3
    live = live_topics(client, [topic])[topic]
    assert live.partitions == 2
    assert (live.config["retention.ms"], live.config["segment.ms"]) == ("2000", "3000")


def test_a_step_that_fails_says_why_on_one_line_and_stops_no_other(client: KafkaAdminClient) -> None:
    too_few = AddPartitions("test-apply.fail", 2, 1)
    bad_value = ChangeConfig("test-apply.fail", {"retention.ms": Change("1", "soon")})
    done = outcomes(
        client,
        create("test-apply.replicas", 1, replication=3),
        create("test-apply.config", config={"no.such.setting": "1"}),
        create("test-apply.fail", 2),
        too_few,
        bad_value,
        create("test-apply.after"),
    )
    assert [outcome.status for outcome in done] == ["failed", "failed", "done", "failed", "failed", "done"]
    details = [outcome.detail for outcome in done if outcome.status == "failed"]
    for detail, word in zip(details, ["replication", "no.such.setting", "partition", "retention.ms"], strict=True):
        assert word in detail
        assert "\n" not in detail


def test_no_topics_live_is_no_error(client: KafkaAdminClient) -> None:
    assert live_topics(client, ["test-apply.nobody-created-this"]) == {}


def test_a_broker_that_does_not_answer_is_named_with_the_remedy() -> None:
    server = f"127.0.0.1:{next(free_ports())}"
    with (
        pytest.raises(UserError, match=rf"^no Kafka broker answers at {server}; start one with `headrace up` or set"),
        admin_client({"bootstrap_servers": [server]}),
    ):
        pass


@pytest.mark.parametrize("server", ["here:there", "here", ":9092", "", "127.0.0.1:"])
def test_an_address_that_is_none_is_refused(server: str) -> None:
    with pytest.raises(SettingsError, match="write host:port"), admin_client({"bootstrap_servers": [server]}):
        pass


def test_one_broker_of_several_that_answers_is_enough(stack: Kafka) -> None:
    away = f"127.0.0.1:{next(free_ports())}"
    with admin_client({"bootstrap_servers": [away, stack.kafka]}) as connected:
        assert live_topics(connected, ["test-apply.nobody-created-this"]) == {}


class NoKafka:
    """Migrations alone need no broker."""


def test_migrations_that_ran_are_told_one_by_one() -> None:
    plan = Plan("test", (Migrate("0001"), Migrate("0002")))
    assert list(apply(plan, NoKafka(), lambda: ["0001", "0002"])) == [Outcome(step, "done") for step in plan.steps]


def test_a_migration_that_another_ran_first_is_told_as_such() -> None:
    done = list(apply(Plan("test", (Migrate("0001"), Migrate("0002"))), NoKafka(), lambda: ["0002"]))
    assert [outcome.status for outcome in done] == ["there_already", "done"]


def test_migrations_run_also_without_pending_ones_because_they_renew_the_views() -> None:
    calls: list[str] = []
    assert list(apply(Plan("test"), NoKafka(), lambda: calls.append("ran") or [])) == []  # type: ignore[func-returns-value]
    assert calls == ["ran"]


def test_a_clickhouse_that_is_away_fails_the_migrations_and_not_the_topics() -> None:
    def away() -> list[str]:
        raise SinkUnavailable("ClickHouse is away", retry_after=1)

    [outcome] = apply(Plan("test", (Migrate("0001"),)), NoKafka(), away)
    assert (outcome.status, outcome.detail) == ("failed", "ClickHouse is away")


def test_what_the_broker_shows_fits_what_the_planner_compares(client: KafkaAdminClient) -> None:
    step = create("test-apply.compare", 1, config={"min.cleanable.dirty.ratio": "0.1", "segment.bytes": str(64 << 20)})
    outcomes(client, step)
    live = live_topics(client, [step.topic])[step.topic]
    assert isinstance(live, LiveTopic)
    assert {key: live.config[key] for key in step.config} == step.config


def test_prices_are_written_after_the_migrations_and_only_where_the_plan_has_them() -> None:
    calls: list[str] = []
    prices = SetPrices(("new",), ())
    plan = Plan("test", (Migrate("0001"), prices))
    done = list(apply(plan, NoKafka(), lambda: [calls.append("migrated") or "0001"], lambda: calls.append("priced")))  # type: ignore[func-returns-value]
    assert done == [Outcome(step, "done") for step in plan.steps]
    assert list(apply(Plan("test"), NoKafka(), lambda: [], lambda: calls.append("again"))) == []
    assert calls == ["migrated", "priced"]


def test_prices_that_cannot_be_written_are_told() -> None:
    def away() -> None:
        raise SinkUnavailable("ClickHouse is away", retry_after=1)

    [outcome] = apply(Plan("test", (SetPrices(("new",), ()),)), NoKafka(), lambda: [], away)
    assert (outcome.status, outcome.detail) == ("failed", "ClickHouse is away")
