"""What is remembered of events, against a list of all of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.trace.repeats import Repeats

HORIZON, MOST = 10, 3

events = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=60)
"""Event time, and which event of that time."""


def expected(log: list[tuple[int, int]]) -> list[str]:
    """The newest are remembered; what is not newer than one that was forgotten cannot be told."""
    remembered: list[tuple[int, int]] = []
    found, forgotten, stream_time = [], -1_000, -1_000
    for event in log:
        stream_time = max(stream_time, event[0])
        if event[0] <= max(forgotten, stream_time - HORIZON):
            found.append("late")
        elif event in remembered:
            found.append("duplicate")
        else:
            found.append("accepted")
            remembered = sorted([*remembered, event])
            if len(remembered) > MOST:
                forgotten = max(forgotten, remembered.pop(0)[0])
    return found


@given(events, st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_repeats_are_told_among_the_newest_and_what_is_older_is_late(log: list[tuple[int, int]], restart: int) -> None:
    subject, found, stream_time = Repeats(HORIZON, MOST), [], -1_000
    for place, (time, which) in enumerate(log):
        if place == restart:
            again = Repeats(HORIZON, MOST)
            again.restore(subject.snapshot())
            subject = again
        stream_time = max(stream_time, time)
        found.append(subject.judge(f"{time:06}-{which}".encode(), time, stream_time))
        assert len(subject) <= MOST
    assert found == expected(log)
