"""Rows whose table has exactly the fields of a struct, beside those that say where in the log they come from."""

from typing import ClassVar

import msgspec


class Row(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of a table; `topology`, `topic` and `partition` are added where it is written.

    Fields are text (String or LowCardinality), int (Int64, or DateTime64 for epoch milliseconds), float (Float64), bool
    (UInt8), or one of int and float with None (Nullable).
    """

    table: ClassVar[str]
    """Its table in ClickHouse."""

    id: str
    """The same for the same log, whoever computes it."""
    site: str
    """The factory."""
    asset: str
    """The machine, inspection place or store concerned."""
    offset: int
    """Offset of the record that brought it about."""
