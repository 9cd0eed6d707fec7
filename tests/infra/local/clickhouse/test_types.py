"""Values of each type through the native protocol, and where the columns of each type end."""

import datetime as dt
import ipaddress
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from clickhouse_driver import Client, errors

from infra.local.clickhouse.blocks import columns_of_block, read_block, reader_of, split_blocks
from infra.local.clickhouse.column_types import parse_type
from infra.local.clickhouse.errors import Code, ServerError
from tests.infra.local.clickhouse.endpoint import Endpoint

LONG = "ω" * 70_000
NOW = dt.datetime(2026, 3, 1, 12, 30, 15, tzinfo=dt.UTC)
BIG = 2**200 + 7

VALUES: dict[str, list[Any]] = {
    "Int8": [-128, 127],
    "UInt64": [0, 2**64 - 1],
    "Int128": [-(2**127), 5],
    "UInt256": [0, BIG],
    "Float32": [1.5, -0.25],
    "Float64": [1e308, -1.1],
    "Bool": [True, False],
    "String": ["", "a", "x" * 127, "y" * 128, LONG, "日本語", "with\nline\0feed;'"],
    "FixedString(4)": ["abcd", "zzzz"],
    "Date": [dt.date(1970, 1, 1), dt.date(2026, 2, 28)],
    "Date32": [dt.date(1925, 1, 1), dt.date(2100, 1, 1)],
    "DateTime('Asia/Tokyo')": [NOW],
    "DateTime64(3, 'UTC')": [NOW.replace(microsecond=123_000)],
    "DateTime64(6, 'Asia/Shanghai')": [NOW.replace(microsecond=123_456)],
    "Enum8('running' = 1, 'it''s, (off)' = -2)": ["running", "it's, (off)"],
    "Enum16('a' = 1000)": ["a"],
    "UUID": [UUID(int=0), uuid4()],
    "IPv4": [ipaddress.IPv4Address("10.1.2.3")],
    "IPv6": [ipaddress.IPv6Address("2001:db8::1")],
    "Decimal(9, 2)": [Decimal("-1234567.89")],
    "Decimal(18, 4)": [Decimal("1.0001")],
    "Decimal(38, 10)": [Decimal("12345678901234567890.0123456789")],
    "Nullable(Int32)": [None, 5],
    "Nullable(String)": ["x", None, ""],
    "Array(String)": [[], ["a", ""], ["b"] * 300],
    "Array(Array(Nullable(Int16)))": [[], [[1, None], []], [[2]]],
    "Map(String, Float64)": [{}, {"so2": 41.2, "nox": 120.5}],
    "Map(LowCardinality(String), Array(UInt8))": [{"a": [1, 2]}, {}],
    "Tuple(Int8, String)": [(1, "a"), (2, "")],
    "Tuple(a Int8, `b c` Array(String))": [(1, ["x"]), (2, [])],
    "LowCardinality(String)": ["a", "b", "a", ""],
    "LowCardinality(Nullable(String))": ["a", None, "a"],
    "Array(LowCardinality(String))": [["a", "b"], [], ["a"]],
    "SimpleAggregateFunction(sum, Float64)": [1.5],
}

GENERATED = [
    *(name for name in VALUES if "Enum" not in name),
    "Int256",
    "Decimal(76, 5)",
    "Decimal256(3)",
    "Point",
    "MultiPolygon",
    "Nested(a Int8, b String)",
    "Tuple(Nullable(Int8), Map(String, Array(Tuple(UInt8, String))))",
    "Array(Nullable(String))",
]

EXPRESSIONS = [
    "CAST(number AS BFloat16)",
    "toIntervalDay(number)",
    "NULL",
    "[]",
    "toTime64(number, 3)",
    "tuple()",
    "toLowCardinality(toUInt16(number))",
    "toDateTime(number, 'Asia/Tokyo')",
]


@pytest.mark.parametrize("compression", [False, True], ids=["plain", "lz4"])
@pytest.mark.parametrize("name", VALUES)
def test_values_come_back_as_they_were_sent(endpoint: Endpoint, database: str, name: str, compression: bool) -> None:
    values = VALUES[name]
    with endpoint.client(database=database, compression=compression) as client:
        client.execute(f"CREATE TABLE t (n UInt32, v {name}) ENGINE = MergeTree ORDER BY n")
        rows = list(enumerate(values))
        assert client.execute("INSERT INTO t VALUES", rows) == len(rows)
        back = client.execute("SELECT v FROM t ORDER BY n")
    expected = [(dict(value) if isinstance(value, dict) else value,) for value in values]
    assert back == expected


@pytest.mark.parametrize("name", GENERATED)
def test_a_block_of_any_type_is_parsed_to_its_last_byte(endpoint: Endpoint, name: str) -> None:
    structure = f"a {name}, b UInt8".replace("'", "\\'")
    assert_parsed(endpoint, f"SELECT a, b FROM generateRandom('{structure}', 7, 60, 5) LIMIT 1000")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_block_of_any_expression_is_parsed_to_its_last_byte(endpoint: Endpoint, expression: str) -> None:
    assert_parsed(endpoint, f"SELECT {expression} AS a, number AS b FROM numbers(100)")


def assert_parsed(endpoint: Endpoint, sql: str) -> None:
    reply = endpoint.http(sql, default_format="Native")
    data = reply.body
    assert reply.status == 200, reply.text
    reader = reader_of(data)
    while not reader.at_end():
        head = read_block(reader)
        assert [column.name for column in head.columns] == ["a", "b"]
    assert [column.name for column in columns_of_block(data)] == ["a", "b"]
    assert b"".join(block for _, block in split_blocks(data)) == data


@pytest.mark.parametrize("name", ["JSON", "Dynamic", "Variant(Int8, String)", "AggregateFunction(uniq, UInt64)", "Arr"])
def test_a_type_of_unknown_layout_is_said_to_be_one(name: str) -> None:
    with pytest.raises(ServerError) as refused:
        parse_type(name)
    assert refused.value.code == Code.NOT_IMPLEMENTED


@pytest.mark.parametrize("name", ["Array(" * 5000 + "Int8" + ")" * 5000, "Array()", "FixedString(x)", "Decimal()", ""])
def test_a_malformed_type_is_refused(name: str) -> None:
    with pytest.raises(ServerError) as refused:
        parse_type(name)
    assert refused.value.code == Code.NOT_IMPLEMENTED


def test_time_zones_of_results_are_kept(client: Client) -> None:
    sql = "SELECT toDateTime(0, 'Asia/Tokyo') AS a, 'x' AS s, toStartOfHour(toDateTime64(0, 3, 'UTC')) AS b, now() AS c"
    rows, types = client.execute(f"{sql} UNION ALL {sql}", with_column_types=True)
    assert types == [("a", "DateTime('Asia/Tokyo')"), ("s", "String"), ("b", "DateTime('UTC')"), ("c", "DateTime")]
    assert len(rows) == 2
    assert rows[0][0] == rows[1][2] == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def test_an_insert_into_a_column_of_unknown_layout_is_refused_before_any_data(client: Client) -> None:
    client.execute("CREATE TABLE t (a UInt8, v Variant(Int8, String)) ENGINE = Memory")
    with pytest.raises(errors.ServerException) as refused:
        client.execute("INSERT INTO t VALUES", [(1, 2)])
    assert refused.value.code == Code.NOT_IMPLEMENTED
    assert client.execute("INSERT INTO t (a) VALUES", [(1,)]) == 1
    assert client.execute("SELECT count() FROM t") == [(1,)]
