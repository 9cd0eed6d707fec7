"""What a process may do at the brokers, asked before it begins: afterwards it would only try again and again."""

from collections.abc import Callable, Mapping
from functools import partial

from kafka import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from schemas import topics
from schemas.errors import UserError
from streams.topology.model import Topology


def check(client: KafkaAdminClient, topology: Topology) -> None:
    """What a worker needs. UserError names the topics that are missing, or else the rights; KafkaError where the broker
    cannot say."""
    needed: dict[str, set[str]] = {name: {"READ"} for name in topology.inputs}
    if topics.ALARM_ACTIONS.name in needed:  # conditions are sent there
        needed[topics.ALARM_ACTIONS.name].add("WRITE")
    if topics.ANOMALY_FEEDBACK.name in needed:  # and what people said of flags to the sources
        for name in topology.sources:
            needed[name].add("WRITE")
    if topics.PRODUCTION_EVENTS.name in needed:  # ticks
        needed[topics.PRODUCTION_EVENTS.name].add("WRITE")
    needed |= {name: {"WRITE"} for name in topics.RESULTS}
    needed[topics.checkpoint_topic(topology.topology)] = {"READ", "WRITE"}
    group = topics.group_id(topology.topology)
    transaction = topics.transactional_id(topology.topology, min(topology.sources), 0)
    _check(client, needed, {
        f"READ on group {group}": partial(client.describe_groups, [group]),
        f"WRITE on transactional ids that begin with {group}.": partial(client.describe_transactions, [transaction]),
    })  # fmt: skip


def check_outlets(client: KafkaAdminClient, topology: Topology) -> None:
    """What `headrace outlets` needs; as `check`."""
    group = topics.outlets_group_id(topology.topology)
    _check(client, {topics.ALARMS.name: {"READ"}}, {f"READ on group {group}": partial(client.describe_groups, [group])})


def _check(
    client: KafkaAdminClient, needed: Mapping[str, set[str]], questions: Mapping[str, Callable[[], object]]
) -> None:
    """Rights by topic; and by name of the right, a question that is denied where it is missing."""
    missing, denied = _topics(client, needed)
    if missing:
        raise UserError(f"Kafka has no topic {', '.join(sorted(missing))}: run `headrace topology apply` first")
    for right, ask in questions.items():
        try:
            ask()
        except AuthorizationError:
            denied.append(right)
        except KafkaError:
            pass  # before the first worker there is nothing to describe
    if denied:
        raise UserError(f"Kafka does not grant {', '.join(denied)}: see docs/SECURITY.md")


def _topics(client: KafkaAdminClient, needed: Mapping[str, set[str]]) -> tuple[list[str], list[str]]:
    """The topics that are missing, and the rights that are."""
    missing, denied = [], []
    for topic in client.describe_topics(list(needed)):
        name, error = topic["name"], for_code(topic["error_code"])
        # A broker of another make may tell of no rights at all.
        lacking = needed[name] - set(topic["authorized_operations"] or needed[name])
        if error is UnknownTopicOrPartitionError:
            missing.append(name)
        elif error is TopicAuthorizationFailedError:
            denied += [f"{right} on {name}" for right in sorted(needed[name])]
        elif topic["error_code"]:
            raise error(name)
        else:
            denied += [f"{right} on {name}" for right in sorted(lacking)]
    return missing, sorted(denied)
