"""Samples a running pipeline from outside: its processes, ClickHouse's parts, the broker's offsets, the worker's
metrics."""

import time
from types import TracebackType

from clickhouse_driver import Client
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from infra.bench.arena import Arena
from infra.bench.flatness import Sample
from infra.bench.measure import descendants
from infra.bench.vitals import vitals
from infra.bench.worker import Worker
from schemas.errors import UserError
from schemas.topics import MACHINE_EVENTS, group_id

_NAN = float("nan")
_PARTS = """\
SELECT tables.name, countIf(parts.active) FROM system.tables AS tables
LEFT JOIN system.parts AS parts ON parts.database = tables.database AND parts.table = tables.name
WHERE tables.database = 'headrace_store' AND tables.engine LIKE '%MergeTree' GROUP BY tables.name ORDER BY tables.name
"""
"""Of all tables, those without a part yet included."""


class Sampler:
    """Keeps one connection to everything it asks, so that looking costs the pipeline next to nothing."""

    def __init__(self, place: Arena, worker: Worker, topology: str, partitions: int, rate: int) -> None:
        """`rate` of the load in events per second, by which a lag of records becomes one of seconds."""
        self._worker = worker
        self._processes = _processes(place, worker)
        self._rate = rate
        self._places = [TopicPartition(MACHINE_EVENTS.name, partition) for partition in range(partitions)]
        self._clickhouse = Client.from_url(place.stack.clickhouse_url)
        # It only asks what the group has committed, and never joins it.
        self._group = KafkaConsumer(
            bootstrap_servers=place.kafka, group_id=group_id(topology), enable_auto_commit=False
        )
        self._checkpoints = 0.0, 0.0
        self._begin = time.monotonic()

    def __enter__(self) -> "Sampler":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clickhouse.disconnect()
        self._group.close()

    def begin(self, moment: float) -> None:
        """Samples count their seconds from this moment, given as seconds since the epoch."""
        self._begin = time.monotonic() + moment - time.time()

    def sample(self) -> Sample:
        """Look once. Raises UserError if a process of the pipeline has ended."""
        values: dict[str, float] = {}
        for name, pid in self._processes.items():
            found = vitals(pid)
            if found is None:
                self._worker.check()
                raise UserError(f"{name} has ended")
            values[f"memory.{name}"] = found.memory
            if name in ("worker", "publisher"):
                values |= {f"handles.{name}": found.handles, f"threads.{name}": found.threads}
        values |= {f"parts.{table}": float(count) for table, count in self._clickhouse.execute(_PARTS)}
        records = self.lag()
        values["lag"] = _NAN if records is None else records / self._rate
        metrics = self._worker.metrics()
        values["ready"] = metrics.get("headrace_ready", 0.0)
        values["checkpoint"] = self._checkpoint(
            metrics.get("headrace_checkpoint_bytes_sum", 0.0), metrics.get("headrace_checkpoint_bytes_count", 0.0)
        )
        return Sample(round(time.monotonic() - self._begin, 3), values)

    def lag(self) -> int | None:
        """Records that the group has not committed, by the broker's own figures; None where it does not say.

        The worker's own gauge would stand still with the worker.
        """
        try:
            ends = self._group.end_offsets(self._places)
            return sum(int(ends[place]) - int(self._group.committed(place) or 0) for place in self._places)
        except KafkaError:
            return None

    def _checkpoint(self, total: float, count: float) -> float:
        """Mean size of the checkpoints since the last sample."""
        (total_before, count_before), self._checkpoints = self._checkpoints, (total, count)
        return (total - total_before) / (count - count_before) if count > count_before else _NAN


def _processes(place: Arena, worker: Worker) -> dict[str, int]:
    """The processes of the pipeline, by name. Raises UserError where one is missing."""
    children = descendants(worker.process.pid)
    if len(children) != 1:
        raise UserError(f"worker {worker.name} has {len(children)} child processes, not its publisher alone")
    found = {"worker": worker.process.pid, "publisher": children[0]}
    for part in place.stack.parts:
        if part.pid is None:
            raise UserError(f"{part.name} does not run")
        found[part.name] = part.pid
    return found
