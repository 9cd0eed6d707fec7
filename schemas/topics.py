"""The table of topics: every Kafka topic the product reads or writes, in one place.

`apply` creates them, the docs list them, and a test holds that no code names a topic that is not here.
"""

from typing import Literal

import msgspec

Direction = Literal["in", "out", "internal"]

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What the product expects of one topic; `partitions`, retention and replication come from the topology."""

    name: str
    direction: Direction
    about: str
    compacted: bool = False
    schema: str | None = None
    """Kind of its messages; `schemas/json/<kind>.v<version>.json` is their JSON Schema."""


MACHINE_EVENTS = Topic(name="machine.events", direction="in", about="readings and states of machines", schema="event")
EMISSION_EVENTS = Topic(name="emission.events", direction="in", about="readings of stacks (CEMS)", schema="event")
AGGREGATES = Topic(name="aggregates", direction="out", about="closed windows, one message each", schema="aggregate")
ANOMALIES = Topic(name="anomalies", direction="out", about="anomaly flags, one message each", schema="anomaly")
ALARM_ACTIONS = Topic(
    name="alarm.actions", direction="in", about="conditions of alarms and what operators do", schema="alarm_action"
)
ALARMS = Topic(name="alarms", direction="out", about="transitions of alarms, one message each", schema="alarm")
PROCESS_ACKS = Topic(
    name="process.acks", direction="in", about="what became of adjustments that were commanded", schema="process_ack"
)
PROCESS_ADJUSTMENTS = Topic(
    name="process.adjustments",
    direction="out",
    about="the control loop's commands and what became of them, one message each",
    schema="adjustment",
)
ANOMALY_FEEDBACK = Topic(
    name="anomaly.feedback", direction="in", about="what people say of anomaly flags", schema="feedback"
)
PRODUCTION_EVENTS = Topic(
    name="production.events",
    direction="in",
    about="states of machines with reasons, items made, orders worked on",
    schema="production_event",
)
QUALITY_EVENTS = Topic(
    name="quality.events", direction="in", about="measurements of items, inspections", schema="quality_event"
)
LOGISTICS_EVENTS = Topic(
    name="logistics.events", direction="in", about="arrivals, pick lists, picks and moves", schema="logistics_event"
)
TRACE_EVENTS = Topic(
    name="trace.events",
    direction="in",
    about="codes minted and voided, EPCIS events of the items that carry them",
    schema="trace_message",
)
DEAD_LETTERS = Topic(
    name="dead.letters", direction="out", about="input that could not be accepted, with reason", schema="dead_letter"
)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        MACHINE_EVENTS, EMISSION_EVENTS, PRODUCTION_EVENTS, QUALITY_EVENTS, LOGISTICS_EVENTS,
        TRACE_EVENTS, ALARM_ACTIONS, PROCESS_ACKS, ANOMALY_FEEDBACK,
        AGGREGATES, ANOMALIES, ALARMS, PROCESS_ADJUSTMENTS, DEAD_LETTERS,
    )
}  # fmt: skip
SOURCES = tuple(topic.name for topic in TOPICS.values() if topic.schema == "event")
"""Those that bring readings: what a topology names as its sources."""
SHOP_FLOOR = (PRODUCTION_EVENTS.name, QUALITY_EVENTS.name, LOGISTICS_EVENTS.name, TRACE_EVENTS.name)
"""Those that bring what happens on the shop floor and to its products; a topology that declares such a part reads
them."""
RESULTS = tuple(topic.name for topic in TOPICS.values() if topic.direction == "out")


def group_id(topology: str) -> str:
    """The consumer group of a topology's workers; also the prefix of its transactional ids."""
    return f"headrace.{topology}"


def checkpoint_topic(topology: str) -> str:
    """The compacted topic that holds the newest state of every source partition of a topology."""
    return f"headrace.{topology}.checkpoints"


def replayed_topic(topology: str) -> str:
    """The compacted topic that remembers which dead letters have been sent back."""
    return f"headrace.{topology}.replayed"


def transactional_id(topology: str, topic: str, partition: int) -> str:
    """One id per source partition and stable across workers, so that a new owner fences the last one."""
    return f"{group_id(topology)}.{topic}.{partition}"


def replay_transactional_id(topology: str, topic: str, partition: int) -> str:
    """What `headrace dlq replay` sends to a source partition with, so that the last of two fences the first."""
    return f"{transactional_id(topology, topic, partition)}.replay"


def outlets_group_id(topology: str) -> str:
    """The consumer group of `headrace outlets`; its offsets say what the webhook has been told."""
    return f"{group_id(topology)}.outlets"
