"""Migrations on the real engine."""

from typing import Any

import pytest
from clickhouse_driver import Client

from schemas.errors import SinkRejected, SinkUnavailable
from sinks.clickhouse import migrations
from sinks.clickhouse.connection import Address, connect
from sinks.clickhouse.migrations import Migration
from streams.audit import SHOP_FLOOR_TABLES
from tests.sinks.clickhouse.declared import VIEWS_ALONE

FIRST = Migration(1, "0001_first", "CREATE TABLE IF NOT EXISTS headrace_store.a (`x` UInt8) ENGINE = Memory;\n")
SECOND = Migration(
    2,
    "0002_second",
    "-- two statements; the comment has a semicolon\n"
    "ALTER TABLE headrace_store.a ADD COLUMN IF NOT EXISTS `y` String DEFAULT ';';\n"
    "ALTER TABLE headrace_store.a COMMENT COLUMN `y` 'why';\n",
)


def tables(client: Client) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = client.execute(
        "SELECT database, name FROM system.tables WHERE database LIKE 'headrace%%' ORDER BY database, name"
    )
    return rows


def test_on_a_blank_server_all_is_pending_and_asking_changes_nothing(blank_client: Client) -> None:
    assert migrations.pending(blank_client) == migrations.load()
    assert tables(blank_client) == []


def test_applying_creates_every_table_with_its_view(blank_client: Client) -> None:
    migrations.apply(blank_client)
    stored = {name for database, name in tables(blank_client) if database == "headrace_store"}
    seen = {name for database, name in tables(blank_client) if database == "headrace"}
    emissions = {"compliance", "headroom", "emitted_mass"}
    kept = {
        "readings",
        "aggregates",
        "anomalies",
        "alarms",
        "adjustments",
        "dead_letters",
        "ledger",
        "feedback",
    }
    kept |= emissions | {"tariffs", "baselines"} | {table for tables in SHOP_FLOOR_TABLES.values() for table in tables}
    assert stored - {"migrations"} == kept
    assert seen == kept | VIEWS_ALONE


def test_applying_twice_does_it_once(blank_client: Client) -> None:
    assert migrations.apply(blank_client) == migrations.load()
    assert migrations.apply(blank_client) == []
    assert migrations.pending(blank_client) == []


def test_only_what_is_new_is_applied_and_the_views_follow(blank_client: Client) -> None:
    assert migrations.apply(blank_client, [FIRST]) == [FIRST]
    assert migrations.apply(blank_client, [FIRST, SECOND]) == [SECOND]
    assert [column[0] for column in blank_client.execute("DESCRIBE TABLE headrace.a")] == ["x", "y"]


def test_a_migration_that_broke_off_is_run_again_from_its_start(blank_client: Client) -> None:
    broken = Migration(2, "0002_second", SECOND.sql + "ALTER TABLE headrace_store.nowhere DROP COLUMN `z`;\n")
    with pytest.raises(SinkRejected, match="nowhere"):
        migrations.apply(blank_client, [FIRST, broken])
    assert migrations.pending(blank_client, [FIRST, SECOND]) == [SECOND]
    assert migrations.apply(blank_client, [FIRST, SECOND]) == [SECOND]


def test_an_applied_migration_that_was_edited_is_an_error(blank_client: Client) -> None:
    migrations.apply(blank_client, [FIRST])
    edited = FIRST._replace(sql=FIRST.sql + "-- harmless?\n")
    for attempt in (migrations.pending, migrations.apply):
        with pytest.raises(SinkRejected, match="0001_first was applied and then edited"):
            attempt(blank_client, [edited])


def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.raises(SinkUnavailable):
        migrations.pending(connect(Address("127.0.0.1", 1)))


def test_an_account_that_may_only_read_applies_nothing(endpoint: Any, blank_client: Client) -> None:
    with pytest.raises((SinkUnavailable, SinkRejected)):
        migrations.apply(connect(endpoint.address("reader")))
    assert tables(blank_client) == []


def test_migrations_are_numbered_without_gaps() -> None:
    loaded = migrations.load()
    assert [migration.version for migration in loaded] == list(range(1, len(loaded) + 1))
    assert all(migration.statements() for migration in loaded)
