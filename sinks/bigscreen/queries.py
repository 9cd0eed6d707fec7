"""What is asked of ClickHouse: equipment, emissions, alarms and flags. Each query is bounded by time and by the key.

`since` is epoch milliseconds, event time. Every function raises what clickhouse-driver raises.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from clickhouse_driver import Client

from schemas.results import Alarm, Anomaly
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import Headroom, Point, Reading

_Struct = TypeVar("_Struct", Alarm, Anomaly)

_TIMES: Final = ("ts", "raised_at", "until")
_READINGS: Final = """
SELECT asset, metric, argMax(value, ts), argMax(flag, ts), argMax(state, ts), toUnixTimestamp64Milli(max(ts))
FROM headrace.readings
WHERE topology = %(topology)s AND site = %(site)s AND (asset, metric) IN %(series)s
    AND ts >= fromUnixTimestamp64Milli(%(since)s)
GROUP BY asset, metric
"""
_TRENDS: Final = """
SELECT asset, metric, toUnixTimestamp64Milli(window_start) AS start, mean
FROM headrace.aggregates
WHERE topology = %(topology)s AND site = %(site)s AND asset IN %(assets)s AND metric IN %(metrics)s
    AND window = %(window)s AND window_start >= fromUnixTimestamp64Milli(%(since)s)
ORDER BY start
"""
_HEADROOM: Final = """
SELECT rule, asset, toUnixTimestamp64Milli(ts), toUnixTimestamp64Milli(period_end), mean, projected_mean, allowed_mean,
    `limit`
FROM headrace.headroom
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
    AND period_end > fromUnixTimestamp64Milli(%(now)s)
ORDER BY ts DESC LIMIT 1 BY rule, asset
"""
_ALARMS: Final = """
SELECT {columns} FROM headrace.alarms
WHERE topology = %(topology)s
ORDER BY `offset` DESC, length(id) DESC, id DESC LIMIT 1 BY alarm, partition
"""
_FLAGS: Final = """
SELECT {columns} FROM headrace.anomalies
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
ORDER BY ts DESC, id LIMIT 50
"""
_FLAGS_OF: Final = _FLAGS.replace("WHERE", "WHERE asset = %(asset)s AND")
_ALARMS_OF: Final = """
SELECT {columns} FROM headrace.alarms
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(asset)s
ORDER BY ts DESC, `offset` DESC, length(id) DESC, id DESC LIMIT 20
"""


def readings(client: Client, plant: Plant, since: int) -> list[Reading]:
    """The newest reading of every series that is shown: the first metric of each asset, and what is judged."""
    series = {(asset.name, asset.metrics[0]) for asset in plant.assets if asset.metrics}
    series |= {(asset, emission.metric) for emission in plant.emissions for asset in emission.assets}
    if not series:
        return []
    return [Reading(*row) for row in client.execute(_READINGS, {**_place(plant, since), "series": sorted(series)})]


def trends(client: Client, plant: Plant, since: int, assets: Sequence[str], metrics: Sequence[str]) -> list[Point]:
    """Means of the plant's shortest windows, in order of time."""
    if not (plant.window and assets and metrics):
        return []
    of = {"assets": list(assets), "metrics": list(metrics), "window": plant.window}
    return [Point(*row) for row in client.execute(_TRENDS, {**_place(plant, since), **of})]


def headroom(client: Client, plant: Plant, since: int, now: int) -> list[Headroom]:
    """Of every rule and stack, the newest of the period that runs."""
    return [Headroom(*row) for row in client.execute(_HEADROOM, {**_place(plant, since), "now": now})]


def alarms(client: Client, plant: Plant) -> list[Alarm]:
    """The newest transition of every alarm. All of time: an alarm may have stood for long."""
    return structs(client, _ALARMS, {"topology": plant.topology}, Alarm)


def flags(client: Client, plant: Plant, since: int) -> list[Anomaly]:
    """The newest flags."""
    return structs(client, _FLAGS, _place(plant, since), Anomaly)


def flags_of(client: Client, plant: Plant, since: int, asset: str) -> list[Anomaly]:
    """The newest flags of one asset."""
    return structs(client, _FLAGS_OF, {**_place(plant, since), "asset": asset}, Anomaly)


def alarms_of(client: Client, plant: Plant, asset: str) -> list[Alarm]:
    """The newest transitions of one asset's alarms."""
    return structs(client, _ALARMS_OF, {**_place(plant, 0), "asset": asset}, Alarm)


def structs(client: Client, query: str, parameters: dict[str, Any], kind: type[_Struct]) -> list[_Struct]:
    """Rows as the structs of the topic: the columns have the names of the fields, times are milliseconds there."""
    names = kind.__struct_fields__
    columns = ", ".join(f"toUnixTimestamp64Milli(`{n}`)" if n in _TIMES else f"`{n}`" for n in names)
    rows = client.execute(query.replace("{columns}", columns), parameters)
    return [msgspec.convert(dict(zip(names, row, strict=True)), kind, strict=False) for row in rows]


def _place(plant: Plant, since: int) -> dict[str, Any]:
    return {"topology": plant.topology, "site": plant.site, "since": since}
