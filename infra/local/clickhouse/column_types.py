"""Where a column of a Native block ends: the serialization of each ClickHouse type, as far as that needs it.

`parse_type` turns a type's name into a small tree; each node can pass over the column's prefix (written once a block
and column) and over its data. The layouts are those of the engine's `src/DataTypes/Serializations`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from infra.local.clickhouse.errors import Code, ServerError
from infra.local.clickhouse.wire import Reader

MAX_NESTING: Final = 64

_WIDTHS: Final = {
    **dict.fromkeys(("Int8", "UInt8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("Int16", "UInt16", "Enum16", "Date", "BFloat16"), 2),
    **dict.fromkeys(("Int32", "UInt32", "Float32", "Date32", "DateTime", "Time", "Decimal32", "IPv4"), 4),
    **dict.fromkeys(("Int64", "UInt64", "Float64", "DateTime64", "Time64", "Decimal64"), 8),
    **dict.fromkeys(("Int128", "UInt128", "Decimal128", "UUID", "IPv6"), 16),
    **dict.fromkeys(("Int256", "UInt256", "Decimal256"), 32),
}
_ALIASES: Final = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "MultiLineString": "Array(LineString)",
    "Polygon": "Array(Ring)",
    "MultiPolygon": "Array(Polygon)",
}
_NAMED_ELEMENT = re.compile(r"(?:`(?:[^`\\]|\\.)*`|[^\W\d]\w*)\s+(?P<type>\S.*)", re.DOTALL)
_QUOTED_OR_SEPARATOR = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[(),]", re.DOTALL)


class ColumnType(Protocol):
    """A type whose columns can be passed over."""

    def skip_prefix(self, reader: Reader) -> None:
        """Passes over what precedes the data of a column."""

    def skip(self, reader: Reader, rows: int) -> None:
        """Passes over `rows` values."""


@dataclass(frozen=True)
class Fixed:
    """Values of `width` bytes each."""

    width: int

    def skip_prefix(self, reader: Reader) -> None:
        """Nothing precedes the values."""

    def skip(self, reader: Reader, rows: int) -> None:
        """All values lie together."""
        reader.skip(rows * self.width)


@dataclass(frozen=True)
class String:
    """Each value is a length and its bytes."""

    def skip_prefix(self, reader: Reader) -> None:
        """Nothing precedes the values."""

    def skip(self, reader: Reader, rows: int) -> None:
        """Every length must be looked at."""
        reader.skip_strings(rows)


@dataclass(frozen=True)
class Nullable:
    """One byte a value says whether it is NULL; then the values, of whom the NULL ones hold a default."""

    inner: ColumnType

    def skip_prefix(self, reader: Reader) -> None:
        """That of the values."""
        self.inner.skip_prefix(reader)

    def skip(self, reader: Reader, rows: int) -> None:
        """The null map, then the values."""
        reader.skip(rows)
        self.inner.skip(reader, rows)


@dataclass(frozen=True)
class Array:
    """The end offset of every array as UInt64, then the items of all of them. A Map is an array of pairs."""

    inner: ColumnType

    def skip_prefix(self, reader: Reader) -> None:
        """That of the items."""
        self.inner.skip_prefix(reader)

    def skip(self, reader: Reader, rows: int) -> None:
        """The last offset is the number of items."""
        if rows:
            reader.skip((rows - 1) * 8)
            self.inner.skip(reader, reader.read_uint64())


@dataclass(frozen=True)
class Tuple:
    """One column an element; one byte a row if there are none."""

    elements: tuple[ColumnType, ...]

    def skip_prefix(self, reader: Reader) -> None:
        """Those of all elements."""
        for element in self.elements:
            element.skip_prefix(reader)

    def skip(self, reader: Reader, rows: int) -> None:
        """Element by element."""
        if not self.elements:
            reader.skip(rows)
        for element in self.elements:
            element.skip(reader, rows)


@dataclass(frozen=True)
class LowCardinality:
    """A dictionary of values, then for each row an index of 1, 2, 4 or 8 bytes into it."""

    keys: ColumnType

    def skip_prefix(self, reader: Reader) -> None:
        """The version of the dictionary's serialization."""
        reader.skip(8)

    def skip(self, reader: Reader, rows: int) -> None:
        """Flags (whose low byte is the logarithm of the index width), keys, number of indexes, indexes."""
        if not rows:
            return
        width_log2 = reader.read_uint64() & 0xFF
        if width_log2 > 3:
            raise ServerError(Code.INCORRECT_DATA, f"Index type {width_log2} of a LowCardinality column is unknown")
        self.keys.skip(reader, reader.read_uint64())
        reader.skip(reader.read_uint64() << width_log2)


@lru_cache(maxsize=1024)
def parse_type(name: str) -> ColumnType:
    """The tree of a type's name. Raises ServerError 48 for types whose layout is not known here."""
    return _parse(name, MAX_NESTING)


def _parse(name: str, depth: int) -> ColumnType:
    if not depth:
        raise ServerError(Code.NOT_IMPLEMENTED, f"A type is nested deeper than {MAX_NESTING} levels")
    name = name.strip()
    family, _, rest = name.partition("(")
    arguments = _split_arguments(rest.removesuffix(")"))

    def argument(index: int) -> ColumnType:
        return _parse(arguments[index], depth - 1)

    try:
        if family in _WIDTHS:
            return Fixed(_WIDTHS[family])
        if family in _ALIASES:
            return _parse(_ALIASES[family], depth - 1)
        if family.startswith("Interval"):
            return Fixed(8)
        match family:
            case "String":
                return String()
            case "FixedString":
                return Fixed(int(arguments[0]))
            case "Decimal":
                return Fixed(_decimal_width(int(arguments[0])))
            case "Nullable":
                return Nullable(argument(0))
            case "Array":
                return Array(argument(0))
            case "Map":
                return Array(Tuple((argument(0), argument(1))))
            case "LowCardinality":
                keys = argument(0)  # NULL is a key of its own, there is no null map
                return LowCardinality(keys.inner if isinstance(keys, Nullable) else keys)
            case "SimpleAggregateFunction":
                return argument(1)
            case "Tuple":
                return _tuple(arguments, depth)
            case "Nested":
                return Array(_tuple(arguments, depth))
    except (IndexError, ValueError):
        pass  # falls through to the same answer as an unknown name
    raise ServerError(
        Code.NOT_IMPLEMENTED, f"Columns of type {name[:200]} cannot be sent over the native protocol of this endpoint"
    )


def _tuple(elements: list[str], depth: int) -> Tuple:
    types = ((match["type"] if (match := _NAMED_ELEMENT.fullmatch(element)) else element) for element in elements)
    return Tuple(tuple(_parse(element, depth - 1) for element in types))


def _decimal_width(precision: int) -> int:
    return 4 if precision <= 9 else 8 if precision <= 18 else 16 if precision <= 38 else 32


def _split_arguments(text: str) -> list[str]:
    """Splits at the commas outside parentheses and quotes."""
    arguments, depth, start = [], 0, 0
    for match in _QUOTED_OR_SEPARATOR.finditer(text):
        match match[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case "," if depth == 0:
                arguments.append(text[start : match.start()].strip())
                start = match.end()
    if last := text[start:].strip():
        arguments.append(last)
    return arguments
