"""What is asked of ClickHouse: production, quality and logistics. Each query is bounded by time and by the key, but for
the stock, which may have lain for years.

`since` is epoch milliseconds, event time. Every function raises what clickhouse-driver raises.
"""

from typing import Any, Final

from clickhouse_driver import Client

from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import (
    Capability,
    ChartLine,
    ChartPoint,
    Defects,
    Downtime,
    Inspected,
    Moves,
    Oee,
    Order,
    Picking,
    Picks,
    Queue,
    Stock,
    WrongPick,
)

_OEE: Final = """
SELECT asset, line, shift, toUnixTimestamp64Milli(shift_start) AS began, toUnixTimestamp64Milli(max(window_end)),
    sum(planned_ms), sum(production_ms), sum(good), sum(rejected), sum(ideal_ms)
FROM headrace.oee
WHERE topology = %(topology)s AND site = %(site)s AND window_start >= fromUnixTimestamp64Milli(%(since)s)
    AND shift != '' AND shift_start =
    (SELECT max(shift_start) FROM headrace.oee
    WHERE topology = %(topology)s AND site = %(site)s AND window_start >= fromUnixTimestamp64Milli(%(since)s)
        AND shift != '')
GROUP BY asset, line, shift, began ORDER BY line, asset
"""
_DOWNTIME: Final = """
SELECT if(reason = '', state, reason) AS why, count(), sum(lost_ms) AS lost FROM headrace.stops
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
    AND category != 'planned'
GROUP BY why HAVING lost > 0 ORDER BY lost DESC, why LIMIT 3
"""
_ORDERS: Final = """
SELECT asset, `order`, any(product), sum(good), max(order_quantity) FROM headrace.oee
WHERE topology = %(topology)s AND site = %(site)s AND window_start >= fromUnixTimestamp64Milli(%(since)s)
    AND `order` != ''
GROUP BY asset, `order` ORDER BY max(window_end) DESC, `order` LIMIT 1 BY asset
"""
_INSPECTED: Final = """
SELECT sum(inspected), sum(passed), toUnixTimestamp64Milli(max(ts)) FROM headrace.inspections
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s) HAVING count() > 0
"""
_DEFECTS: Final = """
SELECT defect, sum(count) AS found FROM headrace.defects
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s) GROUP BY defect
    ORDER BY found DESC, defect LIMIT 3
"""
_CHART_LINES: Final = """
SELECT asset, product, characteristic, chart, unit, toUnixTimestamp64Milli(ts), phase, rules FROM headrace.spc
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
ORDER BY ts DESC, `offset` DESC LIMIT 1 BY asset, product, characteristic, chart
"""
_CHART_POINTS: Final = """
SELECT toUnixTimestamp64Milli(ts), value, centre, lower, upper, rules FROM headrace.spc
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(asset)s AND product = %(product)s
    AND characteristic = %(characteristic)s
    AND chart = %(chart)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
ORDER BY ts DESC, `offset` DESC LIMIT 40
"""
_CAPABILITY: Final = """
SELECT asset, product, characteristic, argMax(cpk, (ts, `offset`)) AS newest FROM headrace.samples
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s) AND late = 0
    AND isNotNull(cpk)
GROUP BY asset, product, characteristic ORDER BY newest
"""
_STOCK: Final = """
SELECT section, sum(pieces) AS lie, sum(pieces * length_mm) / 1000 FROM
(
    SELECT section, pieces, length_mm FROM headrace.stock_levels WHERE topology = %(topology)s AND site = %(site)s
    ORDER BY `offset` DESC, length(id) DESC, id DESC LIMIT 1 BY asset, bin
)
WHERE pieces > 0 GROUP BY section ORDER BY lie DESC, section
"""
_PICKS: Final = """
SELECT count(), countIf(verdict != 'right'), toUnixTimestamp64Milli(max(ts)) FROM headrace.picks
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s) HAVING count() > 0
"""
_WRONG_PICKS: Final = """
SELECT toUnixTimestamp64Milli(ts), `order`, robot, verdict, reason FROM headrace.picks
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
    AND verdict != 'right' ORDER BY ts DESC, `offset` DESC LIMIT 3
"""
_PICKING: Final = """
WITH lists AS
(
    SELECT asset, `order`, `offset` AS listed_at, sum(pieces) AS wanted, sum(cut_mm) AS cut, max(waste_mm) AS waste
    FROM headrace.pick_lists
    WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
    GROUP BY asset, `order`, listed_at ORDER BY listed_at DESC LIMIT 1 BY asset, `order`
)
SELECT lists.`order`, any(wanted), sumIf(counted, `offset` > listed_at), any(waste / (cut + waste)) FROM lists
LEFT JOIN
(
    SELECT asset, `order`, `offset`, counted FROM headrace.picks
    WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
) AS taken ON taken.asset = lists.asset AND taken.`order` = lists.`order`
WHERE wanted > 0
GROUP BY lists.asset, lists.`order`, listed_at ORDER BY listed_at DESC LIMIT 3
"""
_QUEUES: Final = """
SELECT place, argMax(items, place_in_log) AS lie FROM
(
    SELECT source AS place, items_at_source AS items, (ts, `offset`) AS place_in_log
    FROM headrace.moves WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
    UNION ALL
    SELECT destination, items_at_destination, (ts, `offset`)
    FROM headrace.moves
    WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s) AND has_left = 0
)
GROUP BY place HAVING lie > 0 ORDER BY lie DESC, place LIMIT 5
"""
_MOVES: Final = """
SELECT count(), quantileExact(0.5)(duration_ms) FROM headrace.moves
WHERE topology = %(topology)s AND site = %(site)s AND ts >= fromUnixTimestamp64Milli(%(since)s) HAVING count() > 0
"""


