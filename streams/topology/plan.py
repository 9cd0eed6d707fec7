"""The difference between what a topology asks for and what is there, as data: nothing is read or changed here."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from schemas.durations import Duration
from schemas.topics import RESULTS, TOPICS, checkpoint_topic, replayed_topic
from streams.topology.model import Topology

BATCH_BYTES: Final = 16 << 20
"""Largest record batch on the topics that workers write: a checkpoint's state is one record, its results one batch."""
SEGMENT_BYTES: Final = 64 << 20
"""Only closed segments are compacted, and a worker reads what is not: small segments keep recovery short."""


class LiveTopic(msgspec.Struct, frozen=True):
    """A topic as the brokers describe it. `config` holds the values in force, also the defaults."""

    partitions: int
    replication: int
    config: Mapping[str, str]


class CreateTopic(msgspec.Struct, frozen=True, tag_field="action", tag="create_topic"):
    """A topic that is not there."""

    topic: str
    about: str
    partitions: int
    replication: int
    config: dict[str, str]


class AddPartitions(msgspec.Struct, frozen=True, tag_field="action", tag="add_partitions"):
    """A topic that has too few partitions."""

    topic: str
    current: int
    wanted: int
    warning: str = ""


class Change(msgspec.Struct, frozen=True):
    """One configuration value, from and to."""

    current: str | None
    wanted: str


class ChangeConfig(msgspec.Struct, frozen=True, tag_field="action", tag="change_config"):
    """A topic that is configured otherwise."""

    topic: str
    changes: dict[str, Change]
    warning: str = ""


class Migrate(msgspec.Struct, frozen=True, tag_field="action", tag="migrate"):
    """A ClickHouse migration that has not run yet."""

    migration: str


class SetPrices(msgspec.Struct, frozen=True, tag_field="action", tag="set_prices"):
    """Tariffs and a baseline that ClickHouse does not have as they are declared; each as a line for people."""

    new: tuple[str, ...]
    ended: tuple[str, ...]
    """What is not valid any more."""


class CannotChange(msgspec.Struct, frozen=True, tag_field="action", tag="cannot_change"):
    """A difference that no command can mend while the data stays."""

    topic: str
    what: str
    why: str


class Note(msgspec.Struct, frozen=True, tag_field="action", tag="note"):
    """A difference that does no harm and stays."""

    topic: str
    what: str


Step = CreateTopic | AddPartitions | ChangeConfig | Migrate | SetPrices
"""What `apply` carries out."""


class Plan(msgspec.Struct, frozen=True):
    """What has to happen, what cannot, and what is merely different."""

    topology: str
    steps: tuple[Step, ...] = ()
    cannot: tuple[CannotChange, ...] = ()
    notes: tuple[Note, ...] = ()


def plan(
    topology: Topology,
    live: Mapping[str, LiveTopic],
    pending: Sequence[str] = (),
    prices: SetPrices | None = None,
) -> Plan:
    """Compare a topology with the live topics.

    `pending` names the ClickHouse migrations that have not run, `prices` what has to change of tariffs and baseline.
    """
    steps: list[Step] = []
    cannot: list[CannotChange] = []
    notes: list[Note] = []
    for wanted in desired(topology, live):
        current = live.get(wanted.topic)
        if current is None:
            steps.append(wanted)
            continue
        steps += _partition_steps(wanted, current)
        steps += _config_steps(wanted, current)
        cannot += _cannot(wanted, current)
        notes += _notes(wanted, current)
    steps += [Migrate(name) for name in pending]
    steps += [prices] if prices is not None else []
    return Plan(topology.topology, tuple(steps), tuple(cannot), tuple(notes))


def topic_names(topology: Topology) -> list[str]:
    """Every topic that a topology reads or writes."""
    return [topic.topic for topic in desired(topology, {})]


