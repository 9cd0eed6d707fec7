"""`tail` of one series in plain Python."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from streams.compute.detectors.tail import Tail
from tests.streams.compute.detectors.oracle_types import History, Verdict


@dataclass
class Sizes:
    """What `tail` knows of deviations, or of steps."""

    usual: float = 0.0
    quantile: float = 2.5
    first: float = 0.8
    second: float = 1.28

    def deviation(self, size: float, least: float) -> float:
        usual = max(self.usual, least)
        return min(size / usual if usual else math.inf, 1e6)

    def pareto(self) -> tuple[float, float]:
        ratio = self.first**2 / max(self.second - self.first**2, 1e-9)
        shape = min(max(0.5 * (1 - ratio), 1e-3), 0.5)
        return shape, max(self.first, 1e-3) * (1 - shape)

    def surprise(self, size: float, least: float) -> float:
        """-log10 of the tail probability; 0 below the quantile."""
        excess = self.deviation(size, least) - self.quantile if size else 0.0
        shape, scale = self.pareto()
        return math.log10(50) + math.log10(1 + shape * excess / scale) / shape if excess > 0 else 0.0

    def reach(self, surprise: float, least: float) -> float:
        shape, scale = self.pareto()
        excess = (10 ** (shape * max(0.0, surprise - math.log10(50))) - 1) / shape * scale
        return (self.quantile + excess) * max(self.usual, least)

    def learn(self, sizes: list[float], block: int, least: float) -> None:
        if block:
            beyond = [size for size in sizes if size > self.quantile * max(self.usual, least)]
            excesses = [min(self.deviation(size, least) - self.quantile, 4 * self.first) for size in beyond]
            if excesses:
                weight = 1 - 0.98 ** len(excesses)
                self.first += weight * (math.fsum(excesses) / len(excesses) - self.first)
                self.second += weight * (math.fsum(e * e for e in excesses) / len(excesses) - self.second)
            self.quantile = max(1.0, self.quantile * (1 + 0.08 * (len(excesses) / 16 - 0.02)))
        most = 3 * self.usual or math.inf
        self.usual += max(1 / (block + 1), 1 - 0.997**16) * (halves(min(s, most) for s in sizes) - self.usual)


def halves(values: Iterable[float]) -> float:
    """The mean of 16 values, added in the order in which the product adds: its decisions are at the last bit."""
    total = list(values)
    while len(total) > 1:
        total = [a + b for a, b in zip(total[: len(total) // 2], total[len(total) // 2 :], strict=True)]
    return total[0] / 16


def tail(spec: Tail, seen: History) -> Verdict:
    number, least = len(seen.x) - 1, spec.min_scale
    deviations, steps = seen.memory.setdefault("sizes", (Sizes(), Sizes()))
    mean = seen.memory.get("mean", 0.0)
    x, previous = seen.x[-1], seen.x[max(0, number - 1)]
    verdict = Verdict(set(), 0)
    if number // 16 * 16 >= max(spec.warmup, 16):
        surprises = [one.surprise(abs(x - to), least) for one, to in ((deviations, mean), (steps, previous))]
        surprise, jump = max(surprises), surprises[1] > surprises[0]
        held, since = seen.memory.get("held", (0.0, 0))
        if surprise > 1.25 * (held if number - since <= spec.hold else 0):
            seen.memory["held"] = (surprise, number)
            if surprise >= spec.threshold:
                centre = previous if jump else mean
                half = (steps if jump else deviations).reach(spec.threshold, least)
                holds = {"up" if x > centre else "down"} | ({"jump"} if jump else set())
                verdict = Verdict(holds, surprise / spec.threshold, centre, centre - half, centre + half)
    if number % 16 == 15:
        block = number // 16
        values = seen.x[-16:]
        if block == 0:
            mean = halves(values)
        most = math.inf if block < 3 or not deviations.usual else 3 * deviations.usual
        moved = halves(min(max(v - mean, -most), most) for v in values)
        befores = [seen.x[max(0, number - 16)], *values[:-1]]
        deviations.learn([abs(v - mean) for v in values], block, least)
        steps.learn([abs(v - before) for v, before in zip(values, befores, strict=True)], block, least)
        seen.memory["mean"] = mean + max(1 / (block + 1), 1 - 0.99**16) * moved
    return verdict
