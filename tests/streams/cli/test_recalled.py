"""In whose name a recall is captured; that it then shows: tests/end_to_end/test_archive.py."""

from types import SimpleNamespace
from typing import Any

import pytest

from sinks.archive.results import RecallRow
from streams.cli.recalled import Recalled
from tests.streams.compute.trace.messages import MILL, YARD, spec

CODE = f"{MILL}/TP-1001/0000003KABPVQXMQGCV3"


def row(item: str, enterprise: str) -> RecallRow:
    return RecallRow(
        item=item, kind="origin", level=0, source="", pack="", ts=None, enterprise=enterprise, biz_step="",
        disposition="", read_point="", biz_location="", used=False, void=False, items=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("item", "enterprise", "whose"),
    [(CODE, YARD, [MILL]), ("urn:x:1", YARD, [YARD]), ("urn:x:1", "", []), ("urn:x:1", "77.1.1", [])],
)
def test_an_item_is_recalled_by_who_made_its_code_or_captured_it_last(
    item: str, enterprise: str, whose: list[str]
) -> None:
    topology: Any = SimpleNamespace(trace=spec())
    told = Recalled(topology, "cracks", "li", "id.example.com")
    assert [one.item for one in told.watch([row(item, enterprise)])] == [item]
    assert list(told._items) == whose
    assert told.left_out == (not whose)
