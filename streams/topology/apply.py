"""Reads the live topics and carries out a plan, one step after another.

Every step is safe to repeat: what somebody else has created in the meantime is left as it is, and a second run finds
what the first left over.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from schemas.errors import SinkError, UserError
from streams import login
from streams.topology.plan import AddPartitions, ChangeConfig, CreateTopic, LiveTopic, Migrate, Plan, SetPrices, Step

CONNECT_MS = 5_000
REQUEST_MS = 15_000
PROPAGATION_S = 10.0

Migrations = Callable[[], Sequence[str]]
"""Runs every pending ClickHouse migration and returns the names of those it ran."""
Pricing = Callable[[], None]
"""Writes the tariffs and the baseline as they are declared. Raises SinkError."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one step."""

    step: Step
    status: Literal["done", "there_already", "failed"]
    detail: str = ""


@contextmanager
def admin_client(options: dict[str, Any]) -> Iterator[KafkaAdminClient]:
    """A connected admin client; `options` are `Settings.client_options()`.

    Raises UserError where no broker answers or the log-in is refused.
    """
    servers = ",".join(options["bootstrap_servers"])
    found = asyncio.run(login.answering(options))
    try:
        client = KafkaAdminClient(
            **options | {"bootstrap_servers": found},
            bootstrap_timeout_ms=CONNECT_MS,
            request_timeout_ms=REQUEST_MS,
            client_id="headrace",
        )
    except KafkaError as error:
        protocol = options.get("security_protocol", "PLAINTEXT")
        raise UserError(f"what answers at {servers} is no Kafka broker with {protocol}, or is not ready") from error
    try:
        yield client
    except KafkaError as error:
        raise UserError(f"Kafka at {servers} refuses: {_sentence(error)}") from error
    finally:
        client.close()


def live_topics(client: KafkaAdminClient, names: Iterable[str]) -> dict[str, LiveTopic]:
    """Those of the named topics that exist. Raises KafkaError, also where the client may not look."""
    described = {}
    for topic in client.describe_topics(list(names)):
        error = for_code(topic["error_code"])
        if error is UnknownTopicOrPartitionError:
            continue
        if topic["error_code"]:
            raise error(topic["name"])
        described[topic["name"]] = topic["partitions"]
    if not described:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in described]
    configs = client.describe_configs(resources, config_filter="all").get("topic", {})
    live = {}
    for name, partitions in described.items():
        if not configs.get(name):
            raise UserError(f"Kafka does not show the configuration of {name}: the user needs DESCRIBE_CONFIGS on it")
        live[name] = LiveTopic(
            partitions=len(partitions),
            replication=min(len(partition["replica_nodes"]) for partition in partitions),
            config={key: entry["value"] for key, entry in configs[name].items() if entry["value"] is not None},
        )
    return live


def apply(
    plan: Plan, client: KafkaAdminClient, migrate: Migrations | None = None, set_prices: Pricing | None = None
) -> Iterator[Outcome]:
    """Carry out the steps of `plan` and yield what became of each, as it happens.

    A step that fails does not stop the others. `migrate` is called once where it is given, whether or not the plan
    names migrations, because it also renews what the migrations leave to the running version. `set_prices` is called
    after it, where the plan has such a step.
    """
    for step in plan.steps:
        if not isinstance(step, Migrate | SetPrices):
            yield _topic_step(client, step)
    yield from _migrations([step for step in plan.steps if isinstance(step, Migrate)], migrate)
    for step in plan.steps:
        if isinstance(step, SetPrices):
            yield _priced(step, set_prices)


def _topic_step(client: KafkaAdminClient, step: CreateTopic | AddPartitions | ChangeConfig) -> Outcome:
    try:
        match step:
            case CreateTopic():
                spec = {
                    "num_partitions": step.partitions,
                    "replication_factor": step.replication,
                    "configs": step.config,
                }
                answer = client.create_topics({step.topic: spec}, raise_errors=False)["topics"][0]
                error, reason = for_code(answer["error_code"]), answer["error_message"]
                if error is TopicAlreadyExistsError:
                    return Outcome(step, "there_already", "somebody created it in the meantime; plan again to compare")
                if error is NoError:
                    client.wait_for_topics([step.topic])
                    _await(client, step.topic, step.partitions, step.config)
            case AddPartitions():
                result = client.create_partitions({step.topic: step.wanted}, raise_errors=False).results[0]
                error, reason = for_code(result.error_code), result.error_message
                if error is NoError:
                    _await(client, step.topic, step.wanted, {})
            case ChangeConfig():
                wanted = {key: change.wanted for key, change in step.changes.items()}
                resource = ConfigResource(ConfigResourceType.TOPIC, step.topic, wanted)
                said = client.alter_configs([resource])["topic"][step.topic]
                if said != "OK":
                    return Outcome(step, "failed", " ".join(said.split()))
                _await(client, step.topic, 1, wanted)
                return Outcome(step, "done")
    except KafkaError as failure:
        return Outcome(step, "failed", _sentence(failure))
    return Outcome(step, "done") if error is NoError else Outcome(step, "failed", f"{error.__name__}: {reason}")


def _await(client: KafkaAdminClient, topic: str, partitions: int, config: Mapping[str, str]) -> None:
    """Wait until the brokers show what they have agreed to: metadata reaches them a moment later.

    Raises KafkaTimeoutError if they never do.
    """
    deadline = time.monotonic() + PROPAGATION_S
    while time.monotonic() < deadline:
        with suppress(UserError, UnknownTopicOrPartitionError):  # a broker that has not heard of the topic
            live = live_topics(client, [topic]).get(topic)
            if live and live.partitions >= partitions and config.items() <= live.config.items():
                return
        time.sleep(0.05)
    raise KafkaTimeoutError(f"the brokers agreed, but do not show it after {PROPAGATION_S:.0f} s")


def _migrations(steps: list[Migrate], migrate: Migrations | None) -> Iterator[Outcome]:
    if migrate is None:
        if steps:
            raise ValueError("the plan has ClickHouse migrations and nothing to run them with")
        return
    try:
        ran = set(migrate())
    except SinkError as error:
        if not steps:
            raise
        yield from (Outcome(step, "failed", str(error)) for step in steps)
        return
    for step in steps:
        if step.migration in ran:
            yield Outcome(step, "done")
        else:
            yield Outcome(step, "there_already", "somebody ran it in the meantime")


def _priced(step: SetPrices, set_prices: Pricing | None) -> Outcome:
    if set_prices is None:
        raise ValueError("the plan has prices and nothing to write them with")
    try:
        set_prices()
    except SinkError as error:
        return Outcome(step, "failed", str(error))
    return Outcome(step, "done")


def _sentence(error: KafkaError) -> str:
    """The broker's reason on one line, without the dump of the request that the client appends."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:300]} …"
