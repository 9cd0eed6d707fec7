"""What the views of codes and scans say, in plain Python from the events themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from statistics import median
from typing import Any, NamedTuple

HOUR = 3_600_000
WEEK = 7 * 24 * HOUR
WAYS = ("shipping", "receiving", "void_shipping")


class Fact(NamedTuple):
    """An item in an event that counts; times in epoch ms."""

    enterprise: str
    item: str
    ts: int
    event: str
    step: str
    disposition: str
    action: str
    place: str
    location: str
    receiver: str
    due: int | None

    @property
    def month(self) -> date:
        return datetime.fromtimestamp(self.ts / 1000, UTC).date().replace(day=1)

    @property
    def product(self) -> str:
        return self.item.rsplit("/", 1)[0]


class Counted(NamedTuple):
    """A row of `scorecard_events`."""

    enterprise: str
    month: date
    figure: str
    event: str
    item: str
    receiver: str
    hours: float | None


def facts(log: Iterable[tuple[str, str, dict[str, Any]]]) -> list[Fact]:
    """Of (enterprise, name of the event, event): each once, without those that are declared wrong."""
    there: dict[tuple[str, str], dict[str, Any]] = {}
    wrong = set()
    for enterprise, name, event in log:
        if "errorDeclaration" in event:
            wrong.add((enterprise, name))
        else:
            there[enterprise, name] = event
    found = []
    for (enterprise, name), event in there.items():
        if (enterprise, name) in wrong:
            continue
        parties = {one["type"]: one["destination"] for one in event.get("destinationList", ())}
        receiver = parties.get("owning_party") or parties.get("possessing_party") or parties.get("location") or ""
        location = event.get("bizLocation", {}).get("id", "")
        due = event.get("headrace:due")
        found += [
            Fact(
                enterprise, uri.split("example.com/")[-1], _ms(event["eventTime"]), name, event.get("bizStep", ""),
                event.get("disposition", ""), event["action"], event.get("readPoint", {}).get("id", "") or location,
                location, receiver, _ms(due) if due else None,
            )
            for uri in event["epcList"]
        ]  # fmt: skip
    return sorted(found, key=lambda one: (one.ts, one.event, one.item))


def counted(known: list[Fact]) -> list[Counted]:
    """What the scorecard counts of events."""
    lives = defaultdict(list)
    for one in known:
        lives[one.enterprise, one.item].append(one)
    found = []
    for one in known:

        def count(figure: str, event: str, receiver: str = "", hours: float | None = None, one: Fact = one) -> None:
            found.append(Counted(one.enterprise, one.month, figure, event, one.item, receiver, hours))

        if one.step == "commissioning" and one.action != "DELETE":
            count("commissioned", one.event)
        if one.step == "retail_selling" or (one.disposition == "retail_sold" and not one.step):
            count("sold", one.event)
        if one.disposition == "returned":
            count("returned", one.event)
        if one.step != "shipping":
            continue
        after = [
            other
            for other in lives[one.enterprise, one.item]
            if other.step in WAYS and other.ts > one.ts and _number(other.month) <= _number(one.month) + 2
        ]
        following = min(after, key=lambda other: (other.ts, other.step, other.event), default=None)
        if following and following.step == "void_shipping":
            continue
        count("shipped", one.event, one.receiver)
        if following and following.step == "receiving":
            hours = (following.ts - one.ts) / HOUR
            count("received", following.event, one.receiver, hours)
            if following.ts > (one.ts + WEEK if one.due is None else one.due):
                count("delayed", following.event, one.receiver, hours)
    return found


def recount(rows: Iterable[Counted]) -> dict[tuple[str, date], dict[str, Any]]:
    """The scorecard of each enterprise and month, from the rows that it counts."""
    of_month: dict[tuple[str, date], dict[str, list[Counted]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        of_month[row.enterprise, row.month][row.figure].append(row)
    cards = {}
    for (enterprise, month), figures in of_month.items():

        def different(figure: str, of: Mapping[str, list[Counted]] = figures) -> int:
            return len({one.item for one in of.get(figure, ())})

        first = (month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
        before = of_month.get((enterprise, date(*first)), {})
        parcels: dict[str, set[str]] = defaultdict(set)
        for one in figures["shipped"]:
            if one.receiver:
                parcels[one.receiver].add(one.item)
        sizes = [len(items) for items in parcels.values()]
        card: dict[str, Any] = {
            name: different(name) for name in ("commissioned", "shipped", "sold", "returned", "received", "delayed")
        }
        for name in ("commissioned", "shipped", "sold"):
            then = different(name, before)
            card[f"{name}_growth"] = card[name] / then - 1 if then else None
        transits = [one.hours for one in figures["received"] if one.hours is not None]
        card |= {
            "return_share": card["returned"] / card["sold"] if card["sold"] else None,
            "delayed_share": card["delayed"] / card["received"] if card["received"] else None,
            "mean_transit_h": sum(transits) / len(transits) if transits else None,
            "receivers": len(sizes),
            "largest_receiver": min(parcels, key=lambda one: (-len(parcels[one]), one), default=""),
            "largest_share": max(sizes) / sum(sizes) if sizes else None,
            "hhi": sum((size / sum(sizes)) ** 2 for size in sizes) if sizes else None,
            "scans": len({one.event for one in figures["scan"]}),
            "anomalies": len({one.event for one in figures["anomaly"]}),
        }
        cards[enterprise, month] = card
    return cards


def dwell(known: list[Fact]) -> dict[tuple[Any, ...], tuple[int, float, float]]:
    """By enterprise, month of the end, product, step and place: stays, median and 90th percentile, s."""
    stays = defaultdict(list)
    newest: dict[tuple[str, str], Fact] = {}
    for one in known:
        before = newest.get((one.enterprise, one.item))
        if before:
            key = (one.enterprise, one.month, one.product, before.step, before.place)
            stays[key].append((one.ts - before.ts) / 1000)
        newest[one.enterprise, one.item] = one
    return {key: (len(some), median(some), _p90(sorted(some))) for key, some in stays.items()}


def channel_stock(known: list[Fact]) -> dict[tuple[str, str, str, str], int]:
    """Items by enterprise, product, holder and state."""
    held: dict[tuple[str, str], tuple[str, str] | None] = {}
    shipped = set()
    for one in known:
        key = (one.enterprise, one.item)
        ends = ("retail_selling", "void_shipping", "destroying", "decommissioning", "killing")
        if one.step in ends or one.disposition in ("retail_sold", "returned", "destroyed", "disposed"):
            held[key] = None
        elif one.step == "shipping":
            shipped.add(key)
            held[key] = (one.receiver, "shipped")
        elif one.step == "receiving":
            held[key] = (one.location or one.place, "received")
    found: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for (enterprise, item), state in held.items():
        if state and (enterprise, item) in shipped:
            found[enterprise, item.rsplit("/", 1)[0], *state] += 1
    return dict(found)


def _ms(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)


def _number(month: date) -> int:
    return month.year * 12 + month.month


def _p90(some: list[float]) -> float:
    place = 0.9 * (len(some) - 1)
    low = int(place)
    return some[low] + (place - low) * (some[min(low + 1, len(some) - 1)] - some[low])
