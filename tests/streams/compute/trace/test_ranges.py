"""Taken serials against a set of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.trace.ranges import Taken

spans = st.tuples(st.integers(0, 60), st.integers(1, 10)).map(lambda span: (span[0], sum(span)))


@given(st.lists(spans, max_size=30), spans)
@settings(max_examples=200, deadline=None)
def test_ranges_say_what_a_set_of_serials_says(taken: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    subject, serials = Taken(), set[int]()
    for first, end in taken:
        free = serials.isdisjoint(range(first, end))
        assert subject.has_any("p", first, end) is not free
        if free:
            subject.take("p", first, end)
            serials |= set(range(first, end))
    assert subject.has_any("p", *asked) == (not serials.isdisjoint(range(*asked)))
    assert subject.has_all("p", *asked) == (serials >= set(range(*asked)))
    assert not subject.has_any("q", *asked)
    edges = sorted(one for one in serials if one - 1 not in serials) + sorted(
        one + 1 for one in serials if one + 1 not in serials
    )
    assert subject.snapshot().get("p", []) == sorted(edges), "ranges that touch are one"
    again = Taken()
    again.restore(subject.snapshot())
    assert again.snapshot() == subject.snapshot()
