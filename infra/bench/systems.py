"""The systems of `headrace bench windows`: what each is, how it is started and where its windows come out.

All read one topic from the beginning, in one process of their own. A system is given the configuration its own
documentation recommends; where there is a choice, the faster one that still gives each window once and whole.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from infra.bench import topology, worker
from infra.bench.arena import Arena, Progress
from infra.bench.installs import PROGRAMS, jars_of, python_of
from infra.bench.log import Message, Offsets, ends
from infra.bench.oracle import Windows
from infra.bench.results import last_of_each_window, one_message_each
from infra.bench.workload import Workload
from infra.local.kafka.java import find_java

HEAP = "1g"
"""Heap of the systems on the JVM: what a small container would give them."""


@dataclass(frozen=True)
class Race:
    """What every system is given."""

    arena: Arena
    workload: Workload
    source: str
    """The topic with the workload."""
    run: str
    """Unique name of this run, for groups, topics and folders."""


@dataclass(frozen=True)
class Start:
    """How one system is started in one race, and where its windows come out."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    topic: str | None = None
    """Topic with its windows; None for a limit, which has none and ends by itself."""
    begin: Offsets = field(default_factory=dict)
    """Where its windows begin in that topic."""
    least: int = 0
    """Records in the topic that are the fewest that can be all; 0 where the number of windows says it."""
    read: Callable[[list[Message]], Windows] = one_message_each
    topology: str | None = None
    """Name of the topology where the same windows are in ClickHouse."""
    readings: bool = False
    """Whether every value is there, too."""


@dataclass(frozen=True)
class System:
    """One line of the table."""

    name: str
    title: str
    start: Callable[[Race, Progress], Start]
    most_events: int | None = None
    """Only so many events for a system that would take minutes for all; its rate is what is compared."""


def _headrace(
    readings: bool = False, detectors: Literal["none", "all", "tail"] = "none"
) -> Callable[[Race, Progress], Start]:
    def start(race: Race, progress: Progress) -> Start:
        yaml = topology.declare(race.run, race.workload, source=race.source, readings=readings, detectors=detectors)
        file = race.arena.apply(race.run, yaml)
        return Start(
            worker.command(file, race.run, worker.free_address()),
            topic="aggregates",
            begin=ends(race.arena.kafka, "aggregates"),
            topology=race.run,
            readings=readings,
        )

    return start


def _kafka_streams(guarantee: str, store: str) -> Callable[[Race, Progress], Start]:
    def start(race: Race, progress: Progress) -> Start:
        jars = jars_of("kafka-streams", progress)
        race.arena.create_topic(race.run, race.workload.partitions)
        arguments = [guarantee, store, race.source, race.run, f"app-{race.run}", str(race.arena.folder / race.run)]
        java = [find_java(), f"-Xmx{HEAP}", "-cp", f"{jars}/*", "headrace.bench.TumblingWindows"]
        return Start([*java, *arguments], topic=race.run)

    return start


def _flink(guarantee: str) -> Callable[[Race, Progress], Start]:
    def start(race: Race, progress: Progress) -> Start:
        jars = jars_of("flink", progress)
        race.arena.create_topic(race.run, race.workload.partitions)
        # Flink reflects on classes of the JDK; its own scripts pass the same.
        opens = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("lang", "util", "time")]
        java = [find_java(), f"-Xmx{HEAP}", *opens, "-cp", f"{jars}/*", "headrace.bench.TumblingWindows"]
        return Start([*java, guarantee, race.source, race.run, f"app-{race.run}"], topic=race.run)

    return start


def _faust(race: Race, progress: Progress) -> Start:
    changelog = f"{race.run}-windows-changelog"
    race.arena.create_topic(changelog, race.workload.partitions, {"cleanup.policy": "compact"})
    program = PROGRAMS / "faust"
    return Start(
        [sys.executable, "-m", "faust", "-A", "app", "--workdir", str(program), "worker", "--loglevel=warn"],
        environment={
            "BENCH_GROUP": race.run,
            "BENCH_PARTITIONS": str(race.workload.partitions),
            "BENCH_SOURCE": race.source,
            "BENCH_STATE": str(race.arena.folder / race.run),
            "PYTHONPATH": str(program),
        },
        topic=changelog,
        least=race.workload.events,
        read=last_of_each_window,
    )


def _quix_streams(race: Race, progress: Progress) -> Start:
    python = python_of("quix-streams", progress)
    race.arena.create_topic(race.run, race.workload.partitions)
    program = str(PROGRAMS / "quix-streams" / "app.py")
    state = str(race.arena.folder / race.run)
    return Start([str(python), program, race.source, race.run, f"app-{race.run}", state], topic=race.run)


def _bytewax(race: Race, progress: Progress) -> Start:
    python = python_of("bytewax", progress)
    race.arena.create_topic(race.run, race.workload.partitions)
    return Start([str(python), str(PROGRAMS / "bytewax" / "app.py"), race.source, race.run], topic=race.run)


def _limit(limit: str) -> Callable[[Race, Progress], Start]:
    def start(race: Race, progress: Progress) -> Start:
        records = str(race.workload.records)
        return Start([sys.executable, "-m", "infra.bench.limits", limit, race.source, records])

    return start


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System("headrace", "headrace: exactly once, ClickHouse", _headrace()),
        System("headrace-readings", "headrace + raw readings archive", _headrace(readings=True)),
        System("headrace-tail", "headrace + cheap tier on every series", _headrace(detectors="tail")),
        System("headrace-detectors", "headrace + five detectors on every series", _headrace(detectors="all")),
        System("kafka-streams-eos", "Kafka Streams, exactly_once_v2", _kafka_streams("exactly_once_v2", "rocksdb")),
        System("kafka-streams-alo", "Kafka Streams, at_least_once", _kafka_streams("at_least_once", "rocksdb")),
        System(
            "kafka-streams-eos-memory",
            "Kafka Streams, exactly_once_v2, state in memory",
            _kafka_streams("exactly_once_v2", "in_memory"),
        ),
        System(
            "kafka-streams-alo-memory",
            "Kafka Streams, at_least_once, state in memory",
            _kafka_streams("at_least_once", "in_memory"),
        ),
        System("flink-eos", "Flink, exactly once", _flink("exactly_once")),
        System("flink-alo", "Flink, at least once", _flink("at_least_once")),
        System("faust", "Faust as documented", _faust, most_events=50_000),
        System("quix-streams", "Quix Streams, at least once", _quix_streams, most_events=500_000),
        System("bytewax", "Bytewax, no recovery", _bytewax),
        System("poll", "limit: bare aiokafka poll loop", _limit("poll")),
        System("lean", "limit: lean fetch and msgspec decode", _limit("lean")),
    )
}
"""Every system by name, in the order of the table."""
