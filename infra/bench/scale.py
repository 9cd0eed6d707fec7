"""`headrace bench scale`: one thing varied at a time, from a full topic to the last committed checkpoint."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from uuid import uuid4

from infra.bench import log, topology
from infra.bench.arena import Arena, Progress, arena
from infra.bench.measure import Gauge
from infra.bench.metrics import Metrics
from infra.bench.worker import Worker
from infra.bench.workload import Workload
from schemas.errors import UserError
from schemas.topics import AGGREGATES, MACHINE_EVENTS, checkpoint_topic, group_id

_DEADLINE_SECONDS = 900.0
_LOOK_SECONDS = 0.5
_LONGER = 5
"""Times the usual events where series are varied, so that 100,000 have a hundred each: a series costs most at first."""


@dataclass(frozen=True)
class Case:
    """One row: what is varied, its value, the workload, and how many workers share it."""

    axis: str
    value: str
    workload: Workload
    workers: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    axis: str
    value: str
    events: int
    points: int
    seconds: float
    """From the first opened partition to the last committed checkpoint."""
    cpu_seconds: float
    """Of all workers, over the same time."""
    peak_bytes: int
    """Of all workers together."""
    checkpoints: int
    checkpoint_bytes: float
    """Mean size of a checkpoint of one partition."""
    checkpoint_seconds: float
    """Mean time from a cut to its committed transaction, the insert into ClickHouse included."""

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def point_rate(self) -> float:
        """Values per second."""
        return self.points / self.seconds


def cases(events: int, backlog: int) -> dict[str, list[Case]]:
    """Every case by its axis."""

    def axis(name: str, varied: dict[str, Workload]) -> list[Case]:
        # Without flush events: a checkpoint is to hold what is open in the midst of a stream.
        return [Case(name, value, replace(workload, flush=False)) for value, workload in varied.items()]

    def of_series(events: int, *numbers: int, partitions: int = 4) -> dict[str, Workload]:
        return {f"{n:,}": Workload(events=max(events, 2 * n), assets=n, partitions=partitions) for n in numbers}

    usual = Workload(events=events)
    return {
        "series": [
            *axis("series", of_series(_LONGER * events, 100, 1_000, 10_000, 100_000)),
            # As many as a checkpoint of each partition holds.
            *axis("series", of_series(_LONGER * events, 1_000_000, partitions=16)),
        ],
        "new": axis("new series", of_series(events, 1_000, 100_000)),
        "size": axis("event bytes", {f"{n:,}": Workload(events=events, event_bytes=n) for n in (120, 160, 400, 1_000)}),
        "metrics": axis(
            "metrics per event", {str(n): Workload(events=max(events // n, 10_000), metrics=n) for n in (1, 5, 20)}
        ),
        "frames": axis(
            "events x values per message",
            {
                **{f"{n} x 1": Workload(events=events, frame=n) for n in (1, 10, 100)},
                "10 x 10": Workload(events=max(events // 5, 10_000), frame=10, metrics=10),
            },
        ),
        "partitions": axis("partitions", {str(n): Workload(events=events, partitions=n) for n in (1, 4, 16)}),
        "workers": [replace(case, workers=n) for n in (1, 2) for case in axis("workers", {str(n): usual})],
        "backlog": axis("backlog of events", {f"{backlog:,}": Workload(events=backlog)}),
    }


def run(chosen: Sequence[Case], progress: Progress) -> tuple[list[Outcome], dict[str, str]]:
    """Run the cases, each on a topic of its own; the outcomes, and the reason for each that failed."""
    outcomes: list[Outcome] = []
    failures: dict[str, str] = {}
    with arena(progress) as place:
        for case in chosen:
            name = f"{case.axis} {case.value}"
            progress(f"{name}: {case.workload.events:,} events")
            try:
                outcomes.append(_run(place, case))
                progress(f"  {outcomes[-1].rate:,.0f} events/s, {outcomes[-1].peak_bytes / 2**20:,.0f} MiB")
            except UserError as error:
                failures[name] = str(error)
                progress(f"  {error}")
    return outcomes, failures


def _run(place: Arena, case: Case) -> Outcome:
    name, workload = f"scale-{uuid4().hex[:6]}", case.workload
    # A topic of its own for each case, and nobody's old results to wade through.
    place.delete_topics(MACHINE_EVENTS.name, AGGREGATES.name)
    file = place.apply(name, topology.declare(name, workload))
    log.fill(place.kafka, MACHINE_EVENTS.name, workload.messages())
    checkpoints = checkpoint_topic(name)
    due = sum(log.ends(place.kafka, MACHINE_EVENTS.name).values())
    with ExitStack() as started:
        workers = [started.enter_context(Worker(place, file, f"{name}-{n}")) for n in range(case.workers)]
        gauges = [started.enter_context(Gauge(worker.process.pid)) for worker in workers]
        _wait_until_committed(place, workers, name, due)
        total = _total(workers)
        newest = {partition: max(end - 4, 0) for partition, end in log.ends(place.kafka, checkpoints).items()}
        done = max(message.ms for message in log.read(place.kafka, checkpoints, newest)) / 1000
        first = min((moment for worker in workers if (moment := worker.opened_at) is not None), default=done)
    count = max(total["headrace_checkpoint_bytes_count"], 1)
    return Outcome(
        axis=case.axis,
        value=case.value,
        events=workload.events,
        points=workload.points,
        seconds=max(done - first, 0.001),
        cpu_seconds=sum(gauge.cpu_until(done) - gauge.cpu_until(first) for gauge in gauges),
        peak_bytes=sum(gauge.peak for gauge in gauges),
        checkpoints=int(count),
        checkpoint_bytes=total["headrace_checkpoint_bytes_sum"] / count,
        checkpoint_seconds=total["headrace_checkpoint_seconds_sum"] / count,
    )


def _wait_until_committed(place: Arena, workers: Sequence[Worker], topology_name: str, due: int) -> None:
    """Wait until the group's offsets say that the whole topic is committed, and with it every result."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while log.committed(place.kafka, group_id(topology_name), MACHINE_EVENTS.name) < due:
        for worker in workers:
            worker.check()
        if time.monotonic() > deadline:
            raise UserError(f"{topology_name}: the topic was not processed within {_DEADLINE_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)


def _total(workers: Sequence[Worker]) -> Metrics:
    """The workers' metrics added up."""
    found = [worker.metrics() for worker in workers]
    return {name: sum(metrics.get(name, 0.0) for metrics in found) for name in set().union(*found)}


COLUMNS = (
    "varied", "events/s", "points/s", "CPU s/M events", "peak MiB", "checkpoints", "KiB each", "ms each",
)  # fmt: skip

NOTES = """\
One thing is varied at a time, the rest being as in Windows (500 series, 160 bytes, one value an event, one event a
message, 4 partitions, one worker, checkpoints, ClickHouse with aggregates). Time is from the first opened partition to
the last committed checkpoint; CPU and memory are the workers'. A checkpoint is one partition's; its time includes the
insert into ClickHouse. Where series are varied there are five times the events, so that 100,000 have a hundred each;
1,000,000 are in 16 partitions, for the state of 250,000 is more than a checkpoint holds. New series have the usual
events, twenty each: most of that is what a series costs once, when it is first seen.
"""


def table(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """A row for each outcome, as in `COLUMNS`."""
    return [
        [
            f"{outcome.axis} {outcome.value}",
            f"{outcome.rate:,.0f}",
            f"{outcome.point_rate:,.0f}",
            f"{outcome.cpu_seconds / outcome.events * 1e6:.2f}",
            f"{outcome.peak_bytes / 2**20:,.0f}",
            f"{outcome.checkpoints:,}",
            f"{outcome.checkpoint_bytes / 1024:,.1f}",
            f"{outcome.checkpoint_seconds * 1000:,.0f}",
        ]
        for outcome in outcomes
    ]
