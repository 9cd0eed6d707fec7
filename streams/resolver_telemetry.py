"""Telemetry of `headrace resolver` as named events, as in `streams.telemetry`. Codes are in none of it."""

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_log = structlog.get_logger("headrace")

_SECONDS_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_ITEMS_BUCKETS = (1, 2, 4, 8, 16, 32, 64)


class ResolverTelemetry:
    """The metrics and the log of one process: what `sinks.resolver.events.Events` asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._answers = Counter(
            "headrace_resolver_answers", "Requests, by what they were answered with", ("answer",), registry=registry
        )
        self._seconds = Histogram(
            "headrace_resolver_answer_seconds", "Time from a request to its answer",
            buckets=_SECONDS_BUCKETS, registry=registry,
        )  # fmt: skip
        self._lookup_seconds = Histogram(
            "headrace_resolver_lookup_seconds", "Time of a look-up of items in ClickHouse",
            buckets=_SECONDS_BUCKETS, registry=registry,
        )  # fmt: skip
        self._lookup_items = Histogram(
            "headrace_resolver_lookup_items", "Items of a look-up: those that were asked for together",
            buckets=_ITEMS_BUCKETS, registry=registry,
        )  # fmt: skip
        self._errors = Counter(
            "headrace_resolver_clickhouse_errors", "Questions that ClickHouse did not answer", ("question",),
            registry=registry,
        )  # fmt: skip
        self._ranges = Gauge(
            "headrace_resolver_ranges", "Ranges of minted and of void codes that are held in memory", registry=registry
        )
        self._runs = Gauge(
            "headrace_resolver_runs", "Runs of items that are held in memory, as nothing has happened to them since",
            registry=registry,
        )  # fmt: skip
        self._scans = Counter(
            "headrace_resolver_scans", "Scans by what became of their message: sent, dropped, failed", ("fate",),
            registry=registry,
        )  # fmt: skip
        self._ready = Gauge("headrace_ready", "1 while it is known which codes are minted and void", registry=registry)

    def answered(self, answer: str, seconds: float) -> None:
        """A request was answered."""
        self._answers.labels(answer).inc()
        self._seconds.observe(seconds)

    def looked_up(self, items: int, seconds: float) -> None:
        """Items were looked up."""
        self._lookup_items.observe(items)
        self._lookup_seconds.observe(seconds)

    def register_read(self, ranges: int) -> None:
        """What is minted and void was read anew."""
        self._ranges.set(ranges)
        self._ready.set(1)

    def untouched_read(self, runs: int) -> None:
        """What happened to items was read anew."""
        self._runs.set(runs)

    def asked_in_vain(self, question: str, error: Exception) -> None:
        """ClickHouse did not answer, or refused."""
        self._errors.labels(question).inc()
        _log.warning("asked_in_vain", question=question, error=str(error))

    def scan(self, fate: str) -> None:
        """What became of the message of a scan."""
        self._scans.labels(fate).inc()

    def scans_held_up(self, error: Exception) -> None:
        """Kafka does not take scans."""
        _log.warning("scans_held_up", error=repr(error))
