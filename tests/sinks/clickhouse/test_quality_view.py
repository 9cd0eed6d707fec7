"""How often a detector was right: the view over its flags and what people said of them."""

from typing import Any

import numpy as np
from clickhouse_driver import Client

from sinks.base import Coded, Rows
from sinks.clickhouse.writer import ClickHouseSink

NOW = 1_760_000_000_000


def origin(count: int, **words: str) -> dict[str, Any]:
    names = {"topology": "t", "topic": "x", "site": "s", "asset": "a", "metric": "m", "detector": "high", **words}
    return {
        **{name: Coded(np.zeros(count, np.int32), [word]) for name, word in names.items()},
        "partition": np.zeros(count, np.int32),
        "offset": np.arange(count),
        "reason": ["why"] * count,
    }


def flags(*ids: str, **words: str) -> Rows:
    count = len(ids)
    return {
        **origin(count, **words),
        "id": list(ids),
        "ts": NOW + np.arange(count),
        "severity": Coded(np.zeros(count, np.int32), ["warning"]),
        "score": np.full(count, 0.5),
        "incident": [""] * count,
        **dict.fromkeys(("value", "expected", "lower", "upper"), np.full(count, np.nan)),
    }


def said(*verdicts: tuple[str, str], **words: str) -> Rows:
    """Of a flag's id and what was said of it, in the order in which it was said, all at one time of the broker."""
    count = len(verdicts)
    return {
        **origin(count, **words),
        "id": [f"f-{number}" for number in range(count)],
        "anomaly": [id_ for id_, _ in verdicts],
        "ts": np.full(count, NOW + 9),
        "verdict": Coded(np.arange(count, dtype=np.int32), [verdict for _, verdict in verdicts]),
        "by": Coded(np.zeros(count, np.int32), ["li"]),
    }


def test_a_detector_is_as_good_as_what_was_said_last_of_each_of_its_flags(sink: ClickHouseSink, client: Client) -> None:
    verdicts = [("1", "false"), ("2", "true"), ("3", "true"), ("1", "true"), ("3", "false"), ("4", "expected")]
    for _ in range(2):
        sink.write({
            "anomalies": [
                flags("1", "2", "3", "4", "5"),
                flags("6", asset="b"),
                flags("1", topology="other"),
                flags("7", detector="low"),
            ],
            "feedback": [said(*verdicts), said(("7", "false"), detector="low"), said(("none", "true"))],
        })  # fmt: skip
    columns = "topology, detector, asset, flags, judged, true_flags, false_flags, expected_flags, precision"
    found = client.execute(f"SELECT {columns} FROM headrace.detector_quality ORDER BY topology, detector, asset")
    assert found == [
        ("other", "high", "a", 1, 0, 0, 0, 0, None),
        ("t", "high", "a", 5, 4, 2, 1, 1, 2 / 3),
        ("t", "high", "b", 1, 0, 0, 0, 0, None),
        ("t", "low", "a", 1, 1, 0, 1, 0, 0.0),
    ]
