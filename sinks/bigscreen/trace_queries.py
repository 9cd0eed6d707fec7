"""What is asked of ClickHouse: codes, events and scans of the enterprises that are shown. Each query is bounded by time
and by the key, but for the minted ranges, which are few.

`day` and `since` are epoch milliseconds, event time. Every function raises what clickhouse-driver raises.
"""

from typing import Any, Final

from clickhouse_driver import Client

from schemas.epc import item_key
from schemas.results import Anomaly
from schemas.topics import TRACE_EVENTS
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.queries import structs
from sinks.bigscreen.rows import Happened, Minted, Scanned, Traced

_MINTED: Final = """
SELECT sumIf(last - first + 1, ts >= fromUnixTimestamp64Milli(%(day)s)), sum(last - first + 1) FROM headrace.code_ranges
WHERE topology = %(topology)s AND enterprise IN %(enterprises)s HAVING count() > 0
"""
_HAPPENED: Final = """
SELECT
    uniqExactArrayIf(if(kind = 'TransformationEvent', made, named),
        kind = 'TransformationEvent' OR (kind = 'ObjectEvent' AND did = 'ADD')),
    uniqExactArrayIf(parts, did = 'ADD' AND step IN ('packing', 'repackaging')),
    uniqExactArrayIf(named, step = 'shipping'),
    uniqExactArrayIf(named, step = 'receiving')
FROM
(
    SELECT any(type) AS kind, any(action) AS did, any(biz_step) AS step,
        JSONExtract(any(body) AS text, 'outputEPCList', 'Array(String)') AS made,
        JSONExtract(text, 'epcList', 'Array(String)') AS named,
        JSONExtract(text, 'childEPCs', 'Array(String)') AS parts
    FROM headrace.trace_events
    WHERE topology = %(topology)s AND enterprise IN %(enterprises)s AND ts >= fromUnixTimestamp64Milli(%(day)s)
    GROUP BY event HAVING max(isNotNull(error_at)) = 0
)
HAVING count() > 0
"""
_SCANNED: Final = """
SELECT count(), countIf(found = 'forged'), countIf(found = 'void') FROM headrace.code_scans
WHERE topology = %(topology)s AND enterprise IN %(enterprises)s AND ts >= fromUnixTimestamp64Milli(%(day)s)
HAVING count() > 0
"""
_NEWEST: Final = """
SELECT toUnixTimestamp64Milli(ts), biz_step, asset, arrayFirst(text -> text != '', [
    JSONExtractString(body, 'parentID'), JSONExtractString(body, 'outputEPCList', 1),
    JSONExtractString(body, 'epcList', 1), JSONExtractString(body, 'childEPCs', 1),
    JSONExtractString(body, 'inputEPCList', 1), JSONExtractString(body, 'quantityList', 1, 'epcClass')]) AS item
FROM headrace.trace_events
WHERE topology = %(topology)s AND enterprise IN %(enterprises)s AND ts >= fromUnixTimestamp64Milli(%(since)s)
    AND item != '' AND event NOT IN
    (
        SELECT event FROM headrace.trace_events
        WHERE topology = %(topology)s AND enterprise IN %(enterprises)s
            AND ts >= fromUnixTimestamp64Milli(%(since)s) AND isNotNull(error_at)
    )
ORDER BY ts DESC, `offset` DESC LIMIT 1 BY item LIMIT 5
"""
_FLAGS: Final = """
SELECT {columns} FROM headrace.anomalies
WHERE topology = %(topology)s AND site IN %(enterprises)s AND topic = %(topic)s
    AND ts >= fromUnixTimestamp64Milli(%(since)s)
ORDER BY ts DESC, id LIMIT 50
"""


def minted(client: Client, plant: Plant, day: int) -> Minted | None:
    """None where nothing was minted."""
    rows = client.execute(_MINTED, {**_whose(plant), "day": day})
    return Minted(*rows[0]) if rows else None


def happened(client: Client, plant: Plant, day: int) -> Happened | None:
    """None where nothing was captured."""
    rows = client.execute(_HAPPENED, {**_whose(plant), "day": day})
    return Happened(*rows[0]) if rows else None


def scanned(client: Client, plant: Plant, day: int) -> Scanned | None:
    """None where nothing was scanned."""
    rows = client.execute(_SCANNED, {**_whose(plant), "day": day})
    return Scanned(*rows[0]) if rows else None


def newest(client: Client, plant: Plant, since: int) -> list[Traced]:
    """The newest events, of different items each."""
    rows = client.execute(_NEWEST, {**_whose(plant), "since": since})
    return [Traced(ts, step, asset, item_key(uri)) for ts, step, asset, uri in rows]


def flags(client: Client, plant: Plant, since: int) -> list[Anomaly]:
    """The newest ones. Of a flag of codes, the site is the enterprise."""
    return structs(client, _FLAGS, {**_whose(plant), "since": since, "topic": TRACE_EVENTS.name}, Anomaly)


def _whose(plant: Plant) -> dict[str, Any]:
    return {"topology": plant.topology, "enterprises": plant.enterprises}
