"""What the audit asks for."""

import asyncio
from collections.abc import Mapping

from streams.audit import Position
from streams.cli.audit import _count


class Log:
    """A broker that says how many records there are to read, if anybody could get there."""

    ends = 10

    async def records(self, ranges: Mapping[tuple[str, int], tuple[int, int]]) -> dict[tuple[str, int], int]:
        assert all(end <= self.ends for _, end in ranges.values()), "nobody ever gets there"
        return {place: max(end - begin, 0) for place, (begin, end) in ranges.items()}


def test_a_log_that_has_lost_its_end_is_counted_up_to_where_it_ends() -> None:
    lost, whole = Position("a", 0, 2, 10, 20), Position("a", 1, 0, 10, 7)
    nothing = Position("a", 2, 0, 10, None)
    counted: dict[Position, int] = {}
    asyncio.run(_count([lost, whole, nothing], counted, "t", lambda *_: [], Log()))  # type: ignore[arg-type]
    assert counted == {lost: 8, whole: 7, nothing: 0}
