"""What a topology file can say: frozen structs, decoded from YAML by `load`.

Checks that look at one struct alone are made here, when it is built; checks across structs are in `validate`.
"""

import re
from hashlib import blake2b
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.results import Severity
from schemas.topics import (
    ALARM_ACTIONS,
    ANOMALY_FEEDBACK,
    LOGISTICS_EVENTS,
    PROCESS_ACKS,
    PRODUCTION_EVENTS,
    QUALITY_EVENTS,
    TRACE_EVENTS,
)
from streams.compute.alarms.rule import AlarmRule, AlarmSystem
from streams.compute.compliance.rule import Compliance
from streams.compute.control_loop.playbook import Playbook
from streams.compute.detectors.base import MetricInfo, Name
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.logistics.spec import Logistics
from streams.compute.production.spec import Production
from streams.compute.quality.spec import Quality
from streams.compute.trace.spec import Trace
from streams.topology.economics import Economics
from streams.topology.mapping import Replay


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One measured quantity: its unit and what is physically possible."""

    unit: str
    """Shown in reasons and documents."""
    low: float | None = None
    """The smallest value that is physically possible; what `range` detectors judge by."""
    high: float | None = None
    """The largest one."""
    about: str = ""
    """For people."""

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")


class Asset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One machine, stack or vehicle, and the metrics it is known to send."""

    kind: str
    """What it is, such as `stack`; for people."""
    metrics: tuple[str, ...] = ()
    """The metrics it is known to send."""
    about: str = ""
    """For people."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One input topic."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 4
    """Partitions of the topic: how many workers can share it."""
    retention: Duration = Duration.parse("7d")
    """How long the broker keeps records."""
    max_message: Annotated[int, Meta(ge=1024, le=16 << 20)] = 1 << 20
    """Largest message that the topic takes, in bytes. One of more than 1 MiB becomes a dead letter."""


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Windows [start, start + size) every `advance`, aligned to the epoch; tumbling where advance is left out."""

    name: Name
    """Unique within the topology; it is in every row."""
    size: Duration
    """Length of the window."""
    advance: Duration | None = None
    """From the start of one window to that of the next; left out, the size."""
    lateness: Duration = Duration(0)
    """How long after its end, in stream time, a window still takes points."""

    def __post_init__(self) -> None:
        if self.size <= 0:
            raise ValueError("size must be longer than 0")
        if self.advance is not None and not 0 < self.advance <= self.size:
            raise ValueError(f"advance {self.advance} must be longer than 0 and at most size {self.size}")
        if self.advance is not None and self.size % self.advance:
            raise ValueError(f"size {self.size} must be a whole number of advances of {self.advance}")


_LONGEST_MEMORY = Duration.parse("10m")


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which event times are believed."""

    max_future: Duration = Duration.parse("5m")
    """An event further ahead of the broker's timestamp is a dead letter; one that is nearer moves stream time only up
    to the broker's timestamp."""
    earliest: str = "2000-01-01T00:00:00Z"
    """An event before this is a dead letter: most often seconds sent as milliseconds."""
    idle_timeout: Duration = Duration.parse("30s")
    """A partition without records for so long closes its open windows."""
    duplicates: Duration | None = None
    """A reading with the asset, metric and event time of an earlier one is a duplicate: the first counts, the others
    are left out and counted. Looked for up to so far behind stream time; left out, the largest lateness of a window,
    at least 5 s and at most a minute, for every reading within it is remembered; at most 10 minutes; `0ms` switches
    it off."""

    def __post_init__(self) -> None:
        if self.duplicates is not None and self.duplicates > _LONGEST_MEMORY:
            raise ValueError(f"duplicates {self.duplicates} must be at most {_LONGEST_MEMORY}")


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many series (metrics of assets) may appear in each partition. An event beyond is a dead letter."""

    new_per_minute: Annotated[int, Meta(ge=1, le=1 << 22)] = 20_000
    """In a minute by the broker's clock."""
    most: Annotated[int, Meta(ge=1, le=1 << 22)] = 50_000
    """In all. Each takes about 2.5 KiB of memory, and 50 to 200 bytes of a checkpoint, which has at most 16 MiB."""


