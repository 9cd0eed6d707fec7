"""Reads the windows that a system has given out."""

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from clickhouse_driver import Client

from infra.bench.log import Message
from infra.bench.oracle import Windows
from infra.bench.workload import asset_number


class _Aggregate(msgspec.Struct, gc=False):
    """A closed window as headrace writes it, and as the other systems are programmed to."""

    asset: str
    window_start: int
    count: int
    sum: float
    min: float
    max: float
    mean: float


_Row = tuple[int, int, int, float, float, float, float]


def one_message_each(messages: list[Message]) -> Windows:
    """Windows of a topic with one JSON message for each."""
    decode = msgspec.json.Decoder(_Aggregate).decode
    found = (decode(message.value) for message in messages)
    return _windows((w.window_start, asset_number(w.asset), w.count, w.sum, w.min, w.max, w.mean) for w in found)


def last_of_each_window(messages: list[Message]) -> Windows:
    """Windows of a changelog of Faust: a record for every change, of which the newest counts."""
    newest = {message.key: message.value for message in messages}
    rows: list[_Row] = []
    for key, value in newest.items():
        asset, (start, _) = msgspec.json.decode(key, type=tuple[str, tuple[float, float]])
        count, total, low, high = msgspec.json.decode(value, type=tuple[int, float, float, float])
        rows.append((round(start * 1000), asset_number(asset), count, total, low, high, total / count))
    return _windows(rows)


def in_clickhouse(url: str, topology: str) -> Windows:
    """Windows of a topology as anybody reads them from ClickHouse."""
    rows = _select(
        url,
        "SELECT toUnixTimestamp64Milli(window_start), asset, count, sum, min, max, mean "
        "FROM headrace.aggregates WHERE topology = %(topology)s AND metric = 'm0'",
        topology,
    )
    return _windows((start, asset_number(asset), *rest) for start, asset, *rest in rows)


def readings_in_clickhouse(url: str, topology: str) -> int:
    """Number of archived values of a topology."""
    return int(_select(url, "SELECT count() FROM headrace.readings WHERE topology = %(topology)s", topology)[0][0])


def without_flush(windows: Windows, assets: int) -> Windows:
    """Without the windows of the flush events, which some systems close and others do not."""
    return windows.take(windows.asset < assets)


def _select(url: str, sql: str, topology: str) -> list[Any]:
    client = Client.from_url(url)
    try:
        rows: list[Any] = client.execute(sql, {"topology": topology})
        return rows
    finally:
        client.disconnect()


def _windows(rows: Iterable[_Row]) -> Windows:
    start, asset, count, *values = list(zip(*rows, strict=True)) or [()] * 7
    total, low, high, mean = (np.array(column, np.float64) for column in values)
    return Windows(
        np.array(start, np.int64), np.array(asset, np.int64), np.array(count, np.int64), total, low, high, mean
    )
