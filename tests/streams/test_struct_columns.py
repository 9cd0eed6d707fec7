"""Rows that are structs become the columns of their table."""

from typing import Any, ClassVar

import numpy as np
import pytest

from schemas.rows import Row
from streams.struct_columns import columns_of


class Weighed(Row, frozen=True, gc=False, kw_only=True):
    table: ClassVar[str] = "weighed"

    ts: int
    heavy: bool
    kilograms: float | None
    until: int | None


class Named(Row, frozen=True, gc=False, kw_only=True):
    names: list[str]


def row(**fields: Any) -> Weighed:
    return Weighed(**{"id": "1", "site": "s", "asset": "a", "offset": 7, "ts": 5, "heavy": True, **fields})


def test_text_stays_a_list_and_numbers_become_arrays_with_nan_for_none() -> None:
    columns = columns_of(Weighed, [row(kilograms=None, until=9), row(kilograms=2.5, until=None, heavy=False)])
    assert columns["site"] == ["s", "s"]
    assert columns["offset"].dtype == columns["ts"].dtype == np.int64
    assert columns["heavy"].tolist() == [1, 0]
    assert columns["heavy"].dtype == np.uint8
    np.testing.assert_array_equal(columns["kilograms"], [np.nan, 2.5])
    np.testing.assert_array_equal(columns["until"], [9, np.nan])


def test_a_field_that_no_column_can_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="names"):
        columns_of(Named, [])
