"""What is known of a machine at the time at which it made something."""

from clickhouse_driver import Client

from sinks.archive.archive import Archive

HOUR, AT = 1_770_001_200_000, 1_770_002_000_000
"""2026-02-02, 03:00 UTC, and a time in that hour."""


def time(ms: int) -> str:
    return f"fromUnixTimestamp64Milli(toInt64({ms}))"


def test_windows_of_the_time_anomalies_of_the_hour_and_verdicts_on_the_site(client: Client) -> None:
    for _ in range(2):  # rows written twice are there once
        for asset, start in (("saw-1", AT - 30_000), ("saw-1", AT - 90_000), ("saw-2", AT - 30_000)):
            client.execute(f"""
                INSERT INTO headrace_store.aggregates
                    (id, topology, site, asset, metric, window, window_start, window_end, count, min, max, mean)
                SELECT 'w', 't', 's', '{asset}', 'power', '1m', {time(start)}, {time(start + 60_000)}, 60, 1, 3, 2
            """)
        for id_, asset, ts in (("a", "saw-1", HOUR), ("b", "saw-1", HOUR - 1), ("c", "saw-2", HOUR)):
            client.execute(f"""
                INSERT INTO headrace_store.anomalies
                    (id, topology, site, asset, ts, metric, detector, severity, score, reason)
                SELECT '{id_}', 't', 's', '{asset}', {time(ts)}, 'power', 'high', 'warning', 0.5, 'why'
            """)
        for site, start in (("s", HOUR), ("s", HOUR - 3_600_000), ("other", HOUR)):
            client.execute(f"""
                INSERT INTO headrace_store.compliance (id, topology, site, asset, metric, rule, period, period_start,
                    period_end, verdict, judged_mean, `limit`, reason)
                SELECT 'v', 't', '{site}', 'stack-1', 'nox', 'nox', 'hour', {time(start)}, {time(start + 3_600_000)},
                    'exceeded', 210, 200, 'mean 210'
            """)
    found = Archive(client, "t").circumstances("s", "saw-1", AT)
    assert [(one.start, one.end, one.min, one.max, one.mean) for one in found.windows] == [
        (AT - 30_000, AT + 30_000, 1, 3, 2)
    ]
    assert [(one.id, one.ts, one.reason) for one in found.anomalies] == [("a", HOUR, "why")]
    assert [(one.asset, one.start, one.verdict, one.mean, one.limit) for one in found.verdicts] == [
        ("stack-1", HOUR, "exceeded", 210, 200)
    ]
