"""Flags that belong together, as people look at them."""

import numpy as np
from clickhouse_driver import Client

from sinks.base import Coded, Rows
from sinks.clickhouse.writer import ClickHouseSink

NOW = 1_760_000_000_000


def flags() -> Rows:
    """Three of one incident, the first of them written last, one of another, one of an older version."""
    count = 5
    names = {"topology": "t", "topic": "x", "site": "s", "asset": "a"}
    severities = ["warning", "critical", "info"]
    return {
        **{name: Coded(np.zeros(count, np.int32), [word]) for name, word in names.items()},
        "metric": Coded(np.array([0, 1, 1, 0, 0], np.int32), ["temperature", "pressure"]),
        "detector": Coded(np.array([0, 0, 1, 0, 0], np.int32), ["tail", "novelty"]),
        "severity": Coded(np.array([0, 1, 2, 2, 0], np.int32), severities),
        "id": list("abcde"),
        "ts": NOW + np.array([2000, 3000, 1000, 9_000_000, 0]),
        "score": np.array([0.6, 0.7, 0.55, 0.9, 0.5]),
        **dict.fromkeys(("value", "expected", "lower", "upper"), np.full(count, np.nan)),
        "reason": ["second", "third", "first", "another", "old"],
        "partition": np.zeros(count, np.int32),
        "offset": np.arange(count),
        "incident": ["one", "one", "one", "two", ""],
    }


def test_flags_of_an_incident_are_one_row_with_the_worst_and_the_first_of_them(
    sink: ClickHouseSink, client: Client
) -> None:
    sink.write({"anomalies": [flags()]})
    columns = "incident, toUnixTimestamp64Milli(began), toUnixTimestamp64Milli(ended), flags, severity, score, reason"
    found = client.execute(f"SELECT {columns}, metrics, detectors FROM headrace.incidents ORDER BY began")
    both = (["pressure", "temperature"], ["novelty", "tail"])
    assert found == [
        ("one", NOW + 1000, NOW + 3000, 3, "critical", 0.7, "first", *both),
        ("two", NOW + 9_000_000, NOW + 9_000_000, 1, "info", 0.9, "another", ["temperature"], ["tail"]),
    ]
