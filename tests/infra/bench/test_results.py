"""Windows read from what systems have written."""

import json

from infra.bench.log import Message
from infra.bench.results import last_of_each_window, one_message_each, without_flush

AGGREGATE = {
    "asset": "machine-0007",
    "window_start": 20_000,
    "count": 2,
    "sum": 5.0,
    "min": 2.0,
    "max": 3.0,
    "mean": 2.5,
}


def message(value: object, key: object = None) -> Message:
    return Message(0, 0, json.dumps(key).encode(), json.dumps(value).encode())


def test_a_message_is_a_window_whatever_else_it_says() -> None:
    windows = one_message_each([message({**AGGREGATE, "topology": "bench", "stddev": 0.5})])
    assert (windows.start.tolist(), windows.asset.tolist(), windows.count.tolist()) == ([20_000], [7], [2])
    assert (windows.sum[0], windows.min[0], windows.max[0], windows.mean[0]) == (5.0, 2.0, 3.0, 2.5)


def test_of_a_changelog_the_newest_record_of_a_window_counts() -> None:
    key = ["machine-0007", [20.0, 29.9]]
    windows = last_of_each_window([message([1, 2.0, 2.0, 2.0], key), message([2, 5.0, 2.0, 3.0], key)])
    assert windows.count.tolist() == [2]
    assert (windows.start[0], windows.sum[0], windows.mean[0]) == (20_000, 5.0, 2.5)


def test_windows_of_flush_events_are_left_out() -> None:
    windows = one_message_each([message(AGGREGATE), message({**AGGREGATE, "asset": "machine-0500"})])
    assert without_flush(windows, 500).asset.tolist() == [7]


def test_no_messages_are_no_windows() -> None:
    assert len(one_message_each([])) == 0
