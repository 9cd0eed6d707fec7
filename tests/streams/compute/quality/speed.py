"""How many quality events a core takes: `python -m tests.streams.compute.quality.speed`.

What the simulated tower plant measures and inspects, spread evenly over its machines. From bytes to rows.
"""

import random
import time
from pathlib import Path
from typing import Any

from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.load import load
from tests.streams.compute.quality.logs import chunk, inspection, sample

EVENTS, CHUNK, RUNS = 40_000, 1_000, 3
TOPOLOGY = Path(__file__).parents[4] / "infra" / "topologies" / "tower_plant.yaml"
MEASURED = [
    *((f"punch-{number}", "hole_diameter", 17.6, 0.05, 5) for number in range(1, 5)),
    *((f"saw-{number}", "length_deviation", 0.0, 0.4, 1) for number in range(1, 4)),
    *((f"weld-{number}", "throat", 6.0, 0.15, 3) for number in range(1, 7)),
    ("kettle-1", "zinc_thickness", 95.0, 4.0, 5),
]  # fmt: skip


def events() -> list[dict[str, Any]]:
    """The log: an inspection after every eight samples."""
    chance, found = random.Random(1), []
    for number in range(EVENTS):
        asset, name, mean, sigma, size = MEASURED[number % len(MEASURED)]
        common = {"site": "hongyang", "asset": asset, "product": "p", "order": "T4711"}
        if number % 9 == 8:
            found.append(inspection(0, 5, 4, defects={"burr": 1}, **common))
        else:
            values = [round(chance.gauss(mean, sigma), 3) for _ in range(size)]
            found.append(sample(0, *values, characteristic=name, item=str(number), **common))
        found[-1]["ts"] += number
    return found


def main() -> None:
    """Print the best of a few runs."""
    log = events()
    chunks = [chunk(begin, log[begin : begin + CHUNK]) for begin in range(0, EVENTS, CHUNK)]
    seconds = []
    for _ in range(RUNS):
        processor = ShopFloorProcessor(load(TOPOLOGY), "quality.events", 0, 0)
        begin = time.process_time()
        for one in chunks:
            processor.feed(one)
        seconds.append(time.process_time() - begin)
    print(f"{EVENTS / min(seconds):,.0f} events/s of CPU time, {processor.engine.rows}")


if __name__ == "__main__":
    main()
