"""Rows of every kind that the sinks are told to write: a function for each table, named as it is."""

import numpy as np

from sinks.base import Coded, Rows

T0 = 1_760_000_000_123


def constant(word: str, rows: int) -> Coded:
    return Coded(np.zeros(rows, np.int32), [word])


def origin(rows: int, first: int) -> Rows:
    return {
        "topology": constant("plant", rows),
        "topic": constant("machine.events", rows),
        "partition": np.full(rows, 3, np.int32),
        "offset": first + np.arange(rows),
    }


def place(rows: int, first: int) -> Rows:
    """Of what comes of no single record."""
    return {name: column for name, column in origin(rows, first).items() if name != "offset"}


def series(rows: int) -> Rows:
    codes = np.arange(rows, dtype=np.int32)
    return {
        "site": constant("hongyang", rows),
        "asset": Coded(codes % 2, ["stack-1", "press-2"]),
        "metric": Coded(codes % 3, ["so2", "nox", "o2"]),
    }


def readings(rows: int, first: int = 0) -> Rows:
    return {
        **origin(rows, first),
        **series(rows),
        "ts": T0 + 1000 * np.arange(rows),
        "value": np.linspace(-1.5, 1e100, rows),
        "flag": constant("N", rows),
        "state": constant("running", rows),
        "late": np.arange(rows, dtype=np.uint8) % 2,
        "index": np.arange(rows, dtype=np.uint32),
    }


def aggregates(rows: int, first: int = 0) -> Rows:
    values = np.linspace(0.1, 0.3, rows)
    statistics = dict.fromkeys(("sum", "min", "max", "mean", "stddev", "first", "last"), values)
    return {
        **origin(rows, first),
        **series(rows),
        **statistics,
        "id": [f"a-{first + row:x}" for row in range(rows)],
        "window": constant("10s", rows),
        "window_ms": np.full(rows, 10_000),
        "window_start": np.arange(rows) * 10_000,
        "window_end": np.arange(rows) * 10_000 + 10_000,
        "count": np.arange(rows),
    }


def anomalies(rows: int, first: int = 0) -> Rows:
    values = np.where(np.arange(rows) % 2 == 0, np.nan, np.arange(rows) / 3)
    return {
        **origin(rows, first),
        **series(rows),
        **dict.fromkeys(("value", "expected", "lower", "upper"), values),
        "id": [f"b-{first + row:x}" for row in range(rows)],
        "ts": np.full(rows, T0),
        "detector": constant("nox-limit", rows),
        "severity": constant("critical", rows),
        "score": np.linspace(0, 1, rows),
        "reason": ["above 100 mg/m³"] * rows,
        "incident": [f"i-{first:x}"] * rows,
    }


def alarms(rows: int, first: int = 0) -> Rows:
    some = np.arange(rows) % 2 == 0
    words = ("name", "priority", "transition", "previous", "state", "by")
    return {
        **origin(rows, first),
        **series(rows),
        **{word: constant(word, rows) for word in words},
        **dict.fromkeys(("value", "limit"), np.where(some, np.nan, np.arange(rows) / 3)),
        **dict.fromkeys(("raised_at", "until"), np.where(some, np.nan, T0 + np.arange(rows))),
        **dict.fromkeys(("active", "flood"), some.astype(np.uint8)),
        "id": [f"d-{first + row:x}" for row in range(rows)],
        "alarm": ["0123"] * rows,
        "ts": np.full(rows, T0),
        "reason": ["250 mg/m³ is above the high limit of 200 mg/m³"] * rows,
    }


def adjustments(rows: int, first: int = 0) -> Rows:
    words = ("site", "asset", "playbook", "mode", "target", "setpoint", "direction", "status")
    return {
        **origin(rows, first),
        **{word: constant(word, rows) for word in words},
        "id": [f"g-{first + row:x}" for row in range(rows)],
        "adjustment": [f"h-{row:x}" for row in range(rows)],
        "alarm": ["0123"] * rows,
        "ts": np.full(rows, T0),
        "before": np.linspace(-1, 60, rows),
        "after": np.linspace(24, 1e6, rows),
        "attempt": np.arange(rows, dtype=np.uint32),
        "expires_at": np.where(np.arange(rows) % 2 == 0, np.nan, T0 + np.arange(rows)),
        "reason": ["the valve is in manual"] * rows,
    }


