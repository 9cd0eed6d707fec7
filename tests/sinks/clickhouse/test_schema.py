"""The tables as the outside sees them: comments, documentation, DDL, and agreement with the messages."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from clickhouse_driver import Client

from schemas.logistics_rows import CarriedItem, CheckedPick, PickListLine, StockLevel
from schemas.oee import OeeSlice, Stop
from schemas.results import Adjustment, Aggregate, Alarm, Anomaly, DeadLetter
from schemas.rows import Row
from sinks.clickhouse import schema
from streams.compute.quality.rows import DefectRow, InspectionRow, SampleRow, SpcPoint
from streams.compute.trace.rows import CodeRange, CodeScan, CodeVoid, TraceEvent, TraceItem, TraceLink
from tests.sinks.clickhouse.declared import VIEWS_ALONE

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden" / "ddl.sql"


def run(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sinks.clickhouse", *arguments],
        env={**os.environ, "HEADRACE_CLICKHOUSE": url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("aggregates", Aggregate),
        ("anomalies", Anomaly),
        ("alarms", Alarm),
        ("adjustments", Adjustment),
        ("dead_letters", DeadLetter),
    ],
)
def test_a_table_has_the_fields_of_its_message(client: Client, table: str, message: type[msgspec.Struct]) -> None:
    columns = {row[0] for row in client.execute(f"DESCRIBE TABLE headrace.{table}")}
    assert columns == {field.name for field in msgspec.structs.fields(message)}


ROWS = (
    OeeSlice, Stop, SampleRow, SpcPoint, InspectionRow, DefectRow, StockLevel, PickListLine, CheckedPick, CarriedItem,
    CodeRange, CodeVoid, CodeScan, TraceEvent, TraceItem, TraceLink,
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_a_table_has_the_fields_of_its_rows(client: Client, row: type[Row]) -> None:
    columns = {name for name, *_ in client.execute(f"DESCRIBE TABLE headrace.{row.table}")}
    assert columns == {*row.__struct_fields__, "topology", "topic", "partition"}


def test_every_table_and_column_says_what_it_holds(client: Client) -> None:
    for kind, name in (("tables", "name"), ("columns", "concat(table, '.', name)")):
        silent = client.execute(
            f"SELECT {name} FROM system.{kind} WHERE database IN ('headrace', 'headrace_store') AND comment = ''"
        )
        assert silent == []


def test_a_view_has_the_columns_and_comments_of_its_table(client: Client) -> None:
    def columns(database: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = client.execute(
            "SELECT table, name, type, comment FROM system.columns WHERE database = %(database)s "
            "AND table NOT IN %(others)s AND default_kind != 'MATERIALIZED' ORDER BY table, position",
            {"database": database, "others": ("migrations", *VIEWS_ALONE)},
        )
        return rows

    assert columns("headrace") == columns("headrace_store")


def test_the_page_of_tables_is_up_to_date(endpoint: Any, client: Client) -> None:
    address = endpoint.address()
    url = f"clickhouse://{address.user}:{quote(address.password, safe='')}@{address.host}:{address.port}/headrace"
    printed = run(url=url)
    assert printed.stdout == schema.markdown(schema.describe(client)), printed.stderr
    assert (ROOT / "docs" / "TABLES.md").read_text() == printed.stdout, (
        "run: python -m sinks.clickhouse > docs/TABLES.md"
    )


def test_the_server_has_the_tables_that_were_reviewed(client: Client) -> None:
    how = f"run: python -m sinks.clickhouse --ddl > {GOLDEN.relative_to(ROOT)}"
    assert schema.ddl(client) == GOLDEN.read_text(), how


@pytest.mark.parametrize(
    ("url", "says"),
    [("", "set HEADRACE_CLICKHOUSE"), ("http://h", "must look like"), ("clickhouse://127.0.0.1:1", "is away")],
)
def test_the_command_says_in_one_line_why_it_fails(url: str, says: str) -> None:
    failed = run(url=url)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert says in failed.stderr
    assert failed.stderr.count("\n") == 1
