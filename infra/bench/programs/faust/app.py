"""The benchmark's windows in Faust as its documentation has them: a Record, an agent, a tumbling Table.

`python app.py -A app worker` is its own command; the settings are in the environment. The table's changelog holds the
windows: its newest record of a window is that window.
"""

# mypy: ignore-errors
# It runs in an environment of its own, with the types of its own system.

import os
import time
from datetime import timedelta

import faust

app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['HEADRACE_KAFKA']}",
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    datadir=os.environ["BENCH_STATE"],
    store="memory://",
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
)


class Reading(faust.Record):
    """An event, as far as the windows need it."""

    ts: float
    asset: str
    values: dict[str, float]


def event_time(event: faust.types.EventT) -> float:
    """Seconds since the epoch: what the windows go by."""
    return event.value.ts / 1000


events = app.topic(os.environ["BENCH_SOURCE"], value_type=Reading)
windows = (
    app.Table("windows", default=lambda: [0, 0.0, float("inf"), float("-inf")])
    .tumbling(timedelta(seconds=10), expires=timedelta(days=36_500))
    .relative_to(event_time)
)


@app.agent(events)
async def summarise(stream: faust.Stream[Reading]) -> None:
    """Count, sum, min and max of every asset and window."""
    begun = False
    async for event in stream:
        if not begun:
            begun = True
            print(f"FIRST {time.time():.3f}", flush=True)
        value = event.values["m0"]
        count, total, low, high = windows[event.asset].value()
        windows[event.asset] = [count + 1, total + value, min(low, value), max(high, value)]
