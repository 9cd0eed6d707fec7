"""The benchmark's windows in Quix Streams: `python app.py SOURCE TARGET GROUP STATE` with HEADRACE_KAFKA set.

Defaults throughout: at least once, state in RocksDB with changelog topics. Windows close by the stream time of the
partition.
"""

# mypy: ignore-errors
# It runs in an environment of its own, with the types of its own system.

import os
import sys
import time
from datetime import timedelta
from typing import Any

from quixstreams import Application
from quixstreams.dataframe.windows import Count, Max, Mean, Min, Sum

begun = False


def event_time(value: Any, headers: Any, timestamp: float, timestamp_type: Any) -> int:
    global begun
    if not begun:
        begun = True
        print(f"FIRST {time.time():.3f}", flush=True)
    return value["ts"]


def main(source: str, target: str, group: str, state: str) -> None:
    app = Application(
        broker_address=os.environ["HEADRACE_KAFKA"], consumer_group=group, auto_offset_reset="earliest",
        state_dir=state, auto_create_topics=True,
    )  # fmt: skip
    events = app.topic(source, value_deserializer="json", timestamp_extractor=event_time)
    aggregates = app.topic(target, value_serializer="json")
    windows = (
        app.dataframe(events)
        .apply(lambda event: event["values"]["m0"])
        .tumbling_window(timedelta(seconds=10), grace_ms=timedelta(seconds=5))
        .agg(count=Count(), sum=Sum(), min=Min(), max=Max(), mean=Mean())
        .final(closing_strategy="partition")
    )
    windows.apply(
        lambda window, key, timestamp, headers: {
            "asset": key.decode().partition("/")[2],
            "window_start": window["start"],
            **{name: window[name] for name in ("count", "sum", "min", "max", "mean")},
        },
        metadata=True,
    ).to_topic(aggregates)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
