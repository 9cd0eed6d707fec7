"""A small plant with everything that a screen shows, and a quarter of an hour of its events."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from streams.compute.codes import KeyRing

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
metrics:
  nox: {unit: mg/m3}
  current: {unit: A}
assets:
  saw-1: {kind: saw, metrics: [current]}
  punch-1: {kind: punch, metrics: [current]}
  stack-1: {kind: stack, metrics: [nox]}
  yard-1: {kind: store}
  inspection-1: {kind: inspection}
sources: {machine.events: {partitions: 1}, emission.events: {partitions: 1}}
windows:
  - {name: 10s, size: 10s}
compliance:
  rules:
    - {name: nox-rule, pack: cn-hj75-2017, metric: nox, assets: ["stack-*"], limits: {hour: 200}}
detectors:
  - {name: current-limit, kind: limit, metrics: [current], severity: critical, high: 90}
alarms:
  - {name: nox-high, metrics: [nox], high: 200, deadband: 10, priority: critical}
production:
  lines: {cutting: [saw-1], punching: [punch-1]}
quality:
  characteristics:
    - name: hole
      unit: mm
      lower: 21
      upper: 22
      charts: [{kind: individuals}]
      baseline: {mean: 21.5, sigma: 0.1}
logistics: {exits: [customer]}
trace:
  enterprises:
    - {prefix: "88.118.8", name: mill}
    - {prefix: "77.1.1", name: yard}
"""
MILL, YARD = "88.118.8", "77.1.1"
PARTS, BUNDLE, FOREIGN = f"{MILL}/TP-1", f"{MILL}/BUNDLE", f"{YARD}/POLE"
KEYS = KeyRing({"A": b"k" * 32})
HEAT = "urn:epc:class:lgtin:6901234.000001.HEAT7"
MINUTE = 60_000


def reading(ts: int, asset: str, metric: str, value: float, **more: str) -> bytes:
    return json.dumps({"ts": ts, "site": "s", "asset": asset, "values": {metric: value}, **more}).encode()


def event(kind: str, ts: int, asset: str, **fields: Any) -> bytes:
    return json.dumps({"kind": kind, "ts": ts, "site": "s", "asset": asset, **fields}).encode()


def a_moment() -> int:
    """About now, but not in the first 20 minutes of an hour: the quarter before it lies in one hour and shift."""
    now = int(time.time() * 1000)
    return now if now % (60 * MINUTE) >= 20 * MINUTE else now - 20 * MINUTE


