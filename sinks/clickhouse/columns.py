"""From the columns of `sinks.base` to the columns that clickhouse-driver sends fastest.

The driver writes an array of numbers in one go, epoch milliseconds into DateTime64 as they are, and a pandas
Categorical as dictionary and codes; only plain strings cost it a step per row.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sinks.base import Coded, Column

Joined = Coded | NDArray[np.generic]
DriverColumn: TypeAlias = Any
"""An array or a pandas Categorical."""


class Words(pd.CategoricalDtype):  # type: ignore[misc]
    """The dtype of a Categorical of strings, which the driver (0.2.11) passes to numpy as if it were numpy's own.

    numpy takes any object with a `dtype` for that dtype; without it the driver's LowCardinality column fails.
    """

    dtype = np.dtype(object)


def join(type_: str, pieces: Sequence[Column]) -> Joined:
    """The pieces of one column of ClickHouse type `type_` as one column.

    The result is `Coded` for LowCardinality, an array of objects for String and Map, of numbers for all else.
    ValueError if a piece does not fit the type.
    """
    if type_.startswith("LowCardinality"):
        return _join_coded([piece if isinstance(piece, Coded) else _coded(piece) for piece in pieces])
    if type_ == "String" or is_map(type_):
        return np.concatenate([_objects(piece) for piece in pieces])
    return np.concatenate([_numbers(type_, piece) for piece in pieces])


def block(type_: str, column: Joined, begin: int, end: int) -> DriverColumn:
    """Rows [begin, end) of a joined column as the driver wants them."""
    if isinstance(column, Coded):
        codes, words = column
        if end - begin < len(codes):  # the driver sizes codes by the number of rows: never more words than rows
            codes, words = _join_coded([Coded(codes[begin:end], words)])
        return pd.Categorical.from_codes(codes, dtype=Words(pd.Index(words, dtype=object)), validate=False)
    rows = column[begin:end]
    if not type_.startswith("Nullable"):
        return rows
    values = rows.astype(np.float64)
    if is_optional_time(type_):
        return np.array([None if value != value else int(value) for value in values.tolist()], dtype=object)
    return np.where(np.isnan(values), np.array(None), values.astype(object))


def is_map(type_: str) -> bool:
    """Whether a column holds counts by name; the driver has no array of these."""
    return type_.startswith("Map(")


def is_optional_time(type_: str) -> bool:
    """Whether a column holds times or none; the driver has no array of these."""
    return type_.startswith("Nullable(DateTime64")


def _join_coded(pieces: Sequence[Coded]) -> Coded:
    """One dictionary for all pieces, of the words in use, each once."""
    numbers: dict[str, int] = {}
    joined = []
    for codes, words in pieces:
        if codes.min() < 0 or codes.max() >= len(words):
            raise ValueError(f"codes from {codes.min()} to {codes.max()} where there are {len(words)} words")
        used = np.flatnonzero(np.bincount(codes, minlength=len(words)))
        renumber = np.zeros(len(words), np.int32)
        renumber[used] = [numbers.setdefault(words[i], len(numbers)) for i in used.tolist()]
        joined.append(renumber.take(codes))
    return Coded(np.concatenate(joined), list(numbers))


def _coded(column: Column) -> Coded:
    words = _objects(column)
    numbers: dict[str, int] = {}
    codes = np.fromiter((numbers.setdefault(word, len(numbers)) for word in words), np.int32, len(words))
    return Coded(codes, list(numbers))


def _objects(column: Column) -> NDArray[np.object_]:
    if isinstance(column, Coded):
        codes, words = _join_coded([column])
        return np.array(words, dtype=object).take(codes)
    if isinstance(column, np.ndarray) and column.dtype != object:
        raise ValueError(f"{column.dtype} where strings are wanted")
    return np.array(column, dtype=object)


def _numbers(type_: str, column: Column) -> NDArray[np.generic]:
    if not isinstance(column, np.ndarray):
        raise ValueError(f"{type(column).__name__} where an array is wanted for {type_}")
    if column.dtype.kind not in ("iuf" if "Float" in type_ or is_optional_time(type_) else "iub"):
        raise ValueError(f"{column.dtype} does not fit {type_}")
    return column
