"""A harness for runs of the real thing: broker, ClickHouse engine and worker processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from clickhouse_driver import Client
from kafka import KafkaAdminClient

from infra.local.ports import free_ports
from infra.local.stack import Stack
from schemas.topics import ALARM_ACTIONS, ANOMALY_FEEDBACK, PROCESS_ACKS, SHOP_FLOOR
from sinks.base import Coded, Column
from sinks.clickhouse import connection
from streams.ack_processor import AckProcessor
from streams.alarm_processor import AlarmProcessor
from streams.audit import SHOP_FLOOR_TABLES, Position
from streams.chunk import Chunk
from streams.feedback_processor import FeedbackProcessor
from streams.partition_processor import PartitionProcessor
from streams.positions import Broker
from streams.processor import Processor
from streams.rendering import Message, Rendered, Renderer
from streams.scrape import scrape
from streams.settings import Address
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.load import load
from streams.topology.model import Topology

RESULTS = {
    "aggregates": "aggregates", "anomalies": "anomalies", "alarms": "alarms", "process.adjustments": "adjustments",
    "dead.letters": "dead_letters",
}  # fmt: skip

_Make = Callable[[Topology, str, int, int], PartitionProcessor]
_OTHERS: Mapping[str, _Make] = {
    PROCESS_ACKS.name: AckProcessor,
    ANOMALY_FEEDBACK.name: FeedbackProcessor,
    ALARM_ACTIONS.name: AlarmProcessor,
    **dict.fromkeys(SHOP_FLOOR, ShopFloorProcessor),
}
"""Topics other than the sources, and what reads them."""


@dataclass
class Plant:
    """One topology, deployed on a stack whose topics are its own."""

    stack: Stack
    file: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    """What verbs and workers find in theirs: what is given here, on top of the stack's addresses."""
    workers: list["Worker"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.topology: Topology = load(self.file)
        self.environment = {
            **os.environ,
            "HEADRACE_KAFKA": self.stack.kafka,
            "HEADRACE_CLICKHOUSE": self.stack.clickhouse_url,
            "HEADRACE_TOPOLOGY": str(self.file),
            **self.environment,
        }
        delete_topics(self.stack.kafka)
        self.command("topology", "apply", str(self.file))

    def command(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "streams", *arguments],
            env={**self.environment, **environment}, text=True, capture_output=True, check=False, timeout=300,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise AssertionError(f"headrace {' '.join(arguments)} failed: {done.stdout}{done.stderr}")
        return done

    def send(self, topic: str, records: Sequence[tuple[int, bytes | None]]) -> None:
        """Append (partition, value) records, in order."""
        asyncio.run(_send(self.stack.kafka, topic, records))

    def worker(self, name: str = "w1", *arguments: str, **environment: str) -> "Worker":
        """Start a worker process."""
        worker = Worker(self, name, arguments, environment)
        self.workers.append(worker)
        return worker

    def run_to_the_end(self) -> None:
        """Have one worker process everything that is in the log, until the last window is closed and committed."""
        worker = self.worker()
        worker.wait_until_drained()
        assert worker.stop() == 0

    def run_to_the_log_end(self) -> "Worker":
        """Have one worker process and commit everything that is in the log, whatever windows are open then."""
        worker = self.worker()
        self.finish(worker)
        return worker

    def finish(self, worker: "Worker", seconds: float = 200.0) -> None:
        """Have a worker process and commit everything that is in the log, whatever windows are open then, and leave."""
        worker.wait_until_at_end(seconds)
        worker.wait_for("the last commit", self.is_committed, seconds)
        assert worker.stop() == 0

    def is_committed(self) -> bool:
        """Whether everything in the log is committed, of every partition of which anything is."""
        positions = asyncio.run(self._positions())
        return all(position.committed in (position.log_end, None) for position in positions)

    async def _positions(self) -> Sequence[Position]:
        async with Broker({"bootstrap_servers": self.stack.kafka}, self.topology) as broker:
            return await broker.positions()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a SELECT."""
        client: Client = connection.connect(connection.parse(self.stack.clickhouse_url))
        try:
            rows: list[tuple[Any, ...]] = client.execute(sql)
            return rows
        finally:
            client.disconnect()

    def ids_in_clickhouse(self, table: str) -> list[str]:
        """Ids of this topology's rows, sorted, repeats included."""
        rows = self.query(f"SELECT id FROM headrace.{table} WHERE topology = '{self.topology.topology}' ORDER BY id")
        return [row[0] for row in rows]

    def messages(self, topic: str) -> list[tuple[int, bytes, bytes]]:
        """Partition, id and value of all committed messages of a topic."""
        return [(r.partition, dict(r.headers).get("ce_id", b""), r.value) for r in self.log(topic)]

    def log(self, topic: str) -> list[Any]:
        """All committed records of a topic."""
        return asyncio.run(self._read(topic))

    def expected(self, idle: bool = True) -> dict[str, list[Message]]:
        """What an undisturbed run gives: the processor over the log as it is, results by topic.

        With every partition idle at the end, so that all windows are closed, or with none.
        """
        found: dict[str, list[Message]] = {name: [] for name in (*RESULTS, ALARM_ACTIONS.name)}
        for source in self.topology.sources:
            records = self.log(source)
            for partition in sorted({record.partition for record in records}):
                processor = Processor(self.topology, source, partition, 0)
                processor.feed(chunk(source, partition, 0, [r for r in records if r.partition == partition]))
                if idle:
                    processor.engine.declare_idle(0)
                    processor.settle()
                for message in Renderer(self.topology, source, partition).render(processor.cut()).messages:
                    found[message.topic].append(message)
        for topic, make in _OTHERS.items():
            for rendered in self._undisturbed(topic, make):
                for message in rendered.messages:
                    if message.topic in found:  # not what is sent to the sources
                        found[message.topic].append(message)
        return found

    def expected_rows(self) -> dict[str, Counter[tuple[Any, ...]]]:
        """The rows of production, quality and logistics that an undisturbed run gives, by table."""
        found: dict[str, Counter[tuple[Any, ...]]] = {}
        for topic, tables in SHOP_FLOOR_TABLES.items():
            if topic not in self.topology.inputs:
                continue
            found |= {table: Counter() for table in tables}
            for rendered in self._undisturbed(topic, _OTHERS[topic]):
                for table in tables:
                    for rows in rendered.tables.get(table, []):
                        found[table].update(zip(*(_plain(rows[name]) for name in sorted(rows)), strict=True))
        return found

    def rows(self, table: str) -> Counter[tuple[Any, ...]]:
        """The rows of this topology in ClickHouse, columns in the order of their names, times as epoch ms."""
        columns = self.query(
            "SELECT concat(if(type LIKE '%DateTime64%', 'toUnixTimestamp64Milli', ''), '(`', name, '`)') "
            f"FROM system.columns WHERE database = 'headrace' AND table = '{table}' ORDER BY name"
        )
        selected = ", ".join(name for (name,) in columns)
        where = f"topology = '{self.topology.topology}'"
        return Counter(self.query(f"SELECT {selected} FROM headrace.{table} WHERE {where}"))

    def _undisturbed(self, topic: str, make: _Make) -> Iterator[Rendered]:
        """What an undisturbed run makes of a topic other than the sources as it is in the log, by partition."""
        records = self.log(topic) if topic in self.topology.inputs else []
        for partition in sorted({record.partition for record in records}):
            processor = make(self.topology, topic, partition, 0)
            processor.feed(chunk(topic, partition, 0, [r for r in records if r.partition == partition]))
            yield Renderer(self.topology, topic, partition).render(processor.cut())

    def assert_as_undisturbed(self, idle: bool = True) -> None:
        """Topics (read_committed) and ClickHouse hold exactly what an undisturbed run gives, row for row."""
        for topic, messages in self.expected(idle).items():
            if topic == ALARM_ACTIONS.name:
                continue  # operators write there, too: `assert_conditions_as_undisturbed`
            expected = Counter((message.id.encode(), message.value) for message in messages)
            assert_same(topic, Counter((id_, value) for _, id_, value in self.messages(topic)), expected)
            ids = Counter(message.id for message in messages)
            assert_same(f"{topic} in ClickHouse", Counter(self.ids_in_clickhouse(RESULTS[topic])), ids)
        for table, rows in self.expected_rows().items():
            assert_same(f"{table} in ClickHouse", self.rows(table), rows)

    def assert_conditions_as_undisturbed(self) -> None:
        """The log of alarm actions holds exactly the conditions, levels and acknowledgements of an undisturbed run."""
        expected = Counter((m.id.encode(), m.value) for m in self.expected()[ALARM_ACTIONS.name])
        by_workers = (b'"condition":', b'"level":', b'"ack":')
        sent = [m for m in self.messages(ALARM_ACTIONS.name) if any(word in m[2] for word in by_workers)]
        assert_same("conditions, levels, acks", Counter((id_, value) for _, id_, value in sent), expected)

    async def _read(self, topic: str) -> list[Any]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.stack.kafka, isolation_level="read_committed", auto_offset_reset="earliest",
            enable_auto_commit=False, max_partition_fetch_bytes=16 << 20, fetch_max_wait_ms=20,
        )  # fmt: skip
        await consumer.start()
        try:
            await consumer._client.force_metadata_update()
            places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
            consumer.assign(places)
            end = await consumer.end_offsets(places)
            found = []
            while any([await consumer.position(place) < end[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += records
            return found
        finally:
            await consumer.stop()


class Worker:
    """A worker process."""

    def __init__(self, plant: Plant, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.address = Address("127.0.0.1", next(free_ports()))
        self.log = plant.folder / f"{name}.log"
        self.partitions = sum(source.partitions for source in plant.topology.inputs.values())
        """Of all topics that it reads."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "worker", "--id", name, "--metrics", str(self.address), *arguments],
                env={**plant.environment, **environment}, stdout=output, stderr=output,
            )  # fmt: skip

    def processed(self) -> float:
        """Events so far."""
        metrics = scrape(self.address)
        return metrics.total("headrace_events_total") if metrics else 0.0

    def wait_for(self, what: str, condition: Any, seconds: float = 200.0) -> None:
        """Wait until `condition()`; AssertionError with the log's end if it does not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come; worker log:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def wait_until_drained(self) -> None:
        """Wait until everything is read and no window is open, twice in a row."""
        quiet: list[float] = []

        def drained() -> bool:
            now = scrape(self.address)
            if now is None or not now.ready or now.total("headrace_consumer_lag") or now.total("headrace_windows_open"):
                quiet.clear()
                return False
            if now.all("headrace_consumer_lag"):
                quiet.append(now.total("headrace_events_total"))
            return len(quiet) > 12 and quiet[-12] == quiet[-1]

        self.wait_for("the end of the log", drained)

    def wait_until_at_end(self, seconds: float = 200.0) -> None:
        """Wait until it is ready, has all partitions, and no lag for a second: what it knows of the log's end is a
        moment old.
        """
        since: list[float] = []

        def at_end() -> bool:
            found = scrape(self.address)
            lags = found.all("headrace_consumer_lag") if found is not None and found.ready else []
            if len(lags) < self.partitions or any(lag.value for lag in lags):
                since.clear()
            else:
                since.append(time.monotonic())
            return len(since) > 1 and since[-1] - since[0] > 1.0

        self.wait_for("the end of the log", at_end, seconds)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(60)


def assert_same(what: str, found: Counter[Any], expected: Counter[Any]) -> None:
    """AssertionError with a few examples if rows are lost, doubled or others."""
    lost, more = expected - found, found - expected
    assert not lost, f"{what}: {lost.total()} rows lost, {more.total()} too many: {[*lost][:2]} {[*more][:2]}"
    assert not more, f"{what}: {more.total()} rows too many: {[*more][:2]}"


def _plain(column: Column) -> list[Any]:
    """A column as ClickHouse gives it back."""
    if isinstance(column, Coded):
        return [column.words[code] for code in column.codes]
    values = column.tolist() if isinstance(column, np.ndarray) else column
    return [None if value != value else value for value in values]  # NaN stands for none


def chunk(topic: str, partition: int, begin: int, records: Sequence[Any]) -> Chunk:
    """Records of a partition, as a consumer has them, from `begin` to the last of them."""
    return Chunk(
        topic, partition, begin, records[-1].offset + 1, [r.key for r in records], [r.value or b"" for r in records],
        np.array([r.offset for r in records], np.int64), np.array([r.timestamp for r in records], np.int64),
    )  # fmt: skip


async def _send(kafka: str, topic: str, records: Sequence[tuple[int, bytes | None]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=5, max_request_size=16 << 20, compression_type="lz4")
    await producer.start()
    sent = [await producer.send(topic, value, key=b"s/a", partition=partition) for partition, value in records]
    await asyncio.gather(*sent)
    await producer.stop()


def delete_topics(kafka: str) -> None:
    """Leave the broker as if it were new: the names of source topics are fixed, and tests share a broker."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        names = [name for name in admin.list_topics() if not name.startswith("__")]
        if names:
            admin.delete_topics(names)
        while any(not name.startswith("__") for name in admin.list_topics()):
            time.sleep(0.1)
    finally:
        admin.close()