def a_quarter_of_an_hour(now: int) -> dict[str, list[bytes]]:
    """Everything that the six panels show, up to `now`."""
    begin = now - 15 * MINUTE
    times = range(begin, now + 1, 10_000)
    machines = [
        reading(ts, asset, "current", 40 + (ts // 10_000) % 7, state=state)
        for ts in times
        for asset, state in (("saw-1", "running"), ("punch-1", "stopped"))
    ]
    production = [
        event("job", begin, "saw-1", order="O-1", product="leg", ideal_cycle_ms=1000, planned=2000),
        event("state", begin, "saw-1", state="running"),
        event("job", begin, "punch-1", order="O-1", product="leg", ideal_cycle_ms=2000, planned=500),
        event("state", begin, "punch-1", state="running"),
        event("state", begin + 4 * MINUTE, "punch-1", state="stopped", reason="tool change"),
        event("state", begin + 11 * MINUTE, "punch-1", state="running"),
        *(event("count", begin + n * MINUTE, "saw-1", good=41, rejected=1) for n in range(1, 15)),
        *(event("count", begin + n * MINUTE, "punch-1", good=19, rejected=2) for n in (1, 2, 3, 12, 13)),
        event("state", now, "saw-1", state="running"),
        event("state", now, "punch-1", state="running"),
    ]
    quality = [
        *(
            event(
                "sample",
                begin + n * 20_000,
                "punch-1",
                characteristic="hole",
                product="leg",
                values=[21.5 + n % 5 / 50],
            )
            for n in range(30)
        ),
        event("sample", now - 1000, "punch-1", characteristic="hole", product="leg", values=[22.2]),
        event(
            "inspection", now, "inspection-1", product="leg", inspected=60, passed=57, reworked=2, defects={"burr": 3}
        ),
        event("inspection", now, "inspection-1", product="plate", inspected=40, passed=39, defects={"bent": 1}),
    ]
    steel = {"grade": "Q355B", "section": "L100x8", "length_mm": 12_000, "heat": "H1"}
    other = {**steel, "heat": "H2"}
    line = {"bin": "B-1", **steel, "pieces": 10, "cuts_mm": [5900, 5900]}
    logistics = [
        event("arrival", begin, "yard-1", bin="B-1", **steel, pieces=60),
        event("arrival", begin + 1, "yard-1", bin="B-2", **other, pieces=30),
        event("pick_list", begin + 2, "yard-1", order="C-1", lines=[line], waste_mm=1600),
        event("pick", begin + MINUTE, "yard-1", order="C-1", robot="r", bin="B-1", **steel, pieces=4),
        event("pick", begin + 2 * MINUTE, "yard-1", order="C-1", robot="r", bin="B-2", **other, pieces=1),
        *(
            event("move", begin + n * MINUTE, "yard-1", item=f"I-{n}", source="saw", destination=place,
                  departed=begin + n * MINUTE - n * 7000)
            for n, place in ((3, "punch"), (4, "punch"), (5, "weld"), (6, "customer"))
        ),
    ]  # fmt: skip
    return {
        "machine.events": machines,
        "emission.events": [reading(ts, "stack-1", "nox", 120 + (ts // 10_000) % 11) for ts in times],
        "production.events": production,
        "quality.events": quality,
        "logistics.events": logistics,
        "trace.events": traced(now),
    }


def code(product: str, serial: int) -> str:
    return str(KEYS.code(product, serial))


def traced(now: int) -> list[bytes]:
    """Parts are made of a heat, packed and shipped, and scanned; one code is void, one event wrong. Another enterprise
    has a pole."""
    begin = now - 10 * MINUTE

    def link(product: str, serial: int) -> str:
        return KEYS.code(product, serial).link("id.example.com")

    def mint(enterprise: str, product: str, count: int, ts: int = begin) -> dict[str, Any]:
        return {"kind": "mint", "enterprise": enterprise, "ts": ts, "product": product, "first": 0, "count": count,
                "key": "A"}  # fmt: skip

    def captured(minute: int, step: str, enterprise: str = MILL, place: str = "urn:headrace:asset:s:saw-1",
                 **fields: Any) -> dict[str, Any]:  # fmt: skip
        at = datetime.fromtimestamp((begin + minute * MINUTE) / 1000, UTC).isoformat(timespec="milliseconds")
        event = {"type": "ObjectEvent", "action": "OBSERVE", "eventTime": at, "eventTimeZoneOffset": "+00:00",
                 "bizStep": step, "readPoint": {"id": place}, **fields}  # fmt: skip
        if event["type"] == "TransformationEvent":
            del event["action"]
        return {"kind": "event", "enterprise": enterprise, "event": event}

    def scan(serial: int, found: str) -> dict[str, Any]:
        return {"kind": "scan", "enterprise": MILL, "ts": now, "code": code(PARTS, serial), "found": found}

    parts = [link(PARTS, serial) for serial in range(5)]
    gate = "https://id.example.com/place/gate"
    wrong = captured(6, "shipping", place=gate, epcList=[parts[4]])
    declared = {"declarationTime": datetime.fromtimestamp(now / 1000, UTC).isoformat(), "reason": "did_not_occur"}
    messages = [
        mint(MILL, PARTS, 1000),
        mint(MILL, BUNDLE, 10),
        mint(YARD, FOREIGN, 7, begin - 48 * 60 * MINUTE),
        captured(1, "commissioning", type="TransformationEvent", outputEPCList=parts, disposition="active",
                 inputQuantityList=[{"epcClass": HEAT, "quantity": 2}]),
        captured(2, "inspecting", epcList=parts[:4], place="urn:headrace:asset:s:punch-1", disposition="conformant"),
        captured(3, "packing", type="AggregationEvent", action="ADD", parentID=link(BUNDLE, 0), childEPCs=parts[:3]),
        captured(5, "shipping", place=gate, epcList=[link(BUNDLE, 0)], disposition="in_transit"),
        wrong,
        {**wrong, "event": {**wrong["event"], "errorDeclaration": declared}},
        captured(4, "commissioning", YARD, action="ADD", epcList=[link(FOREIGN, 0)], disposition="active"),
        {"kind": "void", "enterprise": MILL, "ts": now - MINUTE, "product": PARTS, "reason": "label torn", "by": "li",
         "spans": [{"first": 3, "count": 1}]},
        *(scan(serial, found) for serial, found in ((0, "genuine"), (1, "genuine"), (3, "void"), (2000, "forged"))),
    ]  # fmt: skip
    return [json.dumps(message).encode() for message in messages]
