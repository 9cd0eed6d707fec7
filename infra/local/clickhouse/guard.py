"""Statements that would reach the host's files or processes and that the engine's grants do not stop.

The wall is in `engine.xml`: its grants refuse every table function and table engine that is a source. Beyond that, an
embedded engine trusts its own process: the scalar function `file()`, INTO OUTFILE, FROM INFILE, variables of this
Python process and a few engines with a path are open to anyone who can query. Such statements are refused here. The
test is on the text and errs on the side of refusal; the message says what to do instead.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from infra.local.clickhouse.errors import Code, ServerError


def _starting_with(word: str, rest: str) -> re.Pattern[str]:
    """A pattern for the whole word and what follows. It starts with plain letters, by which `re` searches quickly."""
    return re.compile(rf"{word}(?<!\w{word})\b{rest}")


_CALL: Final = r"[`\"]?\s*+(?:\(|/\*|--|\#[ !])"
"""A parenthesis follows the name, or a comment behind which there may be one."""
_FORBIDDEN = {
    **{word: _starting_with(word, "") for word in ("outfile", "infile")},
    **{word: _starting_with(word, _CALL) for word in ("file", "python", "eval", "executable", "catboostevaluate")},
}
_FORMAT_CALL = _starting_with("format", _CALL)
_TABLE_POSITION = re.compile(r"\b(?:from|join)(?:\s|--[^\n]*\n|\#[^\n]*\n|/\*.*?\*/)*+[`\"]?\Z", re.DOTALL)
_LOOK_BACK: Final = 1000
_DEFINITION = re.compile(r"\b(?:CREATE|ATTACH|REPLACE\s+TABLE)\b", re.IGNORECASE)
_ENGINE = re.compile(r"(?P<column>[(,.]?)\s*\bENGINE\s*=?\s*[`\"]?(?P<name>[A-Za-z]\w*)", re.IGNORECASE)
_HARMLESS_ENGINES = re.compile(
    r"\w*MergeTree|Memory|Null|Log|TinyLog|StripeLog|Buffer|Join|Set|Merge|Distributed|GenerateRandom|Atomic|Replicated",
    re.IGNORECASE,
)
_ESCAPED_NAME = re.compile(r"[`\"][^`\"]*\\")


def check_statement(sql: str, normalize: Callable[[str], str]) -> None:
    """Raises ServerError 497 for a statement that reaches the host.

    `normalize` asks the engine for the statement without literals and comments; it is called only where they matter.
    """
    lowered = sql.lower()
    for word in _forbidden_words(lowered):
        raise ServerError(
            Code.ACCESS_DENIED,
            f"Not enough privileges. This endpoint gives no access to files, processes or hosts: {word!r} is refused, "
            "also inside a string. Send data over the connection, and such strings as data or parameters",
        )
    if _ESCAPED_NAME.search(sql) and _ESCAPED_NAME.search(normalize(sql)):
        raise ServerError(Code.ACCESS_DENIED, "Not enough privileges. Names with escape sequences are refused")
    if "engine" in lowered and _DEFINITION.search(sql):
        for match in _ENGINE.finditer(normalize(sql)):
            if not match["column"] and not _HARMLESS_ENGINES.fullmatch(match["name"]):
                raise ServerError(
                    Code.ACCESS_DENIED, f"Not enough privileges. Engine {match['name']} is refused by this endpoint"
                )


def _forbidden_words(lowered: str) -> Iterator[str]:
    for word, pattern in _FORBIDDEN.items():
        if pattern.search(lowered):
            yield word
    for call in _FORMAT_CALL.finditer(lowered):  # the scalar function of that name is harmless
        if _TABLE_POSITION.search(lowered, max(call.start() - _LOOK_BACK, 0), call.start()):
            yield "format"
