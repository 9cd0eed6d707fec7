"""The oracle of logistics: what each event of a log has to bring about, looked up in the whole history before it.

Plain Python over dictionaries; it shares no code with the product, keeps everything, and forgets only what the
documents say is forgotten.
"""

from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
DAY = 86_400_000
TOLERANCE = 5
STORES = ("yard-1", "rack-2")
EXITS = ("shipped",)
MAX_FUTURE = 300_000
DEFAULTS = {
    "arrival": {},
    "stock_take": {"by": ""},
    "pick_list": {"by": ""},
    "pick": {},
    "move": {"carrier": "", "pieces": 1},
}


@dataclass
class Found:
    """What has come out."""

    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Table and the columns that matter, in order."""
    flags: list[tuple[str, int, int, float | None]] = field(default_factory=list)
    """Detector, offset, pieces, pieces expected."""
    outcomes: list[str] = field(default_factory=list)
    """By offset: accepted, late, duplicate, or the reason of a dead letter."""


def run(log: list[tuple[int, Event]]) -> Found:
    """Everything that follows from a log of (broker's time, event)."""
    found = Found()
    past: list[tuple[int, Event]] = []
    """What was neither refused nor a repeat, with its offset."""
    for offset, (broker_ts, given) in enumerate(log):
        event = DEFAULTS[given["kind"]] | given
        mine = [(at, one) for at, one in past if (one["site"], one["asset"]) == (event["site"], event["asset"])]
        outcome = _refused(event, broker_ts, mine)
        if event["asset"] in STORES and event in sorted((one for _, one in mine), key=lambda one: one["ts"])[-1024:]:
            outcome = "duplicate"
        if outcome is None:
            outcome = _happened(event, offset, mine, found)
            past.append((offset, event))
        found.outcomes.append(outcome)
    return found


def _kind(event: Event) -> tuple[Any, ...]:
    return event["section"], event["grade"], event["length_mm"], event["heat"]


def _alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return one[:2] == other[:2] and abs(one[2] - other[2]) <= TOLERANCE and one[3] == other[3]


def _bin(name: str, past: list[tuple[int, Event]]) -> tuple[tuple[Any, ...], int, int] | None:
    """Kind, pieces and time of the newest change of a bin, counted from the beginning."""
    kind, pieces, changed = None, 0, 0
    for _, event in past:
        if event.get("bin") != name or (kind is None and event["kind"] != "arrival"):
            continue
        if event["kind"] == "arrival":
            kind = kind if pieces else _kind(event)
            pieces += event["pieces"]
        elif event["kind"] == "pick":
            pieces = max(0, pieces - event["pieces"])
        elif event["ts"] < changed:
            continue
        else:
            pieces = event["pieces"]
        changed = max(changed, event["ts"])
    return None if kind is None else (kind, pieces, changed)


def _list(order: str, past: list[tuple[int, Event]]) -> tuple[int, Event] | None:
    """The newest list of an order, with its offset; one without lines if it is cancelled."""
    newest: tuple[int, Event] | None = None
    for at, event in past:
        if event["kind"] != "pick_list" or event["order"] != order:
            continue
        if newest is None or event["ts"] >= newest[1]["ts"]:
            newest = (at, event)
    return newest


def _wanted(order: str, past: list[tuple[int, Event]]) -> dict[str, tuple[tuple[Any, ...], int]] | None:
    """Bin to the kind and the pieces that its list still wants, in the list's order."""
    newest = _list(order, past)
    if newest is None or not newest[1]["lines"]:
        return None
    wanted: dict[str, tuple[tuple[Any, ...], int]] = {}
    for line in newest[1]["lines"]:
        _, before = wanted.get(line["bin"], (None, 0))
        wanted[line["bin"]] = (_kind(line), before + line["pieces"])
    for at, event in past:
        if at > newest[0] and event["kind"] == "pick" and event["order"] == order and event["bin"] in wanted:
            kind, left = wanted[event["bin"]]
            if _alike(kind, _kind(event)):
                wanted[event["bin"]] = (kind, max(0, left - event["pieces"]))
    return wanted


def _refused(event: Event, broker_ts: int, past: list[tuple[int, Event]]) -> str | None:
    if event["asset"] not in STORES:
        return "unknown_asset"
    if event["kind"] == "arrival":
        bin_ = _bin(event["bin"], past)
        if bin_ is not None and bin_[1] and not _alike(bin_[0], _kind(event)):
            return "bin_taken"
    if event["kind"] == "stock_take" and _bin(event["bin"], past) is None:
        return "unknown_bin"
    if event["kind"] == "pick_list":
        kinds: dict[str, set[tuple[Any, ...]]] = {}
        for line in event["lines"]:
            kinds.setdefault(line["bin"], set()).add(_kind(line))
            if sum(line["cuts_mm"]) > line["length_mm"]:
                return "bad_pick_list"
        if any(len(found) > 1 for found in kinds.values()):
            return "bad_pick_list"
    if event["kind"] == "move" and event["departed"] > event["ts"]:
        return "bad_time"
    return "future" if event["ts"] > broker_ts + MAX_FUTURE else None


def _happened(event: Event, offset: int, past: list[tuple[int, Event]], found: Found) -> str:
    now = [*past, (offset, event)]
    match event["kind"]:
        case "arrival":
            _level(event, past, now, found)
        case "stock_take":
            bin_ = _bin(event["bin"], past)
            if bin_ is not None and event["ts"] < bin_[2]:
                return "late"
            _level(event, past, now, found)
        case "pick_list":
            known = _list(event["order"], past)
            if known is not None and event["ts"] < known[1]["ts"]:
                return "late"
            for number, line in enumerate(event["lines"]):
                cut = sum(line["cuts_mm"]) * line["pieces"]
                found.rows.append(("pick_lists", {"line": number, "bin": line["bin"], "cut_mm": cut}))
            if not event["lines"]:
                found.rows.append(("pick_lists", {"line": 0, "bin": "", "cut_mm": 0}))
        case "pick":
            _pick(event, offset, past, now, found)
        case "move":
            return _move(event, past, now, found)
    return "accepted"


def _level(event: Event, past: list[tuple[int, Event]], now: list[tuple[int, Event]], found: Found) -> None:
    before, after = _bin(event["bin"], past), _bin(event["bin"], now)
    if after is not None:
        change = after[1] - (before[1] if before else 0)
        row = {"bin": event["bin"], "pieces": after[1], "change": change, "cause": event["kind"], "heat": after[0][3]}
        found.rows.append(("stock_levels", row))


def _pick(event: Event, offset: int, past: list[tuple[int, Event]], now: list[tuple[int, Event]], found: Found) -> None:
    lists = _wanted(event["order"], past)
    taken, there = _kind(event), (lists or {}).get(event["bin"])
    verdict, counted, place, left = "right", 0, event["bin"], None
    if lists is None:
        verdict, place = "no_list", ""
    elif there is None:
        same = [(name, pieces) for name, (kind, pieces) in lists.items() if _alike(kind, taken)]
        same.sort(key=lambda pair: pair[1] == 0)
        verdict, (place, left) = ("wrong_bin", same[0]) if same else ("not_listed", ("", None))
    else:
        kind, left = there
        differs = [
            kind[0] != taken[0], kind[1] != taken[1], abs(kind[2] - taken[2]) > TOLERANCE, kind[3] != taken[3],
        ]  # fmt: skip
        if any(differs):
            verdict = ("wrong_section", "wrong_grade", "wrong_length", "wrong_heat")[differs.index(True)]
        else:
            counted = min(left, event["pieces"])
            verdict = "right" if counted == event["pieces"] else "too_many"
    row = {"verdict": verdict, "counted": counted, "wanted_bin": place, "wanted_pieces": left}
    found.rows.append(("picks", row))
    if verdict != "right":
        found.flags.append(("pick-check", offset, event["pieces"], left))
    bin_ = _bin(event["bin"], past)
    if event["pieces"] > (bin_[1] if bin_ else 0):
        found.flags.append(("stock-check", offset, event["pieces"], bin_[1] if bin_ else 0))
    _level(event, past, now, found)


def _move(event: Event, past: list[tuple[int, Event]], now: list[tuple[int, Event]], found: Found) -> str:
    newest = max(one["ts"] for _, one in now if one["kind"] == "move")
    places: dict[str, tuple[int, str]] = {}
    for _, one in now:
        if one["kind"] == "move" and one["ts"] >= places.get(one["item"], (0, ""))[0]:
            places[one["item"]] = (one["ts"], one["destination"])
    lying = [place for since, place in places.values() if since >= newest - 14 * DAY and place not in EXITS]
    found.rows.append(("moves", {
        "duration_ms": event["ts"] - event["departed"],
        "items_at_source": lying.count(event["source"]),
        "items_at_destination": lying.count(event["destination"]),
        "has_left": event["destination"] in EXITS,
    }))  # fmt: skip
    return (
        "late"
        if any(one["ts"] > event["ts"] for _, one in past if one["kind"] == "move" and one["item"] == event["item"])
        else "accepted"
    )
