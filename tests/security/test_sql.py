"""SQL is made of names from a closed list; values travel as data. Held by looking at every f-string with SQL in it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SQL = re.compile(r"\b(SELECT|INSERT INTO|CREATE|ALTER|DROP|TRUNCATE|DELETE|SHOW|FROM|WHERE)\b")

ALLOWED = {
    # Columns and tables as the code names them.
    ("streams/audit.py", "', '.join(_LEDGER)"),
    ("streams/audit.py", "ORIGIN"),
    ("streams/audit.py", "table"),
    ("streams/audit_results.py", "ORIGIN"),
    ("streams/audit_results.py", "columns"),
    ("streams/audit_results.py", "table"),
    ("streams/audit_results.py", "_stored(table)"),
    ("streams/audit_results.py", "_stored('ledger')"),
    ("sinks/clickhouse/economics.py", "names"),
    ("sinks/clickhouse/economics.py", "columns"),
    ("sinks/clickhouse/economics.py", "table"),
    ("streams/cli/demo_shop_floor.py", "figure.columns"),
    ("streams/cli/demo_shop_floor.py", "figure.table"),
    # Tables and columns as the server's own catalogue names them; what is written must be among them.
    ("sinks/clickhouse/writer.py", "name"),
    ("sinks/clickhouse/writer.py", "names"),
    ("sinks/clickhouse/views.py", "table"),
    ("sinks/clickhouse/views.py", "names"),
    ("sinks/clickhouse/views.py", "declared"),
    ("sinks/clickhouse/schema.py", "database"),
    ("sinks/clickhouse/schema.py", "name"),
}
"""Every expression that stands in SQL. Whoever adds one says here why no event can reach it."""


def interpolated(file: Path) -> set[tuple[str, str]]:
    """The expressions in a file's f-strings that read like SQL."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if SQL.search(text):
                parts = [part for part in node.values if isinstance(part, ast.FormattedValue)]
                found |= {(file.relative_to(ROOT).as_posix(), ast.unparse(part.value)) for part in parts}
    return found


def test_nothing_but_names_from_closed_lists_stands_in_sql() -> None:
    files = [file for folder in ("sinks", "streams", "schemas") for file in (ROOT / folder).rglob("*.py")]
    assert set().union(*map(interpolated, files)) == ALLOWED


def test_sql_is_not_put_together_in_another_way() -> None:
    """`%`, `+` and `format` would escape the look at f-strings."""
    for file in (ROOT / "sinks").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod() | ast.Add()):
                    assert not SQL.search(text), f"{file}:{node.lineno}"
                case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                    assert not SQL.search(text), f"{file}:{node.lineno}"
