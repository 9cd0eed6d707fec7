"""Statements that are refused because they reach the host."""

import contextlib
import re

import pytest

from infra.local.clickhouse.errors import Code, ServerError
from infra.local.clickhouse.guard import check_statement
from infra.local.clickhouse.statements import parse_insert, split_format, strip_comments, strip_terminator


def normalize(sql: str) -> str:
    """What the engine does, roughly: a placeholder for each literal, a blank for each comment."""
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", re.sub(r"'[^']*'", "?", sql))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file('/etc/passwd')",
        "SELECT `file` ('/etc/passwd')",
        "SELECT file/* */('/etc/passwd')",
        "SELECT file -- \n # \n ('/etc/passwd')",
        "INSERT INTO t VALUES (file('/etc/passwd'))",
        "CREATE VIEW v AS SELECT file('/etc/passwd')",
        "SELECT * FROM Python(users)",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT * FROM executable('x', TSV, 'a Int8')",
        "SELECT * FROM format(Values, 'a String', $$(concat('x'))$$)",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 into -- \n outfile '/tmp/x'",
        "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
        "CREATE TABLE t (a Int8) ENGINE = EmbeddedRocksDB(0, '/tmp/x') PRIMARY KEY a",
        "CREATE DATABASE d ENGINE = Filesystem('/etc')",
        "-- x\nCREATE DATABASE d ENGINE=`SQLite`('/tmp/x')",
        "ATTACH TABLE t (a Int8) ENGINE File(TSV)",
        "SELECT 1 PARALLEL WITH CREATE TABLE t (a Int8) ENGINE/**/=/**/File(TSV)",
    ],
)
def test_what_reaches_the_host_is_refused(sql: str) -> None:
    with pytest.raises(ServerError) as refused:
        check_statement(sql, normalize)
    assert refused.value.code == Code.ACCESS_DENIED


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT file, format('{}', a) FROM files WHERE name = 'profile'",
        "INSERT INTO files (file, python) VALUES ('a.txt', 1)",
        "CREATE TABLE t (a Int8) ENGINE = ReplacingMergeTree(a) ORDER BY a",
        "CREATE TABLE t (a Int8) ENGINE Memory",
        "CREATE DATABASE d ENGINE = Atomic",
        "CREATE TABLE t (a Int8, engine String COMMENT 'engine = diesel') ENGINE = Log COMMENT 'the engine room'",
        "SELECT replace(engine, 'a', 'b') FROM system.tables WHERE engine LIKE 'Merge%'",
        "CREATE MATERIALIZED VIEW v TO t AS SELECT 1",
        "SELECT name FROM system.tables WHERE engine = name",
        "SELECT * FROM t FORMAT JSON",
    ],
)
def test_ordinary_statements_pass(sql: str) -> None:
    check_statement(sql, normalize)


def test_names_with_escapes_are_refused_but_literals_with_escapes_are_not() -> None:
    with pytest.raises(ServerError, match="escape sequences"):
        check_statement(r"SELECT `fi\x6ce`('/etc/passwd')", lambda sql: r"SELECT `fi\x6ce`(?)")
    check_statement(r"""SELECT '{"a": "b\n"}'""", lambda sql: "SELECT ?")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file" + "/**/" * 50_000 + "x",
        "file /*" * 50_000,
        "file\t" * 100_000,
        "`" * 300_000,
        "FROM /* " * 50_000 + "format(",
        "FORMAT a SETTINGS " * 50_000,
        ";/**/" * 50_000,
        "(" * 300_000,
    ],
    ids=["comments", "open comments", "blanks", "quotes", "tables", "formats", "semicolons", "parentheses"],
)
def test_no_text_takes_long_to_judge(sql: str) -> None:
    with contextlib.suppress(ServerError):  # refused or not: the test's time limit is what a slow pattern would exceed
        check_statement(sql, lambda text: text)
    split_format(sql)
    strip_terminator(sql)
    strip_comments(sql)
    parse_insert(sql)
    parse_insert("INSERT INTO t " + sql)
