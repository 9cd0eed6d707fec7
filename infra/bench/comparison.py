"""The table of `headrace bench windows`: rates, and how headrace stands to those it is measured against."""

from collections.abc import Sequence

from infra.bench.windows import Outcome
from infra.bench.workload import Workload

COLUMNS = (
    "system", "events/s", "warm events/s", "CPU s/M events", "events/CPU s", "peak MiB", "x Kafka Streams", "x Faust",
    "x poll loop", "x lean", "windows",
)  # fmt: skip

NOTES = """\
Each system in turn, alone, over the same topic from the beginning: {events:,} JSON events of {bytes} bytes, {assets}
assets, {partitions} partitions, tumbling windows of 10 s with 5 s lateness; ten events in a window, a tenth as many
windows as events. Every window of every system was compared with an oracle: counts, least and greatest values exactly,
sums and means within 1e-9.

`events/s` is from the first record processed to the last window on its topic, by the broker's clock; `warm` is the
second half of that alone, without what happens once, such as the JVM's compiling. CPU is that of the system's own
processes over the same time, without broker and ClickHouse; memory is the greatest resident size. `x` are ratios of
`events/s`; "x Kafka Streams" is to its faster variant with exactly_once_v2. Kafka Streams and Flink run on one thread
or slot and with a heap of 1 GiB, Kafka Streams commits every 250 ms as headrace does, Flink checkpoints every second.
Faust reads {faust:,} of the events and Quix Streams {quix:,}, for they would take minutes: only their rates are
compared.
"""


def reference(outcomes: Sequence[Outcome], prefix: str) -> Outcome | None:
    """The fastest right outcome among the systems whose name begins so."""
    named = [outcome for outcome in outcomes if outcome.name.startswith(prefix) and not outcome.wrong]
    return max(named, key=lambda outcome: outcome.rate, default=None)


def table(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """A row for each outcome, as in `COLUMNS`."""
    references = [reference(outcomes, prefix) for prefix in ("kafka-streams-eos", "faust", "poll", "lean")]
    return [
        [
            outcome.title,
            f"{outcome.rate:,.0f}",
            "-" if outcome.warm_rate is None else f"{outcome.warm_rate:,.0f}",
            f"{outcome.cpu_seconds / outcome.events * 1e6:.2f}",
            f"{outcome.per_cpu_second:,.0f}",
            f"{outcome.peak_bytes / 2**20:,.0f}",
            *("-" if other is None else f"{outcome.rate / other.rate:,.2f}" for other in references),
            _verdict(outcome),
        ]
        for outcome in outcomes
    ]


def notes(workload: Workload, faust: int, quix: int) -> str:
    """What a reader of the table has to know."""
    return NOTES.format(
        events=workload.events, bytes=workload.event_bytes, assets=workload.assets, partitions=workload.partitions,
        faust=min(faust, workload.events), quix=min(quix, workload.events),
    )  # fmt: skip


def _verdict(outcome: Outcome) -> str:
    if outcome.wrong:
        return f"WRONG: {outcome.wrong}"
    return "none" if outcome.windows is None else f"{outcome.windows:,} right"
