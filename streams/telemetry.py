"""Telemetry as named events: each method is one thing that happens, and emits its log line and its metrics together.

Base units as Prometheus asks: seconds, bytes, `_total` for counters. All metrics of the product are declared here.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.results import Adjustment, Alarm, Anomaly
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.counts import Counts
from streams.compute.detectors.lane import Flag
from streams.compute.engine import Engine
from streams.compute.relay import RelayEngine
from streams.compute.shop_floor import ShopFloorEngine
from streams.publisher import Published, SinkTrouble
from streams.topology.model import Topology

_log = structlog.get_logger("headrace")

STAGES = (
    "fetch", "decode", "window", "detect", "judge", "alarm", "shop_floor", "render", "give_out", "insert", "commit",
)  # fmt: skip
OUTCOMES = ("accepted", "late", "duplicate", "dead_letter")
_STAGE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60)


class Telemetry:
    """The metrics and the log of one worker."""

    def __init__(self, registry: CollectorRegistry, topology: Topology) -> None:
        self.registry = registry
        self._topology = topology
        self._events = Counter(
            "headrace_events",
            "Events by what became of them; those read again after a failure count again",
            ("topic", "outcome"),
            registry=registry,
        )
        self._points = Counter("headrace_points", "Values of accepted and late events", registry=registry)
        self._stage = Histogram(
            "headrace_stage_seconds", "Time per chunk or checkpoint in one stage of the critical path", ("stage",),
            buckets=_STAGE_BUCKETS, registry=registry,
        )  # fmt: skip
        self._latency = Histogram(
            "headrace_event_latency_seconds", "From reading a chunk to its results being durable in the sink",
            ("sink",), buckets=_LATENCY_BUCKETS, registry=registry,
        )  # fmt: skip
        position = ("topic", "partition")
        self._lag = Gauge("headrace_consumer_lag", "Records not yet processed", position, registry=registry)
        self._watermark = Gauge(
            "headrace_watermark_seconds", "Stream time, seconds since the epoch", position, registry=registry
        )
        self._windows_open = Gauge("headrace_windows_open", "Open windows, per series", position, registry=registry)
        self._series = Gauge("headrace_series", "Series known, which only grow", position, registry=registry)
        self._windows_closed = Counter("headrace_windows_closed", "Windows closed, per series", registry=registry)
        self._anomalies = Counter("headrace_anomalies", "Anomaly flags", ("detector", "severity"), registry=registry)
        self._alarms = Counter(
            "headrace_alarms", "Transitions of alarms", ("priority", "transition"), registry=registry
        )
        self._adjustments = Counter(
            "headrace_adjustments",
            "What became of adjustments of set-points",
            ("playbook", "status"),
            registry=registry,
        )
        self._rows = Counter("headrace_clickhouse_rows", "Rows inserted", ("table",), registry=registry)
        self._sink_errors = Counter("headrace_clickhouse_errors", "Failed inserts", registry=registry)
        self._checkpoint_seconds = Histogram(
            "headrace_checkpoint_seconds", "From the cut to the committed transaction",
            buckets=_STAGE_BUCKETS, registry=registry,
        )  # fmt: skip
        self._checkpoint_bytes = Histogram(
            "headrace_checkpoint_bytes", "Size of a checkpoint record",
            buckets=tuple(4.0**power for power in range(5, 13)), registry=registry,
        )  # fmt: skip
        self._reopened = Counter(
            "headrace_partitions_reopened", "Partition tasks that went back to their checkpoint", registry=registry
        )
        self._skipped = Counter(
            "headrace_records_skipped", "Records deleted from the log before they were read", registry=registry
        )
        self._ready = Gauge("headrace_ready", "1 while every assigned partition is processed", registry=registry)
        for topic in topology.inputs:
            for outcome in OUTCOMES:
                self._events.labels(topic, outcome)
        for stage in STAGES:
            self._stage.labels(stage)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one pass through a stage of the critical path."""
        begin = time.perf_counter()
        yield
        self._stage.labels(name).observe(time.perf_counter() - begin)

    def processed(
        self, topic: str, before: Counts, after: Counts, found: Sequence[Flag | Alarm | Adjustment | Anomaly]
    ) -> None:
        """A chunk has been processed, or an idle decision has been followed."""
        for outcome in OUTCOMES:
            self._events.labels(topic, outcome).inc(getattr(after, outcome) - getattr(before, outcome))
        self._points.inc(after.points - before.points)
        self._windows_closed.inc(after.aggregates - before.aggregates)
        for one in found:
            if isinstance(one, Alarm):
                self._alarms.labels(one.priority, one.transition).inc()
            elif isinstance(one, Adjustment):
                self._adjustments.labels(one.playbook, one.status).inc()
            elif isinstance(one, Anomaly):
                self._anomalies.labels(one.detector, one.severity).inc()
            else:
                self._anomalies.labels(*self._topology.raised_by(one)).inc()

    def position(
        self,
        topic: str,
        partition: int,
        lag: int | None,
        engine: Engine | AlarmEngine | RelayEngine | ShopFloorEngine[Any],
    ) -> None:
        """Where a partition stands."""
        labels = (topic, str(partition))
        if lag is not None:
            self._lag.labels(*labels).set(lag)
        if engine.stream_time > 0:
            self._watermark.labels(*labels).set(engine.stream_time / 1000)
        self._windows_open.labels(*labels).set(sum(len(windows) for windows in engine.windows.values()))
        self._series.labels(*labels).set(len(engine.series))

    def ready_if(self, is_ready: Callable[[], bool]) -> None:
        """Ask this whenever somebody asks whether the worker is ready."""
        self._ready.set_function(is_ready)

    def durable(self, sink: str, seconds: float) -> None:
        """The results of a chunk have become durable in a sink, `seconds` after it was read."""
        self._latency.labels(sink).observe(seconds)

    def given_out(self, published: Published) -> None:
        """The publisher has given out messages."""
        self._stage.labels("render").observe(published.render_seconds)
        self._stage.labels("give_out").observe(published.out_at - published.rendered_at)

    def published(self, published: Published) -> None:
        """The publisher has made cuts durable: messages, rows and state."""
        self.given_out(published)
        self._stage.labels("insert").observe(published.inserted_at - published.rendered_at)
        self._stage.labels("commit").observe(published.committed_at - max(published.out_at, published.inserted_at))
        for table, count in published.rows.items():
            self._rows.labels(table).inc(count)

    def insert_failed(self, trouble: SinkTrouble) -> None:
        """ClickHouse did not take rows; they are kept and sent again. If it refuses them, a person has to look."""
        self._sink_errors.inc()
        _log.warning(
            "insert_failed", error=trouble.detail, refused=trouble.refused, retry_after_seconds=trouble.retry_after
        )

    def checkpointed(self, seconds: float, size: int) -> None:
        """A transaction with state and offset has been committed."""
        self._checkpoint_seconds.observe(seconds)
        self._checkpoint_bytes.observe(size)

    def opened(
        self, topic: str, partition: int, next_offset: int, restored: bool, out_to: int | None, seconds: float
    ) -> None:
        """A partition is ours and its state is loaded; messages may be out that belong behind it, up to `out_to`."""
        _log.info(
            "partition_opened", topic=topic, partition=partition, next_offset=next_offset, restored=restored,
            out_to=out_to, seconds=round(seconds, 3),
        )  # fmt: skip

    def closed(self, topic: str, partition: int, next_offset: int, committed: bool) -> None:
        """A partition is no longer ours, and its gauges are somebody else's to report."""
        for gauge in (self._lag, self._watermark, self._windows_open, self._series):
            with suppress(KeyError):  # not reported yet
                gauge.remove(topic, str(partition))
        _log.info("partition_closed", topic=topic, partition=partition, next_offset=next_offset, committed=committed)

    def reopening(self, topic: str, partition: int, error: BaseException) -> None:
        """A task failed; its partition goes back to the last checkpoint."""
        self._reopened.inc()
        _log.warning("partition_reopening", topic=topic, partition=partition, error=repr(error))

    def declared_anew(self, topic: str, partition: int, components: list[str]) -> None:
        """The topology has changed: these windows and detectors start without state, or are gone."""
        _log.warning("declared_anew", topic=topic, partition=partition, components=components)

    def last_commit_missed(self, error: BaseException) -> None:
        """Partitions go without a last commit; their next owner reads again from the checkpoint."""
        _log.warning("last_commit_missed", error=repr(error))

    def left_abruptly(self, error: BaseException) -> None:
        """A Kafka client could not be closed in time; the broker finds out by itself."""
        _log.info("left_abruptly", error=repr(error))

    def records_skipped(self, topic: str, partition: int, begin: int, end: int) -> None:
        """The log was deleted past the checkpoint: these offsets can never be read."""
        self._skipped.inc(end - begin)
        _log.error("records_skipped", topic=topic, partition=partition, begin=begin, end=end)

    def idle(self, topic: str, partition: int, seconds: float) -> None:
        """A partition without records has been declared idle."""
        _log.info("partition_idle", topic=topic, partition=partition, seconds=round(seconds, 1))
