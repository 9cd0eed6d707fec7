"""The benchmark's windows in Bytewax: `python app.py SOURCE TARGET` with HEADRACE_KAFKA in the environment.

One worker, no recovery store. It reads to the end of the topic and closes every window there.
"""

# mypy: ignore-errors
# It runs in an environment of its own, with the types of its own system.

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.testing import run_main

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIZE = timedelta(seconds=10)
_LATENESS = timedelta(seconds=5)

Reading = tuple[datetime, float]
State = tuple[int, float, float, float]

begun = False


def reading(message: KafkaSourceMessage) -> tuple[str, Reading]:
    global begun
    if not begun:
        begun = True
        print(f"FIRST {time.time():.3f}", flush=True)
    event = json.loads(message.value)
    return event["asset"], (datetime.fromtimestamp(event["ts"] / 1000, UTC), event["values"]["m0"])


def fold(state: State, reading: Reading) -> State:
    count, total, low, high = state
    x = reading[1]
    return count + 1, total + x, x if x < low else low, x if x > high else high


def merge(one: State, other: State) -> State:
    return one[0] + other[0], one[1] + other[1], min(one[2], other[2]), max(one[3], other[3])


def message(keyed: tuple[str, tuple[int, State]]) -> KafkaSinkMessage:
    asset, (window, (count, total, low, high)) = keyed
    aggregate = {
        "asset": asset, "window_start": window * 10_000, "count": count, "sum": total, "min": low, "max": high,
        "mean": total / count,
    }  # fmt: skip
    return KafkaSinkMessage(asset.encode(), json.dumps(aggregate).encode())


def flow(brokers: list[str], source: str, target: str) -> Dataflow:
    flow = Dataflow("bench")
    events = kop.input("events", flow, brokers=brokers, topics=[source], tail=False)
    readings = op.map("reading", events.oks, reading)
    windows = fold_window(
        "window",
        readings,
        # Nothing is to be woken by the clock: event time is long past, windows close as events come.
        EventClock(lambda reading: reading[0], _LATENESS, to_system_utc=lambda _: None),
        TumblingWindower(length=_SIZE, align_to=_EPOCH),
        lambda: (0, 0.0, float("inf"), float("-inf")),
        fold,
        merge,
        ordered=False,
    )
    kop.output("aggregates", op.map("message", windows.down, message), brokers=brokers, topic=target)
    return flow


if __name__ == "__main__":
    run_main(flow([os.environ["HEADRACE_KAFKA"]], sys.argv[1], sys.argv[2]))
