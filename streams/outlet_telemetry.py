"""Telemetry of `headrace outlets` as named events, as in `streams.telemetry`."""

from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_log = structlog.get_logger("headrace")

_SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class OutletTelemetry:
    """The metrics and the log of one process; also what `sinks.outlet.Events` asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        endpoint = ("outlet", "endpoint")
        self._seconds = Histogram(
            "headrace_outlet_request_seconds", "Time of a request that was taken", endpoint,
            buckets=_SECONDS_BUCKETS, registry=registry,
        )  # fmt: skip
        self._errors = Counter(
            "headrace_outlet_errors", "Requests that were not taken and are repeated", endpoint, registry=registry
        )
        self._refused = Counter(
            "headrace_outlet_refused", "Requests that were refused for good and are not repeated", endpoint,
            registry=registry,
        )  # fmt: skip
        self._standing = Gauge("headrace_alarms_standing", "Alarms that fire in Alertmanager", registry=registry)
        self._unreadable = Counter(
            "headrace_alarms_unreadable", "Messages of `alarms` that are none, each time they were left out",
            ("reader",), registry=registry,
        )  # fmt: skip
        self._lag = Gauge(
            "headrace_consumer_lag", "Records not yet processed", ("topic", "partition"), registry=registry
        )
        self._skipped = Counter(
            "headrace_records_skipped", "Records deleted from the log before they were read", registry=registry
        )
        self._reopened = Counter(
            "headrace_partitions_reopened", "Readings of the log that failed and began again", registry=registry
        )
        self._ready = Gauge(
            "headrace_ready", "1 while the group has assigned partitions and the alarms are shown", registry=registry
        )

    def posted(self, outlet: str, endpoint: str, seconds: float) -> None:
        """A request was taken."""
        self._seconds.labels(outlet, endpoint).observe(seconds)

    def post_failed(self, outlet: str, endpoint: str, reason: str, retry_after: float) -> None:
        """A request was not taken; it is repeated."""
        self._errors.labels(outlet, endpoint).inc()
        _log.warning(
            "post_failed", outlet=outlet, endpoint=endpoint, reason=reason, retry_after_seconds=round(retry_after, 1)
        )

    def refused(self, outlet: str, endpoint: str, what: str, reason: str) -> None:
        """A request was refused for good; a person has to look."""
        self._refused.labels(outlet, endpoint).inc()
        _log.error("refused", outlet=outlet, endpoint=endpoint, what=what, reason=reason)

    def standing(self, alarms: int) -> None:
        """How many alarms are shown now."""
        self._standing.set(alarms)

    def assigned(self, partitions: list[int]) -> None:
        """The group has given this process its share."""
        _log.info("partitions_assigned", partitions=partitions)

    def released(self, partitions: list[int]) -> None:
        """The partitions are no longer ours, and their lag is somebody else's to report."""
        self._lag.clear()
        _log.info("partitions_released", partitions=partitions)

    def caught_up(self, seconds: float) -> None:
        """The standing alarms are known from the log."""
        _log.info("alarms_known", seconds=round(seconds, 3))

    def lag(self, topic: str, partition: int, records: int) -> None:
        """How much of a partition the webhook has not been told yet."""
        self._lag.labels(topic, str(partition)).set(records)

    def unreadable(self, reader: str, topic: str, partition: int, offset: int, error: Exception) -> None:
        """A message of `alarms` is none. What a board reads from the beginning it finds again each time."""
        self._unreadable.labels(reader).inc()
        _log.error("alarm_unreadable", reader=reader, topic=topic, partition=partition, offset=offset, error=str(error))

    def records_skipped(self, topic: str, partition: int, begin: int, end: int) -> None:
        """The log was deleted past what the webhook has been told: these offsets can never be read."""
        self._skipped.inc(end - begin)
        _log.error("records_skipped", topic=topic, partition=partition, begin=begin, end=end)

    def begun_anew(self, topic: str, partition: int, committed: int, end: int) -> None:
        """The log ends before what the webhook has been told: it is another one, and told from its beginning."""
        _log.warning("log_begun_anew", topic=topic, partition=partition, committed=committed, end=end)

    def reopening(self, what: str, error: BaseException) -> None:
        """A reading of the log failed; it begins again."""
        self._reopened.inc()
        _log.warning("reopening", what=what, error=repr(error))

    def left_abruptly(self, error: BaseException) -> None:
        """A Kafka client could not be closed in time; the broker finds out by itself."""
        _log.info("left_abruptly", error=repr(error))

    def ready_if(self, is_ready: Callable[[], bool]) -> None:
        """Ask this whenever somebody asks whether the process is ready."""
        self._ready.set_function(is_ready)
