"""As much SQL as the endpoint must understand by itself: INSERT heads, output formats, quoting.

Everything else is left to the engine. The tokens are ClickHouse's (`src/Parsers/Lexer.cpp`), as far as the head of an
INSERT can hold them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TOKEN = re.compile(
    r"""(?P<gap>(?:\s+|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)+)
      | (?P<word>[^\W\d]\w*)
      | (?P<quoted>`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*")
      | (?P<literal>'(?:[^'\\]|\\.)*')
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_HEAD_LIMIT: Final = 1 << 16
_TAIL_LIMIT: Final = 1 << 12
_FORMAT_CLAUSE = re.compile(r"\bFORMAT\s+(?P<name>[A-Za-z]\w*)\s*(?P<settings>SETTINGS\s[^']*)?;?\s*\Z", re.IGNORECASE)
_STREAMABLE = re.compile(r"[(\s]*(?:SELECT|WITH|FROM)\b", re.IGNORECASE)
_TERMINATOR = re.compile(r";(?:\s|--[^\n]*|/\*.*?\*/)*+\Z", re.DOTALL)
_TOTALS = re.compile(r"\bWITH\s+TOTALS\b", re.IGNORECASE)
_SET = re.compile(r"\s*SET\b", re.IGNORECASE)
_USE = re.compile(r"\s*USE\b", re.IGNORECASE)


@dataclass(frozen=True)
class InsertHead:
    """`INSERT INTO target (columns) SETTINGS … FORMAT name`, or VALUES, up to where its data begins."""

    target: str
    """Table, or `FUNCTION name(arguments)`."""
    columns: str
    """The list with its parentheses, or nothing."""
    settings: str
    """The clause with its keyword, or nothing."""
    format: str
    """As written; `Values` for VALUES."""
    data: str
    """What follows in the same text."""


def quote_literal(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name: str) -> str:
    """An identifier, whatever characters it has."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def set_statement(values: Mapping[str, str | None]) -> str:
    """`SET …`; None stands for the default."""
    items = (
        f"{quote_name(name)} = {'DEFAULT' if value is None else quote_literal(value)}" for name, value in values.items()
    )
    return "SET " + ", ".join(items)


def strip_comments(sql: str) -> str:
    """The statement without the white space and comments before it."""
    match = _TOKEN.match(sql)
    return sql[match.end() :] if match and match["gap"] is not None else sql


def is_streamable(sql: str) -> bool:
    """Whether the engine can give the result block by block: it can for SELECT, not for SHOW, DESCRIBE and the like."""
    return _STREAMABLE.match(sql) is not None


def has_totals(sql: str) -> bool:
    """Whether the result has a row of totals besides its rows."""
    return _TOTALS.search(sql) is not None


def is_set(sql: str) -> bool:
    """Whether the statement is SET, which changes the session's settings."""
    return _SET.match(sql) is not None


def is_use(sql: str) -> bool:
    """Whether the statement is USE, which changes the session's database."""
    return _USE.match(sql) is not None


def strip_terminator(sql: str) -> str:
    """The statement without a final semicolon and the comments after it."""
    return _TERMINATOR.sub("", sql)


def split_format(sql: str) -> tuple[str, str | None]:
    """The query without its FORMAT clause, and the format named there."""
    match = _FORMAT_CLAUSE.search(sql, max(len(sql) - _TAIL_LIMIT, 0))
    if match is None:
        return sql, None
    return sql[: match.start()] + (match["settings"] or ""), match["name"]


def column_names(columns: str) -> list[str] | None:
    """The names in a list like ``(a, `b c`)``; None if it is more than names, as in `(* EXCEPT (a))`."""
    names = []
    tokens = _Tokens(columns[1:-1])
    while True:
        name = tokens.take_name()
        if not name:
            return None
        names.append(re.sub(r"\\(.)", r"\1", name[1:-1]) if name[0] in '`"' else name)
        if tokens.position == len(columns) - 2:
            return names
        if not tokens.take_comma():
            return None


def parse_insert(sql: str) -> InsertHead | None:
    """The head of an INSERT whose data come from the client; None for every other statement.

    INSERT … SELECT and whatever is not understood are among the others: the engine says what is wrong with it.
    """
    tokens = _Tokens(sql)
    if not (tokens.take_word("INSERT") and tokens.take_word("INTO")):
        return None
    tokens.take_word("TABLE")
    start = tokens.position
    if tokens.take_word("FUNCTION"):
        if not (tokens.take_name() and tokens.take_parentheses()):
            return None
    elif not tokens.take_table():
        return None
    target = sql[start : tokens.end]
    columns = tokens.take_parentheses() or ""
    settings = ""
    if tokens.next_word() == "SETTINGS":
        settings = tokens.take_until({"FORMAT", "VALUES"})
    if tokens.take_word("VALUES"):
        return InsertHead(target, columns, settings, "Values", sql[tokens.end :])
    if not tokens.take_word("FORMAT"):
        return None
    name = tokens.take_name()
    return InsertHead(target, columns, settings, name, _inline_data(sql[tokens.end :])) if name else None


def _inline_data(text: str) -> str:
    """Data begin after the blanks and at most one line feed that follow the format's name."""
    return re.sub(r"\A[ \t\r]*;?[ \t\r]*\n?", "", text, count=1)


class _Tokens:
    """A cursor over the tokens of a statement's head. `position` is where the next token starts."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self.position = 0
        self.end = 0
        self._skip_gap()

    def next_word(self) -> str | None:
        """The next token in upper case if it is a word."""
        match = self._peek()
        return match["word"].upper() if match and match["word"] is not None else None

    def take_word(self, word: str) -> bool:
        """Takes that keyword if it comes next."""
        return self.next_word() == word and bool(self._take())

    def take_name(self) -> str:
        """Takes a word or a quoted identifier; nothing if neither comes next."""
        match = self._peek()
        return self._take() if match and (match["word"] is not None or match["quoted"] is not None) else ""

    def take_table(self) -> bool:
        """Takes `table` or `database.table`."""
        if not self.take_name():
            return False
        if self._sql.startswith(".", self.position):
            self._take()
            return bool(self.take_name())
        return True

    def take_comma(self) -> bool:
        """Takes a comma."""
        return self._sql.startswith(",", self.position) and bool(self._take())

    def take_parentheses(self) -> str:
        """Takes a balanced list in parentheses, unless it is a subquery."""
        start, depth = self.position, 0
        if not self._sql.startswith("(", start):
            return ""
        while taken := self._take():
            if depth == 1 and start + 1 == self.end - len(taken) and taken.upper() in {"SELECT", "WITH"}:
                break
            depth += (taken == "(") - (taken == ")")
            if not depth:
                return self._sql[start : self.end]
        self.position = self.end = start
        return ""

    def take_until(self, words: set[str]) -> str:
        """Takes the tokens before the first of these keywords."""
        start = self.position
        while self._peek() and self.next_word() not in words:
            self._take()
        return self._sql[start : self.end]

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._sql, self.position) if self.position < _HEAD_LIMIT else None

    def _take(self) -> str:
        match = self._peek()
        if match is None:
            return ""
        self.end = self.position = match.end()
        self._skip_gap()
        return match[0]

    def _skip_gap(self) -> None:
        match = self._peek()
        if match and match["gap"] is not None:
            self.position = match.end()
