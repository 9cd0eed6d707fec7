"""The SQL of the comparison of the control loop's modes, asked of the engine."""

from collections.abc import Sequence

import pytest
from clickhouse_driver import Client

from infra.bench.control_rows import Episode, Rule, read
from infra.local.stack import Stack
from infra.simulator.labels import Label
from sinks.clickhouse import connection, migrations

T = 1_790_000_000_000
"""Epoch ms; a cause begins here."""
ASSET = "control-stack"
RULE = Rule(ASSET, "so2", "so2-high", 200, "3s", "10m")
LABELS = [
    Label("s", ASSET, "so2", "fouling", T, T + 120_000),
    Label("s", "other", "so2", "fouling", T + 180_000, T + 300_000),
    Label("s", ASSET, "so2", "feed_surge", T + 360_000, T + 480_000),
]


@pytest.fixture(scope="module")
def url(stack: Stack) -> str:
    client = connection.connect(connection.parse(stack.clickhouse_url))
    migrations.apply(client)
    # A reading every second for 200 s, above the limit from 10 to 50 s; and one while the instrument calibrates.
    readings = [(ASSET, "so2", at(second), 250.0 if 10 <= second < 50 else 200.0, "N") for second in range(201)]
    fill(client, "readings", "asset, metric, ts, value, flag", [*readings, (ASSET, "so2", at(5.5), 250.0, "C")])
    fill(
        client,
        "alarms",
        "id, asset, name, ts, transition, partition, offset, topic",
        [
            ("a", ASSET, "so2-high", at(13), "raised", 90, 4, "alarm.actions"),
            ("b", ASSET, "so2-high", at(60), "returned", 90, 9, "alarm.actions"),
            ("c", ASSET, "so2-high", at(14), "acknowledged", 90, 5, "alarm.actions"),
            ("d", ASSET, "pm-high", at(11), "raised", 90, 3, "alarm.actions"),
        ],
    )
    # Counts that stand before and after the record of the alarm: up to 4 is before it, up to 6 has it.
    fill(
        client,
        "ledger",
        "topic, partition, next_offset, broker_ts",
        [("alarm.actions", 90, offset, at(second)) for offset, second in ((4, 12.9), (6, 13.15), (10, 60.1))],
    )
    fill(
        client,
        "adjustments",
        "id, asset, adjustment, ts, status, partition, offset",
        [
            ("a", ASSET, "x", at(13.15), "commanded", 90, 4),
            ("b", ASSET, "x", at(33.15), "no_effect", 90, 6),
            ("c", ASSET, "y", at(33.15), "commanded", 90, 6),
            ("d", ASSET, "y", at(40.15), "escalated", 90, 7),
        ],
    )
    client.disconnect()
    return stack.clickhouse_url


def at(second: float) -> float:
    """Seconds since the epoch, of a second after `T`."""
    return round(T / 1000 + second, 3)


def fill(client: Client, table: str, columns: str, rows: Sequence[tuple[str | float, ...]]) -> None:
    values = ", ".join(map(str, rows))
    client.execute(f"INSERT INTO headrace_store.{table} ({columns}) FORMAT Values {values}")


def test_an_exceedance_is_read_from_readings_alarms_ledger_and_adjustments(url: str) -> None:
    assert read(url, "automatic", LABELS[:1], [RULE]) == [
        Episode(
            mode="automatic", asset=ASSET, metric="so2", cause="fouling", lasted=120.0, alarm=0.15, raised=1, back=47.0,
            alone=True, escalated=27.15, time_limit=600.0, exceeded=40.0, adjustments=2,
        )
    ]  # fmt: skip


def test_what_came_before_a_cause_is_none_of_its_business(url: str) -> None:
    [_, second] = read(url, "none", [LABELS[0], LABELS[2]], [RULE])
    assert (second.cause, second.alarm, second.back, second.adjustments) == ("feed_surge", None, None, 0)
