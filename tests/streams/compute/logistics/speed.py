"""How fast logistics events are processed, from bytes to rows, and how long a snapshot and a plan take.

Run it: `python -m tests.streams.compute.logistics.speed`. No test: it measures the machine that it runs on.
"""

import random
import time
from collections import Counter

import msgspec
import numpy as np

from schemas.durations import decode_hook
from schemas.topics import LOGISTICS_EVENTS
from streams.chunk import Chunk
from streams.picking.orders import CuttingOrder, Demand
from streams.picking.patterns import Saw
from streams.picking.plan import Bin, plan
from streams.rendering import Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.streams.compute.logistics.events import NOW, arrival, line, move, pick, pick_list

CHUNK = 10_000
TOPOLOGY = msgspec.convert(
    {"topology": "t", "site": "s", "sources": {"machine.events": {}}, "logistics": {}}, Topology, dec_hook=decode_hook
)


def yard(events: int) -> list[bytes]:
    """A yard of 500 bins: three picks and two moves to an arrival, a list of 20 lines every 60 picks."""
    rng = random.Random(1)
    found = [arrival(f"b{n}", 1_000, ts=NOW) for n in range(500)]
    ts, order, picked = NOW, 0, 60
    while len(found) < events:
        ts += 100
        if picked == 60:
            order, picked = order + 1, 0
            bins = rng.sample(range(500), 20)
            found.append(pick_list(*(line(f"b{n}", 3) for n in bins), order=f"T-{order}", ts=ts))
        draw = rng.random()
        if draw < 0.5:
            found.append(pick(f"b{bins[picked % 20]}", order=f"T-{order}", ts=ts))
            picked += 1
        elif draw < 0.85:
            found.append(move(f"i{rng.randrange(2_000)}", "saw", rng.choice(["punch", "weld"]), ts=ts))
        else:
            found.append(arrival(f"b{rng.randrange(500)}", 3, ts=ts))
    return [msgspec.json.encode(event) for event in found]


def order(lengths: int, kinds: int) -> tuple[CuttingOrder, list[Bin]]:
    """A tower's steel: so many lengths, of so many sections, and twice as much stock as it needs."""
    rng = random.Random(2)
    demands = [
        Demand(f"L{100 + rng.randrange(kinds)}x8", "Q355B", rng.randrange(600, 6_000), rng.randrange(2, 21))
        for _ in range(lengths)
    ]
    metres: Counter[str] = Counter()
    for one in demands:
        metres[one.section] += one.length_mm * one.quantity
    bins = [
        Bin(f"{section}-{length}-{heat}", section, "Q355B", length, str(heat), total // (3 * length) + 2)
        for section, total in metres.items() for length in (12_000, 9_000, 8_000) for heat in range(2)
    ]  # fmt: skip
    return CuttingOrder("T-1", tuple(demands)), bins


def main() -> None:
    values = yard(200_000)
    processor = ShopFloorProcessor(TOPOLOGY, LOGISTICS_EVENTS.name, 0, 0)
    renderer = Renderer(TOPOLOGY, LOGISTICS_EVENTS.name, 0)
    computed = 0.0
    for begin in range(0, len(values), CHUNK):
        part = values[begin : begin + CHUNK]
        keys: list[bytes] = [b""] * len(part)
        offsets = np.arange(begin, begin + len(part))
        chunk = Chunk(
            LOGISTICS_EVENTS.name, 0, begin, begin + len(part), keys, part, offsets, np.full(len(part), 2 * NOW)
        )
        start = time.process_time()
        processor.feed(chunk)
        computed += time.process_time() - start
        renderer.render(processor.cut())
    print(f"{len(values) / computed:,.0f} events/s of CPU time, {processor.engine.rows}")
    start = time.process_time()
    processor.engine.snapshot()
    print(f"snapshot {(time.process_time() - start) * 1000:.1f} ms")
    for lengths, kinds in ((50, 5), (100, 8), (200, 15)):
        wanted, bins = order(lengths, kinds)
        start = time.process_time()
        found = plan(wanted, bins, Saw(4, 1_000, 250), 5)
        seconds = time.process_time() - start
        share = found.waste_mm / (found.wanted_mm + found.waste_mm)
        print(
            f"{lengths} lengths of {kinds} sections: {seconds:.1f} s, waste {share:.2%}, gap "
            f"{found.gap_mm / found.wanted_mm:.3%}, {sum(line.pieces for line in found.lines)} pieces"
        )


if __name__ == "__main__":
    main()
