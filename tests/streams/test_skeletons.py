from collections import Counter
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.scan import scan
from streams.skeletons import AGAIN, NEW, Skeletons
from streams.slices import Slices


def look_up(subject: Skeletons, texts: list[bytes]) -> list[int]:
    return subject.look_up(scan(Slices.of(texts))).tolist()  # type: ignore[no-any-return]


_texts = st.lists(st.integers(0, 40).map(lambda number: b'{"%s":1}' % (b"ab" * number)), max_size=60)


@given(st.lists(_texts, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_skeleton_keeps_its_number_and_its_meaning_tells_whether_it_has_been_seen_before(
    chunks: list[list[bytes]],
) -> None:
    subject = Skeletons()
    number_of: dict[bytes, int] = {}
    times: Counter[bytes] = Counter()
    for texts in chunks:
        for text, number in zip(texts, look_up(subject, texts), strict=True):
            assert number_of.setdefault(text, number) == number
        times.update(texts)
        for text, number in number_of.items():
            assert subject.texts([number]) == [text.replace(b"1", b"0")]
            assert subject.meaning[number] == (NEW if times[text] == 1 else AGAIN)
    assert sorted(number_of.values()) == list(range(len(subject)))


def test_there_is_room_for_any_number_of_skeletons_of_any_length() -> None:
    subject = Skeletons()
    texts = [b'{"%d":"%s"}' % (number, b"x" * (number % 97)) for number in range(20_000)]
    texts.append(b'{"long":"%s"}' % (b"y" * 900_000))
    numbers = look_up(subject, texts)
    assert numbers == list(range(len(texts)))
    subject.meaning[numbers] = 7
    assert look_up(subject, texts[::-1]) == numbers[::-1]
    assert subject.texts([0, 19_999, 20_000]) == [texts[0], texts[19_999], texts[20_000]]
    assert set(subject.meaning[numbers].tolist()) == {7}
    assert subject.size > sum(map(len, texts))


def test_skeletons_that_differ_in_their_end_alone_are_told_apart() -> None:
    texts = [b'{"a":"%s"}' % (b"\0" * number) for number in range(20)]
    numbers = look_up(Skeletons(), texts)
    assert len(np.unique(numbers)) == 20


def test_skeletons_made_to_share_a_place_do_not() -> None:
    """They differ in the last bytes of words alone, which in a sloppy hash move no bit that counts."""
    words = [b"x%cxxxxxx" % (97 + n) for n in range(16)]  # `{"a":"` stands before the first
    texts = [b'{"a":"%s"}' % b"".join(some) for some in product(words, repeat=4)][:20_000]
    subject = Skeletons()
    assert look_up(subject, texts) == list(range(20_000))
    places = subject._places
    home = (subject._hash[places[places >= 0]] >> np.uint64(32)).astype(np.intp) & (len(places) - 1)
    distance = (np.flatnonzero(places >= 0) - home) % len(places)
    assert distance.mean() < 2
