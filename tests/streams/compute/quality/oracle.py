"""What a log of quality events has to bring, in plain Python, from the definitions: the whole history of a series is
kept, and every point is worked out of it anew. Shares no code with the product.

Events have to be whole and their times believed: what is refused before anything is computed is tested elsewhere.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any

D2 = {1: 1.128, 2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326}
D3 = {2: 0.8525, 3: 0.888, 4: 0.880, 5: 0.864}
WESTERN_ELECTRIC = ["beyond_limits", "2_of_3_beyond_2s", "4_of_5_beyond_1s", "8_on_one_side"]
NELSON = [
    "beyond_limits", "9_on_one_side", "6_in_a_trend", "14_alternating", "2_of_3_beyond_2s", "4_of_5_beyond_1s",
    "15_within_1s", "8_outside_1s",
]  # fmt: skip
SETS = {"shewhart": ["beyond_limits"], "western_electric": WESTERN_ELECTRIC, "nelson": NELSON}


@dataclass
class Series:
    """Everything that came of a series."""

    heard: list[Any] = field(default_factory=list)
    newest: int = -(1 << 62)
    samples: list[list[float]] = field(default_factory=list)
    baseline: tuple[float, float] | None = None
    lines: dict[str, list[float]] = field(default_factory=dict)
    """Value of every point that had limits."""
    z: dict[str, list[float]] = field(default_factory=dict)
    standing: dict[str, dict[str, int]] = field(default_factory=dict)
    outside: set[int] = field(default_factory=set)
    average: float = 0.0
    since: int = 0
    """Samples since the baseline is known."""
    high: float = 0.0
    low: float = 0.0
    lots: list[tuple[int, int]] = field(default_factory=list)
    pending: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Oracle:
    """Rows as dictionaries, flags as (offset, detector)."""

    quality: dict[str, Any]
    series: dict[tuple[str, ...], Series] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    inspections: list[dict[str, Any]] = field(default_factory=list)
    defects: list[tuple[int, str, int]] = field(default_factory=list)
    flags: list[tuple[int, str]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def feed(self, offset: int, event: dict[str, Any]) -> None:
        """The next event of the log."""
        name = event["characteristic"] if event["kind"] == "sample" else "(inspection)"
        one = self.series.setdefault((event["asset"], event.get("product", ""), name), Series())
        if event in sorted(one.heard, key=lambda heard: heard["ts"])[-32:]:
            self.outcomes.append("duplicate")
            return
        one.heard.append(event)
        late = event["ts"] < one.newest
        one.newest = max(one.newest, event["ts"])
        self.outcomes.append("late" if late else "accepted")
        if event["kind"] == "sample":
            self.sample(offset, event, one, late)
        else:
            self.inspection(offset, event, one, late)

    def sample(self, offset: int, event: dict[str, Any], one: Series, late: bool) -> None:
        declared = next((c for c in self.quality["characteristics"] if c["name"] == event["characteristic"]), None)
        values = event["values"]
        row = {"offset": offset, "late": late, "n": len(values), "mean": fmean(values), "outside": 0}
        self.samples.append(row)
        if declared is None:
            return
        lower, upper = declared.get("lower", -math.inf), declared.get("upper", math.inf)
        row["outside"] = len([x for x in values if not lower <= x <= upper])
        if late:
            return
        sides = {side for x in values for side in (1, -1) if (x > upper if side == 1 else x < lower)}
        for side in (1, -1):
            if side in sides - one.outside:
                self.flags.append((offset, f"specification:{'upper' if side == 1 else 'lower'}"))
        one.outside = sides
        one.baseline = one.baseline or self.learned(declared["baseline"], one)
        for chart in declared["charts"]:
            for line, n, value, limits in self.plotted(chart, values, one):
                self.point(offset, one, line, n, value, limits, chart.get("rules", ["western_electric"]))
        one.samples.append(values)
        one.since += one.baseline is not None
        row |= self.capability(declared, one)

    def plotted(self, chart: dict[str, Any], values: list[float], one: Series) -> list[Any]:
        """Line, n, value, and (centre, lower, upper, sigma) or None."""
        n, mean, normal = len(values), fmean(values), one.baseline
        ranges = None if normal is None else [(D2[k], D3[k]) for k in (max(n, 2), 2)]
        found: list[Any] = []
        if chart["kind"] == "xbar_r":
            limits = None if normal is None else around(normal[0], 3, normal[1] / n**0.5)
            found.append(("xbar", n, mean, limits))
            if n > 1:
                limits = None if normal is None or ranges is None else of_range(normal[1], *ranges[0])
                found.append(("range", n, max(values) - min(values), limits))
        if chart["kind"] == "individuals":
            before = [x for sample in one.samples for x in sample]
            for x in values:
                found.append(("individuals", 1, x, None if normal is None else around(normal[0], 3, normal[1])))
                if before:
                    limits = None if normal is None or ranges is None else of_range(normal[1], *ranges[1])
                    found.append(("moving_range", 2, abs(x - before[-1]), limits))
                before.append(x)
        if chart["kind"] == "ewma" and normal is not None:
            weight, width = chart["lambda"], chart["L"]
            one.average = weight * (mean - normal[0]) + (1 - weight) * one.average
            sigma = normal[1] / n**0.5 * (weight / (2 - weight)) ** 0.5
            if chart["limits"] == "exact":
                sigma *= (1 - (1 - weight) ** (2 * (one.since + 1))) ** 0.5
            found.append(("ewma", n, normal[0] + one.average, around(normal[0], width, sigma)))
        if chart["kind"] == "cusum" and normal is not None:
            u = (mean - normal[0]) / (normal[1] / n**0.5)
            one.high, one.low = max(0, one.high + u - chart["k"]), max(0, one.low - u - chart["k"])
            found += [("cusum_high", n, one.high, (0, None, chart["h"], 1))]
            found += [("cusum_low", n, one.low, (0, None, chart["h"], 1))]
        return found

    def point(self, offset: int, one: Series, line: str, n: int, value: float, limits: Any, rules: list[str]) -> None:
        chosen = [rule for name in rules for rule in SETS[name]] if line in ("xbar", "individuals", "p") else NELSON[:1]
        violated: dict[str, int] = {}
        if limits is not None:
            centre, lower, upper, sigma = limits
            z = one.z.setdefault(line, [])
            z.append((value - centre) / sigma)
            values = one.lines.setdefault(line, [])
            values.append(value)
            sides = {rule: side(rule, z, values, lower, upper) for rule in chosen}
            violated = {rule: found for rule, found in sides.items() if found is not None}
            before = one.standing.get(line, {})
            self.flags += [(offset, f"{line}:{r}") for r, found in violated.items() if before.get(r) != found]
            one.standing[line] = violated
        centre, lower, upper, _ = limits or (None, None, None, None)
        self.points.append(
            {"offset": offset, "chart": line, "n": n, "value": value, "centre": centre, "lower": lower, "upper": upper,
             "rules": " ".join(violated)}
        )  # fmt: skip

    def learned(self, given: dict[str, Any], one: Series) -> tuple[float, float] | None:
        if "mean" in given and "sigma" in given:
            return given["mean"], given["sigma"]
        if len(one.samples) < given["subgroups"]:
            return None
        estimates = sigmas(one.samples)
        return (fmean(x for s in one.samples for x in s), fmean(estimates)) if estimates else None

    def capability(self, declared: dict[str, Any], one: Series) -> dict[str, Any]:
        half = declared["capability_samples"] // 2
        first = max(0, (len(one.samples) - 1) // half - 1) * half
        estimates = sigmas(one.samples[first:], one.samples[first - 1] if first else None)
        chosen = [x for sample in one.samples[first:] for x in sample]
        lower, upper, mean = declared["lower"], declared["upper"], fmean(chosen)
        found: dict[str, Any] = {"capability_values": len(chosen), "cp": None, "cpk": None, "pp": None, "ppk": None}
        if estimates:
            found["cp"] = (upper - lower) / 6 / fmean(estimates)
            found["cpk"] = min(upper - mean, mean - lower) / 3 / fmean(estimates)
        if len(chosen) > 1:
            found["pp"] = (upper - lower) / 6 / stdev(chosen)
            found["ppk"] = min(upper - mean, mean - lower) / 3 / stdev(chosen)
        return found

    def inspection(self, offset: int, event: dict[str, Any], one: Series, late: bool) -> None:
        inspected, passed = event["inspected"], event["passed"]
        self.inspections.append({"offset": offset, "late": late, "scrapped": inspected - passed - event["reworked"]})
        self.defects += [(offset, defect, count) for defect, count in event["defects"].items() if count > 0]
        if late:
            return
        declared = self.quality["inspections"]
        one.pending.append((inspected, inspected - passed))
        n, bad = (sum(column) for column in zip(*one.pending, strict=True))
        if n < declared["subgroup"]:
            return
        one.pending = []
        limits = None
        for last in range(declared["subgroups"], len(one.lots) + 1):
            p = sum(b for _, b in one.lots[:last]) / sum(n for n, _ in one.lots[:last])
            if 0 < p < 1:
                sigma = (p * (1 - p) / n) ** 0.5
                limits = p, max(0, p - 3 * sigma), min(1, p + 3 * sigma), sigma
                break
        one.lots.append((n, bad))
        self.point(offset, one, "p", n, bad / n, limits, declared["rules"])


def sigmas(samples: list[list[float]], before: list[float] | None = None) -> list[float]:
    """Estimates of sigma within samples, where there are any."""
    found = []
    for sample in samples:
        if len(sample) > 1:
            found.append((max(sample) - min(sample)) / D2[len(sample)])
        elif before is not None and len(before) == 1:
            found.append(abs(sample[0] - before[0]) / D2[1])
        before = sample
    return found


def around(centre: float, width: float, sigma: float) -> tuple[float, float, float, float]:
    return centre, centre - width * sigma, centre + width * sigma, sigma


def of_range(sigma: float, d2: float, d3: float) -> tuple[float, float, float, float]:
    return d2 * sigma, max(0, (d2 - 3 * d3) * sigma), (d2 + 3 * d3) * sigma, d3 * sigma


def side(rule: str, z: list[float], values: list[float], lower: float | None, upper: float) -> int | None:
    """The side on which the newest point violates a rule."""
    value, steps = values[-1], [b - a for a, b in pairwise(values)]
    for sign in (1, -1):
        w = [sign * one for one in z]
        found = {
            "beyond_limits": value > upper if sign == 1 else lower is not None and value < lower,
            "2_of_3_beyond_2s": w[-1] > 2 and len([one for one in w[-3:] if one > 2]) >= 2,
            "4_of_5_beyond_1s": w[-1] > 1 and len([one for one in w[-5:] if one > 1]) >= 4,
            "8_on_one_side": len(w) >= 8 and min(w[-8:]) > 0,
            "9_on_one_side": len(w) >= 9 and min(w[-9:]) > 0,
            "6_in_a_trend": len(steps) >= 5 and min(sign * step for step in steps[-5:]) > 0,
        }.get(rule, False)
        if found:
            return sign
    found = {
        "14_alternating": len(z) >= 14 and all(a * b < 0 for a, b in pairwise(steps[-13:])),
        "15_within_1s": len(z) >= 15 and max(map(abs, z[-15:])) <= 1,
        "8_outside_1s": len(z) >= 8 and min(map(abs, z[-8:])) > 1,
    }.get(rule, False)
    return 0 if found else None
