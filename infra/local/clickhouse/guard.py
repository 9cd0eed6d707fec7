"""Statements that would reach the host's files or processes and that the engine's grants do not stop.

The wall is in `engine.xml`: its grants refuse every table function and table engine that is a source. Beyond that, an
embedded engine trusts its own process: the scalar function `file()`, INTO OUTFILE, FROM INFILE, variables of this
Python process and a few engines with a path are open to anyone who can query. Such statements are refused here. The
test is on the text and errs on the side of refusal; the message says what to do instead.
"""

import re
from collections.abc import Callable
from typing import Final

from infra.local.clickhouse.errors import Code, ServerError

_GAP: Final = r"(?:\s|--[^\n]*\n|\#[^\n]*\n|/\*.*?\*/)*"
_SUSPECTS: Final = ("file", "python", "eval", "executable", "catboostevaluate", "format")
_FORBIDDEN = re.compile(
    rf"""\b(?P<clause>OUTFILE|INFILE)\b
       | \b(?P<function>file|python|eval|executable|catboostEvaluate)[`"]?{_GAP}\(
       | \b(?:FROM|JOIN){_GAP}[`"]?(?P<table_function>format)[`"]?{_GAP}\(""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_DEFINITION = re.compile(rf"{_GAP}(?:CREATE|ATTACH|REPLACE)\b", re.IGNORECASE | re.DOTALL)
_ENGINE = re.compile(rf"\bENGINE{_GAP}=?{_GAP}[`\"]?(?P<name>[A-Za-z]\w*)", re.IGNORECASE | re.DOTALL)
_HARMLESS_ENGINES = re.compile(
    r"\w*MergeTree|Memory|Null|Log|TinyLog|StripeLog|Buffer|Join|Set|Merge|Distributed|GenerateRandom|Atomic|Replicated",
    re.IGNORECASE,
)
_ESCAPED_NAME = re.compile(r"[`\"][^`\"]*\\")


def check_statement(sql: str, normalize: Callable[[str], str]) -> None:
    """Raises ServerError 497 for a statement that reaches the host.

    `normalize` asks the engine for the statement without its literals; it is called when names may hide behind escapes.
    """
    lowered = sql.lower()  # an INSERT … VALUES can be megabytes long, and a plain search is quick
    if any(word in lowered for word in _SUSPECTS) and (match := _FORBIDDEN.search(sql)):
        words = next(word for word in match.groups() if word)
        raise ServerError(
            Code.ACCESS_DENIED,
            f"Not enough privileges. This endpoint gives no access to files, processes or hosts: {words!r} is refused, "
            "also inside a string. Send data over the connection, and such strings as data or parameters",
        )
    if _ESCAPED_NAME.search(sql) and _ESCAPED_NAME.search(normalize(sql)):
        raise ServerError(Code.ACCESS_DENIED, "Not enough privileges. Names with escape sequences are refused")
    if _DEFINITION.match(sql):
        for match in _ENGINE.finditer(sql):
            if not _HARMLESS_ENGINES.fullmatch(match["name"]):
                raise ServerError(
                    Code.ACCESS_DENIED, f"Not enough privileges. Engine {match['name']} is refused by this endpoint"
                )
