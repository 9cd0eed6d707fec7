"""What is known of a machine at a time, and of what its site emitted then."""

from typing import Any, Final

import msgspec

from sinks.archive.results import Circumstances, EmissionVerdict, Flag, Window
from sinks.archive.rows import Rows

_HOUR_MS: Final = 3_600_000

_WINDOWS: Final = """
SELECT
    metric, window, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end), count, min, max,
    mean
FROM headrace.aggregates
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(asset)s
    AND window_start <= fromUnixTimestamp64Milli(%(ts)s) AND window_end > fromUnixTimestamp64Milli(%(ts)s)
ORDER BY metric, window, start
"""
_FLAGS: Final = """
SELECT id, toUnixTimestamp64Milli(ts) AS at, metric, detector, severity, score, reason
FROM headrace.anomalies
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(asset)s
    AND ts >= fromUnixTimestamp64Milli(%(since)s) AND ts < fromUnixTimestamp64Milli(%(until)s)
ORDER BY at, id
"""
_VERDICTS: Final = """
SELECT asset, metric, rule, period, toUnixTimestamp64Milli(period_start) AS start, toUnixTimestamp64Milli(period_end),
    verdict, judged_mean, `limit`, reason
FROM headrace.compliance
WHERE topology = %(topology)s AND site = %(site)s
    AND period_start <= fromUnixTimestamp64Milli(%(ts)s) AND period_end > fromUnixTimestamp64Milli(%(ts)s)
ORDER BY asset, metric, rule, period, start
"""


def circumstances(rows: Rows, site: str, asset: str, ts: int) -> Circumstances:
    """Of a machine: the windows that a time (epoch ms) lies in, the anomalies of its hour, and verdicts of its site."""
    of: dict[str, Any] = {"site": site, "asset": asset, "ts": ts}
    since = ts - ts % _HOUR_MS
    windows = rows.ask(_WINDOWS, **of)
    flags = rows.ask(_FLAGS, **of, since=since, until=since + _HOUR_MS)
    verdicts = rows.ask(_VERDICTS, **of)
    return Circumstances(
        site=site,
        asset=asset,
        ts=ts,
        windows=tuple(_struct(Window, row) for row in windows),
        anomalies=tuple(_struct(Flag, row) for row in flags),
        verdicts=tuple(_struct(EmissionVerdict, row) for row in verdicts),
    )


def _struct(kind: Any, row: tuple[Any, ...]) -> Any:
    return msgspec.convert(dict(zip(kind.__struct_fields__, row, strict=True)), kind)