class Results(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The output topics."""

    retention: Duration = Duration.parse("30d")
    """How long the broker keeps results."""


class ClickHouse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept in ClickHouse."""

    readings: bool = True
    """Archive every accepted value, not only the windows."""


class Alertmanager(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Alertmanagers that show the standing alarms; `headrace outlets` keeps them informed."""

    urls: tuple[str, ...]
    """Such as `http://alertmanager-1:9093`, with its path prefix if it has one. Of a cluster all: each is told
    everything."""

    def __post_init__(self) -> None:
        if not self.urls:
            raise ValueError("urls is empty; name at least one, or leave alertmanager out")
        for url in self.urls:
            _check_url(url, "HEADRACE_ALERTMANAGER_USERNAME and HEADRACE_ALERTMANAGER_PASSWORD hold the log-in")
            if "?" in url:
                raise ValueError(f"{url.partition('?')[0]!r} has a query; name the place below which /api/v2 is")


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An HTTP endpoint that is told of every transition of an alarm by `headrace outlets`."""

    url: str
    """Where they are posted."""

    def __post_init__(self) -> None:
        _check_url(self.url, "its requests are signed with HEADRACE_WEBHOOK_SECRET instead")


_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+")
"""A name or an address, as urlsplit gives it: IPv6 without its brackets."""


def _check_url(url: str, remedy: str) -> None:
    """ValueError for what is no URL of HTTP, or holds a log-in."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        shown = "what holds a log-in" if "@" in url else repr(url)
        raise ValueError(f"{shown} is no URL; allowed is http:// or https://, a host, and what follows")
    if "@" in parts.netloc:
        raise ValueError(f"the URL at {parts.hostname} holds a log-in; {remedy}")


class Sinks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where results go besides the output topics."""

    clickhouse: ClickHouse | None = ClickHouse()
    alertmanager: Alertmanager | None = None
    webhook: Webhook | None = None


class Topology(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that a data engineer deploys, in one file."""

    topology: Name
    """Names the consumer group, the checkpoint topic and the rows."""
    site: str
    """The site that the assets belong to."""
    about: str = ""
    """For people."""
    unknown: Literal["accept", "dead_letter"] = "accept"
    """What becomes of assets and metrics that are not declared."""
    replication: Annotated[int, Meta(ge=1, le=7)] = 1
    """Replicas of every topic."""
    time: Time = Time()
    series: Series = Series()
    metrics: dict[str, Metric] = {}
    assets: dict[str, Asset] = {}
    sources: dict[Literal["machine.events", "emission.events"], Source]
    results: Results = Results()
    windows: tuple[Window, ...] = ()
    detectors: tuple[DetectorSpec, ...] = ()
    compliance: Compliance = Compliance()
    alarms: tuple[AlarmRule, ...] = ()
    alarm_system: AlarmSystem = AlarmSystem()
    playbooks: tuple[Playbook, ...] = ()
    production: Production | None = None
    quality: Quality | None = None
    logistics: Logistics | None = None
    economics: Economics | None = None
    trace: Trace | None = None
    sinks: Sinks = Sinks()
    replays: dict[Name, Replay] = {}

    def digest(self) -> str:
        """Differs between topologies that differ in anything."""
        declared: bytes = msgspec.json.encode(self, enc_hook=str, order="deterministic")
        return blake2b(declared, digest_size=8).hexdigest()

    def raised_by(self, flag: Flag) -> tuple[str, Severity]:
        """Name of the detector or rule that raised a flag, and how severe the flag is."""
        if flag.detector < len(self.detectors):
            detector = self.detectors[flag.detector]
            return detector.name, flag.severity or detector.severity
        return self.compliance.rules[flag.detector - len(self.detectors)].name, flag.severity or "warning"

    @property
    def inputs(self) -> dict[str, Source]:
        """Every topic that a worker reads: the sources; the feedback where there can be flags; the alarm actions where
        alarms are declared; the acknowledgements where playbooks are; production, quality, logistics and trace where
        they are.
        """
        found: dict[str, Source] = dict(self.sources.items())
        if self.detectors or self.compliance.rules:
            found[ANOMALY_FEEDBACK.name] = Source(partitions=1, retention=self.results.retention)
        if self.alarms:
            system = self.alarm_system
            found[ALARM_ACTIONS.name] = Source(partitions=system.partitions, retention=system.retention)
            if self.playbooks:
                found[PROCESS_ACKS.name] = found[ALARM_ACTIONS.name]
        parts = (
            (PRODUCTION_EVENTS, self.production), (QUALITY_EVENTS, self.quality), (LOGISTICS_EVENTS, self.logistics),
            (TRACE_EVENTS, self.trace),
        )  # fmt: skip
        for topic, part in parts:
            if part is not None:
                found[topic.name] = Source(partitions=part.partitions, retention=part.retention)
        return found

    def metric_infos(self) -> dict[str, MetricInfo]:
        """The declared metrics by name, as compute wants them."""
        return {name: MetricInfo(name, metric.unit, metric.low, metric.high) for name, metric in self.metrics.items()}
