"""Messages of trace.events through a worker to ClickHouse, from a full topic to the last committed checkpoint."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clickhouse_driver import Client

from infra.bench import log
from infra.bench.arena import Arena, Progress
from infra.bench.codes_messages import Message
from infra.bench.codes_world import TOPOLOGY
from infra.bench.measure import Gauge
from infra.bench.worker import Worker
from schemas.errors import UserError
from schemas.topics import TRACE_EVENTS, checkpoint_topic, group_id

_DEADLINE_SECONDS: Final = 1_800.0
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Outcome:
    """One kind of message."""

    name: str
    messages: int
    things: int
    """Codes or items in them."""
    seconds: float
    """From the first opened partition to the last committed checkpoint."""
    cpu_seconds: float
    """Of the worker and its publisher, over the same time."""

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds


def run(
    place: Arena, client: Client, file: Path, name: str, things: int, messages: Iterable[Message], progress: Progress
) -> Outcome:
    """Append the messages, then let a worker that starts on them come to their end. UserError if one was refused."""
    count = 0

    def counted() -> Iterable[Message]:
        nonlocal count
        for message in messages:
            count += 1
            yield message

    log.fill(place.kafka, TRACE_EVENTS.name, counted())
    due = sum(log.ends(place.kafka, TRACE_EVENTS.name).values())
    with Worker(place, file, f"codes-{name.replace(' ', '-')}") as worker, Gauge(worker.process.pid) as gauge:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while log.committed(place.kafka, group_id(TOPOLOGY), TRACE_EVENTS.name) < due:
            worker.check()
            if time.monotonic() > deadline:
                raise UserError(f"{name}: not processed within {_DEADLINE_SECONDS:g} s")
            time.sleep(_LOOK_SECONDS)
        checkpoints = checkpoint_topic(TOPOLOGY)
        newest = {partition: max(end - 4, 0) for partition, end in log.ends(place.kafka, checkpoints).items()}
        done = max(message.ms for message in log.read(place.kafka, checkpoints, newest)) / 1000
        first = worker.opened_at or done
    refused = client.execute("SELECT any(reason), any(detail) FROM headrace.dead_letters HAVING count() > 0")
    if refused:
        raise UserError(f"{name}: a message was refused, {': '.join(refused[0])}")
    outcome = Outcome(
        name, count, things, max(done - first, 0.001), gauge.cpu_until(done) - gauge.cpu_until(first)
    )
    progress(f"  {name}: {outcome.rate:,.0f} messages/s, {things / outcome.seconds:,.0f} codes or items/s")
    return outcome