def desired(topology: Topology, live: Mapping[str, LiveTopic]) -> list[CreateTopic]:
    """The topics as they should be.

    Results, checkpoints and what was replayed of source partition p go to partition p of their topics, so those need
    as many partitions as the largest source has, be it declared or live.
    """
    sources = [
        CreateTopic(
            name,
            TOPICS[name].about,
            source.partitions,
            topology.replication,
            {
                "cleanup.policy": "delete",
                "max.message.bytes": str(source.max_message),
                # The broker's clock judges which events are from the future, and history that is replayed today
                # is not past its retention at once.
                "message.timestamp.type": "LogAppendTime",
                "retention.ms": str(int(source.retention)),
            },
        )
        for name, source in topology.inputs.items()
    ]
    partitions = max(
        (max(s.partitions, live[s.topic].partitions if s.topic in live else 0) for s in sources), default=1
    )
    results = [
        CreateTopic(
            topic.name,
            topic.about,
            partitions,
            topology.replication,
            {
                "cleanup.policy": "delete",
                "max.message.bytes": str(BATCH_BYTES),
                "retention.ms": str(int(topology.results.retention)),
            },
        )
        for topic in (TOPICS[name] for name in RESULTS)
    ]
    internal = [
        CreateTopic(
            name,
            about,
            partitions,
            topology.replication,
            {
                "cleanup.policy": "compact",
                "max.message.bytes": str(BATCH_BYTES),
                "min.cleanable.dirty.ratio": "0.1",
                "segment.bytes": str(SEGMENT_BYTES),
            },
        )
        for name, about in (
            (checkpoint_topic(topology.topology), "the newest state of every source partition"),
            (replayed_topic(topology.topology), "which dead letters `headrace dlq replay` has sent back"),
        )
    ]
    return [*sources, *results, *internal]


def _partition_steps(wanted: CreateTopic, live: LiveTopic) -> list[Step]:
    if live.partitions >= wanted.partitions:
        return []
    warning = (
        "assets move to other partitions, and their open windows are split in two" if _is_source(wanted.topic) else ""
    )
    return [AddPartitions(wanted.topic, live.partitions, wanted.partitions, warning)]


def _config_steps(wanted: CreateTopic, live: LiveTopic) -> list[Step]:
    changes = {
        key: Change(live.config.get(key), value)
        for key, value in wanted.config.items()
        if live.config.get(key) != value
    }
    if not changes:
        return []
    retention = changes.get("retention.ms")
    warning = ""
    if retention is not None and retention.current is not None and _is_shorter(retention.wanted, retention.current):
        warning = f"Kafka deletes records older than {Duration(int(retention.wanted))}"
    return [ChangeConfig(wanted.topic, changes, warning)]


def _cannot(wanted: CreateTopic, live: LiveTopic) -> list[CannotChange]:
    found = []
    if _is_source(wanted.topic) and live.partitions > wanted.partitions:
        found.append(
            CannotChange(
                wanted.topic,
                f"{live.partitions} partitions to {wanted.partitions}",
                f"Kafka never removes partitions: declare partitions: {live.partitions}, or delete the topic",
            )
        )
    if live.replication < wanted.replication:
        found.append(
            CannotChange(
                wanted.topic,
                f"replication {live.replication} to {wanted.replication}",
                "existing partitions have to be reassigned with kafka-reassign-partitions",
            )
        )
    return found


def _notes(wanted: CreateTopic, live: LiveTopic) -> list[Note]:
    found = []
    if not _is_source(wanted.topic) and live.partitions > wanted.partitions:
        found.append(Note(wanted.topic, f"has {live.partitions} partitions, {wanted.partitions} are used"))
    if live.replication > wanted.replication:
        found.append(Note(wanted.topic, f"is replicated {live.replication} times, {wanted.replication} are asked for"))
    return found


def _is_source(topic: str) -> bool:
    return topic in TOPICS and TOPICS[topic].direction == "in"


def _is_shorter(wanted: str, current: str) -> bool:
    """Compare retentions in milliseconds, where -1 is for ever."""
    return int(current) < 0 <= int(wanted) or 0 <= int(wanted) < int(current)
