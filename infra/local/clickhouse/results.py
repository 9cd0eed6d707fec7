"""Results as Native blocks, the way clients want them.

The embedded engine writes blocks for a client of revision 0: no block without rows tells the types of an empty result,
and a DateTime comes without its time zone, because clients of before 2017 did not understand it.
"""

from collections.abc import Generator, Mapping
from contextlib import closing

from infra.local.clickhouse.blocks import Column, columns_of_block, empty_block, replace_types
from infra.local.clickhouse.engine import Session
from infra.local.clickhouse.errors import Code, ServerError


def native_blocks(
    session: Session, sql: str, parameters: Mapping[str, str] | None = None
) -> Generator[tuple[bytes, int], None, None]:
    """Runs a SELECT. Yields each block with its number of rows, at first one of no rows that tells names and types.

    The first one is b"" if there are types whose layout is not known here. Close it to end the query early.
    """
    types: dict[int, str] = {}
    started = False
    with closing(session.stream(sql, "Native", parameters)) as blocks:
        for block in blocks:
            data = block.bytes()
            if not started:
                columns = _columns_if_known(data)
                types = _lost_time_zones(session, sql, parameters, columns)
                yield replace_types(empty_block(columns), types) if columns else b"", 0
                started = True
            yield (replace_types(data, types) if types else data), block.rows_read()
    if not started:
        yield empty_block(session.describe_query(sql, parameters)), 0


def _columns_if_known(block: bytes) -> tuple[Column, ...]:
    try:
        return columns_of_block(block)
    except ServerError as error:
        if error.code != Code.NOT_IMPLEMENTED:
            raise
        return ()


def _lost_time_zones(
    session: Session, sql: str, parameters: Mapping[str, str] | None, columns: tuple[Column, ...]
) -> dict[int, str]:
    """The types, by position, of the DateTime columns that have a time zone."""
    if not any(column.type == "DateTime" for column in columns):
        return {}
    try:
        described = session.describe_beside(sql, parameters)
    except ServerError as error:
        if error.code != Code.UNKNOWN_TABLE:  # a temporary one: nobody else can tell
            raise
        return {}
    return {index: column.type for index, column in enumerate(described) if column.type.startswith("DateTime(")}
