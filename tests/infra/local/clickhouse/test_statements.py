"""The little SQL that the endpoint understands by itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.clickhouse.statements import (
    InsertHead,
    column_names,
    has_totals,
    is_streamable,
    parse_insert,
    quote_literal,
    quote_name,
    set_statement,
    split_format,
    strip_comments,
    strip_terminator,
)


@pytest.mark.parametrize(
    ("sql", "head"),
    [
        ("INSERT INTO t VALUES", InsertHead("t", "", "", "Values", "")),
        ("insert into d.t (a, `b c`) values (1, 'x;y')", InsertHead("d.t", "(a, `b c`)", "", "Values", " (1, 'x;y')")),
        ("INSERT INTO TABLE `d`.`t` FORMAT Native", InsertHead("`d`.`t`", "", "", "Native", "")),
        ("INSERT INTO t FORMAT TSV\n1\t2\n", InsertHead("t", "", "", "TSV", "1\t2\n")),
        ("INSERT INTO t FORMAT CSV 1,2", InsertHead("t", "", "", "CSV", "1,2")),
        ("INSERT INTO t FORMAT RowBinary\n\n\x00", InsertHead("t", "", "", "RowBinary", "\n\x00")),
        (
            "-- why\n/* not */ INSERT INTO t (* EXCEPT (a)) SETTINGS x = 'FORMAT', y = 1 FORMAT Native",
            InsertHead("t", "(* EXCEPT (a))", "SETTINGS x = 'FORMAT', y = 1", "Native", ""),
        ),
        (
            "INSERT INTO FUNCTION null('a Int8') VALUES",
            InsertHead("FUNCTION null('a Int8')", "", "", "Values", ""),
        ),
    ],
)
def test_the_head_of_an_insert_is_taken_apart(sql: str, head: InsertHead) -> None:
    assert parse_insert(sql) == head


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT 1",
        "INSERT",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t (a) SELECT 1",
        "INSERT INTO t (SELECT 1)",
        "INSERT INTO t (WITH 1 AS x SELECT x)",
        "INSERT INTO t FROM INFILE 'x' FORMAT TSV",
        "INSERT INTO t (a",
        "INSERT INTO t SETTINGS a = 1",
        "INSERT INTO FUNCTION null VALUES",
        "inserted INTO t VALUES",
    ],
)
def test_other_statements_are_left_to_the_engine(sql: str) -> None:
    assert parse_insert(sql) is None


@settings(deadline=None)
@given(st.text())
def test_no_text_upsets_the_parser(text: str) -> None:
    parse_insert(text)
    parse_insert("INSERT INTO t " + text)
    split_format(text)
    strip_comments(text)


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ("(a)", ["a"]),
        ('( a , `b c`,"d" )', ["a", "b c", "d"]),
        ("(`x\\`y`)", ["x`y"]),
        ("(* EXCEPT (a))", None),
        ("()", None),
        ("(a,)", None),
    ],
)
def test_a_list_of_names_is_read(columns: str, names: list[str] | None) -> None:
    assert column_names(columns) == names


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FORMAT TSV", ("SELECT 1 ", "TSV")),
        ("SELECT 1 format JSON;\n", ("SELECT 1 ", "JSON")),
        ("SELECT 1 FORMAT TSV SETTINGS a = 1", ("SELECT 1 SETTINGS a = 1", "TSV")),
        ("SELECT 'x FORMAT TSV'", ("SELECT 'x FORMAT TSV'", None)),
        ("SELECT format FROM t", ("SELECT format FROM t", None)),
    ],
)
def test_the_format_clause_is_split_off(sql: str, expected: tuple[str, str | None]) -> None:
    assert split_format(sql) == expected


def test_comments_before_a_statement_are_dropped() -> None:
    assert strip_comments(" -- a\n # b\n #! c\n /* d\n */ SELECT 1 -- e") == "SELECT 1 -- e"
    assert strip_comments("SELECT 1") == "SELECT 1"


def test_a_final_semicolon_is_dropped_with_what_follows() -> None:
    assert strip_terminator("SELECT ';' ; -- done\n") == "SELECT ';' "
    assert strip_terminator("SELECT 1") == "SELECT 1"


def test_only_queries_are_streamed() -> None:
    assert is_streamable("((SELECT 1)")
    assert is_streamable("with 1 as x select x")
    assert not is_streamable("SHOW TABLES")
    assert not is_streamable("SELECTED")
    assert has_totals("SELECT 1 GROUP BY 1 with\n totals")


def test_quotes_are_escaped() -> None:
    assert quote_literal("a'b\\c") == "'a\\'b\\\\c'"
    assert quote_name("a`b") == "`a\\`b`"
    assert set_statement({"a": "1", "b": None}) == "SET `a` = '1', `b` = DEFAULT"
