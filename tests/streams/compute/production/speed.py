"""How many production events a core takes: `python -m tests.streams.compute.production.speed`.

Fifty machines, an event each second: 19 of 20 count an item, the others change the state. From bytes to rows.
"""

import random
import time
from typing import Any

import msgspec
import numpy as np

from schemas.topics import PRODUCTION_EVENTS
from streams.chunk import Chunk
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.streams.compute.production.factory import MONDAY, count, job, spec, state

EVENTS, MACHINES, CHUNK, RUNS = 200_000, 50, 2_000, 3
TOPOLOGY = Topology(topology="t", site="s", sources={}, production=spec())


def events() -> list[dict[str, Any]]:
    """The log."""
    rng = random.Random(1)
    found = []
    for number in range(EVENTS):
        ts, asset = MONDAY + number * 1000 // MACHINES, f"m{number % MACHINES}"
        if number < MACHINES:
            found.append(job(ts, asset=asset))
        elif rng.random() < 0.05:
            found.append(state(ts, rng.choice(("running", "idle", "stopped")), asset=asset))
        else:
            found.append(count(ts, 1, asset=asset))
    return found


def main() -> None:
    """Print the best of a few runs."""
    log = events()
    values = [msgspec.json.encode(event) for event in log]
    times = np.array([event["ts"] for event in log], np.int64)
    keys: list[bytes] = [b""] * CHUNK
    seconds = []
    for _ in range(RUNS):
        processor = ShopFloorProcessor(TOPOLOGY, PRODUCTION_EVENTS.name, 0, 0)
        begin = time.process_time()
        for start in range(0, EVENTS, CHUNK):
            end = start + CHUNK
            offsets = np.arange(start, end)
            chunk = Chunk(PRODUCTION_EVENTS.name, 0, start, end, keys, values[start:end], offsets, times[start:end])
            processor.feed(chunk)
        seconds.append(time.process_time() - begin)
    print(f"{EVENTS / min(seconds):,.0f} events/s of CPU time, {processor.engine.rows}")


if __name__ == "__main__":
    main()
