"""Columns on their way to the driver."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.base import Coded
from sinks.clickhouse.columns import block, join

NAME = "LowCardinality(String)"


@st.composite
def coded(draw: st.DrawFn) -> Coded:
    words = draw(st.lists(st.text(max_size=3), min_size=1, max_size=300))
    codes = draw(st.lists(st.integers(0, len(words) - 1), min_size=1, max_size=40))
    return Coded(np.array(codes, np.int32), words)


@given(
    pieces=st.lists(st.one_of(coded(), st.lists(st.text(max_size=3), min_size=1)), min_size=1, max_size=4),
    data=st.data(),
)
def test_names_survive_any_pieces_and_any_block(pieces: list[Any], data: st.DataObject) -> None:
    rows = [
        word
        for piece in pieces
        for word in ([piece.words[code] for code in piece.codes] if isinstance(piece, Coded) else piece)
    ]
    begin = data.draw(st.integers(0, len(rows) - 1))
    end = data.draw(st.integers(begin + 1, len(rows)))
    categorical = block(NAME, join(NAME, pieces), begin, end)
    assert list(categorical) == rows[begin:end]
    assert len(categorical.categories) <= end - begin, "more words than rows: the driver's codes would overflow"


def test_times_stay_whole_milliseconds() -> None:
    times = np.array([1_760_000_000_123, -1])
    sent = block("DateTime64(3, 'UTC')", join("DateTime64(3, 'UTC')", [times[:1], times[1:]]), 0, 2)
    assert sent.dtype == np.int64
    assert sent.tolist() == times.tolist()


def test_nan_becomes_null_only_where_null_is_allowed() -> None:
    values = np.array([1.5, np.nan])
    assert block("Nullable(Float64)", join("Nullable(Float64)", [values]), 0, 2).tolist() == [1.5, None]
    assert np.isnan(block("Float64", join("Float64", [values]), 0, 2)[1])


@pytest.mark.parametrize(
    ("type_", "column"),
    [
        ("UInt64", np.array([0.5])),
        ("DateTime64(3, 'UTC')", np.array(["2025-10-09"], "datetime64[ms]")),
        ("Float64", np.array(["1.5"])),
        ("Float64", ["1.5"]),
        ("Int32", Coded(np.array([0], np.int32), ["1"])),
        ("String", np.array([1])),
        (NAME, np.array([1.5])),
        ("String", Coded(np.array([2], np.int32), ["a", "b"])),
        ("String", Coded(np.array([-1], np.int32), ["a", "b"])),
    ],
)
def test_a_column_that_does_not_fit_its_type_is_refused(type_: str, column: Any) -> None:
    with pytest.raises(ValueError, match=r"where|fit"):
        join(type_, [column])
