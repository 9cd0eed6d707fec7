"""What becomes of messages of `trace.events`, in plain Python that shares no code with the product.

Rows are reduced to what tells them apart. Events are told by their JSON with its lists sorted: those of the tests are
written in one way.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

Message = dict[str, Any]
Record = tuple[int, Message]
"""Broker's time, ms, and the message."""

MAX_FUTURE = 300_000


class Archive(NamedTuple):
    """Rows by table, and what became of the messages."""

    ranges: list[tuple[int, str, int, int]]
    voids: list[tuple[int, str, int, int]]
    events: list[tuple[int, bool]]
    items: list[tuple[int, str, str]]
    outcomes: list[str]


def milliseconds(time: int | str) -> int:
    return time if isinstance(time, int) else round(datetime.fromisoformat(time).timestamp() * 1000)


def archive(records: list[Record], prefixes: dict[str, int], horizon: int, most: int) -> Archive:
    """`prefixes`: how many codes each enterprise may mint."""
    out = Archive([], [], [], [], [])
    minted: dict[str, set[int]] = {}
    remembered: dict[str, int] = {}
    forgotten = stream_time = -(1 << 60)
    for offset, (broker, message) in enumerate(records):
        prefix = message["enterprise"]
        if prefix not in prefixes:
            out.outcomes.append("unknown_enterprise")
            continue
        event = message.get("event")
        time = milliseconds(event["eventTime"] if event else message["ts"])
        if event is None:
            product = message["product"]
            there = minted.setdefault(product, set())
            spans = [message] if message["kind"] == "mint" else message["spans"]
            serials = [serial for one in spans for serial in range(one["first"], one["first"] + one["count"])]
            codes = sum(len(some) for name, some in minted.items() if name.startswith(prefix))
            refused = ""
            if not product.startswith(prefix + "/"):
                refused = "unknown_enterprise"
            elif message["kind"] == "mint" and there & set(serials):
                refused = "codes_taken"
            elif message["kind"] == "mint" and codes + len(serials) > prefixes[prefix]:
                refused = "quota"
            elif message["kind"] == "void" and not there >= set(serials):
                refused = "unknown_codes"
            elif time > broker + MAX_FUTURE:
                refused = "future"
            if refused:
                out.outcomes.append(refused)
                continue
            stream_time = max(stream_time, min(time, broker))
            rows = out.ranges if message["kind"] == "mint" else out.voids
            rows += [(offset, product, one["first"], one["first"] + one["count"] - 1) for one in spans]
            there |= set(serials)
            out.outcomes.append("accepted")
            continue
        if time > broker + MAX_FUTURE:
            out.outcomes.append("future")
            continue
        stream_time = max(stream_time, min(time, broker))
        same = {name: sorted(one) if isinstance(one, list) else one for name, one in event.items()}
        text = json.dumps([message["enterprise"], same])
        late = time <= max(forgotten, stream_time - horizon)
        if not late and text in remembered:
            out.outcomes.append("duplicate")
            continue
        out.outcomes.append("late" if late else "accepted")
        out.events.append((offset, late))
        for field, role in (
            ("parentID", "parent"), ("epcList", "epc"), ("childEPCs", "child"),
            ("inputEPCList", "input"), ("outputEPCList", "output"),
        ):  # fmt: skip
            found = event.get(field, [])
            out.items.extend((offset, role, epc) for epc in ([found] if isinstance(found, str) else found))
        if late:
            continue
        remembered[text] = time
        if len(remembered) > most:
            oldest = min(remembered, key=lambda one: remembered[one])
            forgotten = max(forgotten, remembered.pop(oldest))
    return out