def feedback(rows: int, first: int = 0) -> Rows:
    return {
        **origin(rows, first),
        **series(rows),
        "id": [f"f-{first + row:x}" for row in range(rows)],
        "anomaly": [f"b-{row}" for row in range(rows)],
        "ts": T0 + np.arange(rows),
        "verdict": constant("false", rows),
        "by": constant("李雷", rows),
        "reason": ["the probe was being cleaned"] * rows,
        "detector": constant("high", rows),
    }


def dead_letters(rows: int, first: int = 0) -> Rows:
    return {
        **origin(rows, first),
        "id": [f"c-{first + row:x}" for row in range(rows)],
        "ts": np.full(rows, T0),
        "reason": constant("malformed", rows),
        "scope": constant("record", rows),
        "detail": ["truncated"] * rows,
        "field": [""] * rows,
        "key": ["hongyang/stack-1"] * rows,
        "payload": ['{"ts": 17'] * rows,
        "payload_bytes": np.full(rows, 9),
        "index": np.zeros(rows, np.uint32),
    }


def ledger(rows: int, first: int = 0) -> Rows:
    counts = "records events accepted late duplicate dead_letter points points_invalid points_duplicate gaps skipped"
    counts += " compliance_late"
    emitted = "aggregates anomalies compliance headroom emitted_mass conditions levels acks feedback alarms adjustments"
    emitted += " dead_letters changes settled"
    by_window = "windowed windows_closed windows_open late_points left_out points_in_open_windows"
    place = dict(origin(rows, first))
    return {
        "next_offset": place.pop("offset"),
        **place,
        **{name: np.arange(rows) + number for number, name in enumerate(f"{counts} {emitted}".split())},
        **{name: [{"10s": row, "1m": number} for row in range(rows)] for number, name in enumerate(by_window.split())},
        "rows": [{"picks": row} for row in range(rows)],
        "first_offset": np.zeros(rows, np.int64),
        "broker_ts": np.full(rows, T0),
    }


def compliance(rows: int, first: int = 0) -> Rows:
    means = dict.fromkeys(
        ("raw_mean", "oxygen_mean", "oxygen_reference", "corrected_mean", "confidence", "judged_mean"),
        np.where(np.arange(rows) % 2 == 0, np.nan, np.arange(rows) / 3),
    )
    minutes = [
        "valid_minutes",
        "stopped_minutes",
        "invalid_minutes",
        "missing_minutes",
        "valid_parts",
        "required_parts",
    ]
    return {
        **origin(rows, first),
        **series(rows),
        **means,
        **dict.fromkeys(minutes, np.arange(rows, dtype=np.uint32)),
        "id": [f"d-{first + row:x}" for row in range(rows)],
        "rule": constant("nox", rows),
        "pack": constant("cn-hj75-2017", rows),
        "pack_version": constant("2017", rows),
        "standard": constant("GB 13271-2014", rows),
        "period": constant("hour", rows),
        "period_start": np.arange(rows) * 3_600_000,
        "period_end": np.arange(rows) * 3_600_000 + 3_600_000,
        "verdict": constant("insufficient_data", rows),
        "reason": ["the plant did not run"] * rows,
        "limit": np.linspace(50, 300, rows),
        "first_offset": np.full(rows, -1),
    }


def headroom(rows: int, first: int = 0) -> Rows:
    return {
        **place(rows, first),
        **series(rows),
        **dict.fromkeys(("mean", "projected_mean", "allowed_mean", "limit"), np.linspace(-9, 300, rows)),
        **dict.fromkeys(("valid_minutes", "remaining_minutes"), np.arange(rows, dtype=np.uint32)),
        "id": [f"e-{first + row:x}" for row in range(rows)],
        "rule": constant("nox", rows),
        "ts": np.arange(rows) * 60_000,
        "period_start": np.zeros(rows, np.int64),
        "period_end": np.full(rows, 3_600_000),
    }


def emitted_mass(rows: int, first: int = 0) -> Rows:
    return {
        **place(rows, first),
        **series(rows),
        **dict.fromkeys(("mass", "capture"), np.where(np.arange(rows) % 2 == 0, np.nan, np.arange(rows) / 7)),
        **dict.fromkeys(("valid_minutes", "stopped_minutes", "gap_hours"), np.arange(rows, dtype=np.uint32)),
        "id": [f"f-{first + row:x}" for row in range(rows)],
        "rule": constant("nox", rows),
        "hour_start": np.arange(rows) * 3_600_000,
        "method": constant("max_180", rows),
    }


TABLES = [
    readings, aggregates, anomalies, alarms, adjustments, feedback, dead_letters, ledger, compliance, headroom,
    emitted_mass,
]  # fmt: skip
