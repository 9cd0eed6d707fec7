"""Schema migrations: `migrations/*.sql`, applied in order and recorded with a checksum.

Statements end with a semicolon at the end of a line and are written to be run twice (`IF NOT EXISTS`): ClickHouse has
no transaction round them, so a migration that broke off is run again from its first statement.
"""

import hashlib
import re
from importlib.resources import files
from typing import Final, NamedTuple

from clickhouse_driver import Client

from schemas.errors import SinkRejected
from sinks.clickhouse import views
from sinks.clickhouse.errors import translated

_BOOTSTRAP: Final = (
    "CREATE DATABASE IF NOT EXISTS headrace_store ENGINE = Atomic COMMENT 'Tables; read them through headrace'",
    "CREATE DATABASE IF NOT EXISTS headrace ENGINE = Atomic COMMENT 'What the pipeline found: views without repeats'",
    """CREATE TABLE IF NOT EXISTS headrace_store.migrations
    (
        `version` UInt32 COMMENT 'Number of the migration',
        `name` String COMMENT 'File name without .sql',
        `checksum` String COMMENT 'SHA-256 of the file, hex digits',
        `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied, UTC'
    )
    ENGINE = ReplacingMergeTree ORDER BY `version` COMMENT 'Migrations that were applied'""",
)
_FILE_NAME: Final = re.compile(r"(\d{4})_\w+\.sql")


class Migration(NamedTuple):
    """One file of SQL."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, in hex digits."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> list[str]:
        """The statements, one by one."""
        return views.statements(self.sql)


def load() -> list[Migration]:
    """All migrations of this version of the product, in order."""
    found = []
    for file in files("sinks.clickhouse").joinpath("migrations").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match is None:
            raise ValueError(f"{file.name} is no migration: name it like 0001_tables.sql")
        found.append(Migration(int(match[1]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")))
    return sorted(found)


def pending(client: Client, migrations: list[Migration] | None = None) -> list[Migration]:
    """The migrations that are still to be applied, in order. Changes nothing.

    SinkRejected if one that was applied has been edited since; SinkUnavailable if the server is away.
    """
    with translated():
        applied = _applied(client)
    missing = []
    for migration in load() if migrations is None else migrations:
        checksum = applied.get(migration.version)
        if checksum is None:
            missing.append(migration)
        elif checksum != migration.checksum:
            raise SinkRejected(
                f"migration {migration.name} was applied and then edited: restore the file and put the change "
                "into a new migration"
            )
    return missing


def apply(client: Client, migrations: list[Migration] | None = None) -> list[Migration]:
    """Apply what is pending, renew the views, and return what was applied. Errors are those of `pending`."""
    missing = pending(client, migrations)
    with translated():
        for statement in _BOOTSTRAP:
            client.execute(statement)
        for migration in missing:
            for statement in migration.statements():
                client.execute(statement)
            row = (migration.version, migration.name, migration.checksum)
            client.execute("INSERT INTO headrace_store.migrations (version, name, checksum) VALUES", [row])
        views.renew(client)
    return missing


def _applied(client: Client) -> dict[int, str]:
    [(exists,)] = client.execute(
        "SELECT count() FROM system.tables WHERE database = 'headrace_store' AND name = 'migrations'"
    )
    if not exists:
        return {}
    return dict(client.execute("SELECT version, checksum FROM headrace_store.migrations FINAL"))
