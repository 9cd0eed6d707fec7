"""The memory sink beyond the conformance suite."""

import numpy as np
import pytest

from schemas.errors import SinkUnavailable
from sinks.memory import MemorySink


def test_while_it_is_away_writes_fail_and_leave_nothing() -> None:
    sink = MemorySink()
    sink.away = True
    with pytest.raises(SinkUnavailable):
        sink.write({"readings": [{"offset": np.arange(3)}]})
    sink.away = False
    assert sink.rows("readings") == []


def test_rows_of_one_key_that_differ_are_both_seen() -> None:
    sink = MemorySink()
    sink.write({"readings": [{"offset": np.array([7]), "value": np.array([1.0])}]})
    sink.write({"readings": [{"offset": np.array([7]), "value": np.array([2.0])}]})
    assert [row["value"] for row in sink.rows("readings")] == [1.0, 2.0]


def test_what_was_written_can_be_read_after_closing() -> None:
    sink = MemorySink()
    sink.write({"readings": [{"offset": np.array([7])}]})
    sink.close()
    assert sink.rows("readings") == [{"offset": 7}]