def oee(client: Client, plant: Plant, since: int) -> list[Oee]:
    """The running shift, by machine."""
    return [Oee(*row) for row in client.execute(_OEE, _place(plant, since))]


def downtime(client: Client, plant: Plant, since: int) -> list[Downtime]:
    """The reasons that cost most since the shift began."""
    return [Downtime(*row) for row in client.execute(_DOWNTIME, _place(plant, since))]


def orders(client: Client, plant: Plant, since: int) -> list[Order]:
    """What each machine works on."""
    return [Order(*row) for row in client.execute(_ORDERS, _place(plant, since))]


def inspected(client: Client, plant: Plant, since: int) -> Inspected | None:
    """None where nothing was inspected."""
    rows = client.execute(_INSPECTED, _place(plant, since))
    return Inspected(*rows[0]) if rows else None


def defects(client: Client, plant: Plant, since: int) -> list[Defects]:
    """The most frequent ones."""
    return [Defects(*row) for row in client.execute(_DEFECTS, _place(plant, since))]


def chart_lines(client: Client, plant: Plant, since: int) -> list[ChartLine]:
    """Every line of every chart, the newest first."""
    return [ChartLine(*row) for row in client.execute(_CHART_LINES, _place(plant, since))]


def chart_points(client: Client, plant: Plant, since: int, line: ChartLine) -> list[ChartPoint]:
    """The newest points of a line, in order of time."""
    of = {"asset": line.asset, "product": line.product, "characteristic": line.characteristic, "chart": line.chart}
    return [ChartPoint(*row) for row in client.execute(_CHART_POINTS, {**_place(plant, since), **of})][::-1]


def capability(client: Client, plant: Plant, since: int) -> list[Capability]:
    """Of every characteristic that has one, the lowest first."""
    return [Capability(*row) for row in client.execute(_CAPABILITY, _place(plant, since))]


def stock(client: Client, plant: Plant) -> list[Stock]:
    """By section, the most pieces first."""
    return [Stock(*row) for row in client.execute(_STOCK, _place(plant, 0))]


def picks(client: Client, plant: Plant, since: int) -> Picks | None:
    """None where nothing was picked."""
    rows = client.execute(_PICKS, _place(plant, since))
    return Picks(*rows[0]) if rows else None


def wrong_picks(client: Client, plant: Plant, since: int) -> list[WrongPick]:
    """The newest ones."""
    return [WrongPick(*row) for row in client.execute(_WRONG_PICKS, _place(plant, since))]


def picking(client: Client, plant: Plant, since: int) -> list[Picking]:
    """The newest pick lists."""
    return [Picking(*row) for row in client.execute(_PICKING, _place(plant, since))]


def queues(client: Client, plant: Plant, since: int) -> list[Queue]:
    """The longest ones."""
    return [Queue(*row) for row in client.execute(_QUEUES, _place(plant, since))]


def moves(client: Client, plant: Plant, since: int) -> Moves | None:
    """None where nothing was carried."""
    rows = client.execute(_MOVES, _place(plant, since))
    return Moves(*rows[0]) if rows else None


def _place(plant: Plant, since: int) -> dict[str, Any]:
    return {"topology": plant.topology, "site": plant.site, "since": since}
