"""What scans and events tell, in plain Python that shares no code with the product and forgets nothing."""

import math
from collections import defaultdict
from typing import Any, NamedTuple

from tests.streams.compute.trace.oracle import Record, milliseconds

HOUR = 3_600_000


class Flag(NamedTuple):
    """A flag, reduced to what tells it apart."""

    offset: int
    detector: str
    item: str
    value: float | None


def arc_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Length of the great circle between two (latitude, longitude), by vectors."""
    ends = []
    for latitude, longitude in (one, other):
        north, east = math.radians(latitude), math.radians(longitude)
        ends.append((math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)))
    (a, b, c), (d, e, f) = ends
    cross = math.hypot(b * f - c * e, c * d - a * f, a * e - b * d)
    return 6371.0088 * math.atan2(cross, a * d + b * e + c * f)


def flags(
    log: list[Record], limits: dict[str, float], places: dict[str, tuple[float, float]], serials: dict[str, int]
) -> list[Flag]:
    """`limits` as in the topology, times in ms; `places` of read points; `serials` of codes that are items."""
    found: list[Flag] = []
    sightings: dict[Any, list[tuple[int, tuple[float, float], str]]] = defaultdict(list)
    sales: dict[Any, tuple[int, bool, str]] = {}
    voided: dict[tuple[str, int], int] = {}
    wrong: set[str] = set()
    seen: dict[Any, list[tuple[int, Any]]] = defaultdict(list)
    told: dict[Any, int] = {}

    def begins(*what: Any, ts: int) -> bool:
        last = told.get(what)
        told[what] = ts if last is None else max(last, ts)
        return last is None or ts - last > limits["quiet"]

    def in_the_hour(key: Any, who: Any, ts: int, allowed: float) -> int:
        seen[key].append((ts, who))
        newest = max(time for time, _ in seen[key])
        if ts <= newest - HOUR:
            return 0
        return min(len({who for time, who in seen[key] if time > newest - HOUR}), int(allowed) + 1)

    for offset, (_, message) in enumerate(log):
        enterprise, kind = message["enterprise"], message["kind"]
        if kind == "void":
            for span in message["spans"]:
                for serial in range(span["first"], span["first"] + span["count"]):
                    voided.setdefault((message["product"], serial), message["ts"])
        if kind not in ("scan", "event"):
            continue
        event = message.get("event", {})
        ts = milliseconds(event["eventTime"] if event else message["ts"])
        this = str(sorted((name, str(one)) for name, one in event.items() if name != "errorDeclaration"))
        step, disposition = event.get("bizStep", ""), event.get("disposition", "")
        if kind == "scan" and message["found"] in ("unknown", "forged"):
            rates = [(("all", enterprise), offset, limits["most_guesses"])]
            if message["client"]:
                rates.append((("one", enterprise, message["client"]), offset, limits["most_guesses_of_a_client"]))
            counts = [(key, in_the_hour(key, who, ts, allowed), allowed) for key, who, allowed in rates]
            over = [count for key, count, allowed in counts if count > allowed and begins("guessing", key, ts=ts)]
            if over:
                found.append(Flag(offset, "guessing", message["code"], over[-1]))
            continue
        items = [message["code"]] if kind == "scan" else [one.split("example.com/")[-1] for one in event["epcList"]]
        keys = [(enterprise, item) for item in items]
        if "errorDeclaration" in event:
            wrong.add(this)
            for key in keys:
                if sightings[key] and max(sightings[key], key=lambda one: one[0])[2] == this:
                    del sightings[key]
                if key in sales and sales[key][2] == this:
                    del sales[key]
            continue
        if kind == "event" and this in wrong:
            continue

        void = []
        for item in items:
            since = voided.get((item.rsplit("/", 1)[0], serials.get(item, -1)))
            known = since is not None and since < ts and item.startswith(enterprise + "/")
            if known or message.get("found") == "void":
                void.append((item, since if known else None))
        removed = step in ("decommissioning", "destroying", "holding", "killing", "removing", "void_shipping")
        if not removed and disposition not in ("destroyed", "disposed", "inactive", "stolen"):
            new = [one for one in void if begins("void", enterprise, one[0], ts=ts)]
            if new:
                since = new[0][1]
                found.append(Flag(offset, "after_void", new[0][0], None if since is None else (ts - since) / HOUR))

        here = _place(message, event, places)
        fast = []
        for key in keys if here else []:
            before = sightings[key]
            if before:
                there = sorted(before, key=lambda one: one[0])[-1]
                km = arc_km(there[1], here)
                speed = km * HOUR / max(abs(ts - there[0]), 1_000)
                is_far = km >= limits["least_distance"] and speed > limits["fastest"]
                if is_far and begins("travel", *key, ts=ts):
                    fast.append((speed, key[1]))
            before.append((ts, here, this))
        if fast:
            speed, item = max(fast, key=lambda one: one[0])
            found.append(Flag(offset, "travel", item, speed))

        sold = []
        for key in keys if kind == "event" else []:
            then, is_sold, by = sales.get(key, (-HOUR, False, ""))
            again = step == "retail_selling"
            traded = step in ("packing", "receiving", "shipping") and disposition != "retail_sold" and ts > then
            is_wrong = is_sold and by != this and disposition != "returned" and (again or traded)
            if is_wrong and begins("sale", *key, ts=ts):
                sold.append((key[1], then))
            says = again or disposition == "returned" or (disposition == "retail_sold" and not is_sold)
            if says and ts >= then:
                sales[key] = (ts, disposition != "returned", this)
        if sold:
            found.append(Flag(offset, "after_sale", sold[0][0], (ts - sold[0][1]) / HOUR))

        if kind == "scan":
            allowed = limits["most_per_hour"]
            clients = in_the_hour(("clients", keys[0]), message["client"], ts, allowed)
            if clients > allowed and begins("burst", keys[0], ts=ts):
                found.append(Flag(offset, "scan_burst", keys[0][1], clients))
    return found


def _place(message: Any, event: Any, places: dict[str, tuple[float, float]]) -> tuple[float, float] | None:
    if where := message.get("place"):
        return where["latitude"], where["longitude"]
    read_point = event.get("readPoint", {}).get("id", "")
    if read_point.startswith("geo:"):
        latitude, longitude = read_point[4:].split(",")
        return float(latitude), float(longitude)
    return places.get(read_point)
