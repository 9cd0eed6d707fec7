"""Native blocks: where one ends, which columns it has, and how to write the head of an empty one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.local.clickhouse.column_types import parse_type
from infra.local.clickhouse.errors import Code, ProtocolError
from infra.local.clickhouse.wire import Reader, write_string, write_varint

MAX_COLUMNS: Final = 10_000
MAX_ROWS: Final = 1 << 32
MAX_NAME: Final = 1 << 16
"""Longest name of a column or a type, in bytes. An Enum's type lists all its values."""

BLOCK_INFO: Final = b"\x01\x00\x02\xff\xff\xff\xff\x00"
"""What precedes a block in a Data packet: field 1 (overflow rows) = 0, field 2 (bucket) = -1, end."""


@dataclass(frozen=True)
class Column:
    """A column's name and its type as ClickHouse spells it."""

    name: str
    type: str


@dataclass(frozen=True)
class BlockHead:
    """What a block says of itself."""

    columns: tuple[Column, ...]
    rows: int


def read_block_info(reader: Reader) -> None:
    """Passes over the fields that precede a block in a Data packet; none of them concerns a server."""
    while field := reader.read_varint():
        if field == 1:
            reader.skip(1)
        elif field == 2:
            reader.skip(4)
        else:
            raise ProtocolError(Code.INCORRECT_DATA, f"Field {field} of a block's info is unknown")


def read_block(reader: Reader) -> BlockHead:
    """Passes over one block. Raises ServerError for types of unknown layout, ProtocolError for absurd sizes."""
    column_count, rows = _read_counts(reader)
    columns = []
    for _ in range(column_count):
        columns.append(_read_column(reader))
        if rows:
            column_type = parse_type(columns[-1].type)
            column_type.skip_prefix(reader)
            column_type.skip(reader, rows)
    return BlockHead(tuple(columns), rows)


def split_blocks(data: bytes) -> list[tuple[BlockHead, bytes]]:
    """The blocks that lie one after the other in `data`, each with its bytes."""
    reader = reader_of(data)
    blocks = []
    while not reader.at_end():
        block = bytearray()
        with reader.copying_to(block.extend):
            head = read_block(reader)
        blocks.append((head, bytes(block)))
    return blocks


def columns_of_block(data: bytes) -> tuple[Column, ...]:
    """Names and types of a block's columns, without parsing the values of the last one."""
    reader = reader_of(data)
    column_count, rows = _read_counts(reader)
    columns: list[Column] = []
    for _ in range(column_count):
        if columns and rows:
            previous = parse_type(columns[-1].type)
            previous.skip_prefix(reader)
            previous.skip(reader, rows)
        columns.append(_read_column(reader))
    return tuple(columns)


def replace_types(data: bytes, types: Mapping[int, str]) -> bytes:
    """The block with other type names, by position of their columns; the values must be written alike."""
    reader = reader_of(data)
    block = bytearray()
    with reader.copying_to(block.extend):
        column_count, rows = _read_counts(reader)
    for index in range(column_count):
        column = _read_column(reader)
        block += write_string(column.name) + write_string(types.get(index, column.type))
        if rows:
            with reader.copying_to(block.extend):
                column_type = parse_type(column.type)
                column_type.skip_prefix(reader)
                column_type.skip(reader, rows)
    return bytes(block)


def empty_block(columns: tuple[Column, ...] | list[Column]) -> bytes:
    """A block of no rows: it tells the client the names and types."""
    heads = (write_string(column.name) + write_string(column.type) for column in columns)
    return write_varint(len(columns)) + write_varint(0) + b"".join(heads)


def reader_of(data: bytes) -> Reader:
    """A reader over bytes in memory."""
    chunks = iter((data,))
    return Reader(lambda: next(chunks, b""))


def _read_counts(reader: Reader) -> tuple[int, int]:
    column_count, rows = reader.read_varint(), reader.read_varint()
    if column_count > MAX_COLUMNS or rows > MAX_ROWS:
        raise ProtocolError(Code.INCORRECT_DATA, f"A block of {column_count} columns and {rows} rows is too large")
    return column_count, rows


def _read_column(reader: Reader) -> Column:
    return Column(reader.read_string(MAX_NAME), reader.read_string(MAX_NAME))
