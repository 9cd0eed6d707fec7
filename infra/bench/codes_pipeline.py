"""Messages of trace.events through a worker to ClickHouse, from a full topic to the last commit."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clickhouse_driver import Client

from infra.bench import log
from infra.bench.arena import Arena
from infra.bench.codes_messages import Message
from infra.bench.codes_world import TOPOLOGY
from infra.bench.measure import Gauge
from infra.bench.worker import Worker
from schemas.errors import UserError
from schemas.topics import TRACE_EVENTS, group_id

_DEADLINE_SECONDS: Final = 3_600.0
_LEAST_SECONDS: Final = 1.0
"""A worker commits a few times a second: shorter times say little."""


@dataclass(frozen=True)
class Kind:
    """Messages of a kind."""

    name: str
    things: int
    """Codes or items in all of them."""
    messages: Iterable[Message]


@dataclass(frozen=True)
class Outcome:
    """What came of a kind of message."""

    name: str
    things: int
    messages: int
    seconds: float
    """From the last commit of the kind before, or the first opened partition, to the last commit of this one; next to
    nothing where so few were committed together with the kind before."""
    cpu_seconds: float
    """Of the worker and its publisher, over the same time."""

    def told(self) -> str:
        """Messages, and codes or items, per second, for people."""
        if self.seconds < _LEAST_SECONDS:
            return "too few to tell"
        more = "" if self.things == self.messages else f", {self.things / self.seconds:,.0f} codes or items/s"
        return f"{self.messages / self.seconds:,.0f}/s{more}"


def run(place: Arena, client: Client, file: Path, kinds: Sequence[Kind]) -> list[Outcome]:
    """Append all messages, then let a worker come to their end. UserError if one was refused."""
    marks, counts = [], []
    for kind in kinds:
        counter = _Counter(kind.messages)
        log.fill(place.kafka, TRACE_EVENTS.name, counter)
        counts.append(counter.count)
        marks.append(log.ends(place.kafka, TRACE_EVENTS.name))
    with Worker(place, file, "codes") as worker, Gauge(worker.process.pid) as gauge:
        ends = log.times_of_commits(
            place.kafka, group_id(TOPOLOGY), TRACE_EVENTS.name, marks, _DEADLINE_SECONDS, worker.check
        )
        begins = [worker.opened_at or ends[0], *ends]
    refused = client.execute("SELECT any(reason), any(detail) FROM headrace.dead_letters HAVING count() > 0")
    if refused:
        raise UserError(f"a message was refused, {': '.join(refused[0])}")
    return [
        Outcome(kind.name, kind.things, count, end - begin, gauge.cpu_until(end) - gauge.cpu_until(begin))
        for kind, count, begin, end in zip(kinds, counts, begins, ends, strict=False)
    ]


class _Counter:
    """Counts what is taken from it."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = messages
        self.count = 0

    def __iter__(self) -> Iterator[Message]:
        for message in self._messages:
            self.count += 1
            yield message
