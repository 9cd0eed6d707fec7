"""Rows that are structs, as the columns of their table, after the types of the fields."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, Final, get_args, get_type_hints

import numpy as np

from schemas.rows import Row

_NUMBERS: Final[Mapping[type, type[np.generic]]] = {int: np.int64, float: np.float64, bool: np.uint8}


def columns_of(kind: type[Row], rows: Sequence[Row]) -> dict[str, Any]:
    """The columns of rows of one kind: lists of text, arrays of numbers; NaN stands for None."""
    columns: dict[str, Any] = {}
    for name, number in _fields(kind).items():
        column = [getattr(row, name) for row in rows]
        columns[name] = column if number is None else np.array(column, number)
    return columns


@cache
def _fields(kind: type[Row]) -> Mapping[str, type[np.generic] | None]:
    """Field to the type of its numbers; None for text. TypeError for a field that is neither."""
    hints = get_type_hints(kind)
    found: dict[str, type[np.generic] | None] = {}
    for name in kind.__struct_fields__:
        parts = set(get_args(hints[name])) if isinstance(hints[name], UnionType) else {hints[name]}
        if parts == {str}:
            found[name] = None
        elif len(parts - {type(None)}) == 1 and (plain := (parts - {type(None)}).pop()) in _NUMBERS:
            found[name] = np.float64 if type(None) in parts else _NUMBERS[plain]
        else:
            raise TypeError(f"{kind.__name__}.{name} is {hints[name]}; a row has text and numbers")
    return found
