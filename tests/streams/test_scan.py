"""The scanner finds in a record what is there, whatever stands before and after it."""

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.scan import DEEPEST, Scan, scan
from streams.slices import Slices
from tests.streams.records import LOOSE_RECORDS

_digits = st.text("0123456789", min_size=1, max_size=24)
_whole = _digits.map(lambda digits: digits.lstrip("0") or "0")
_plain = st.builds(
    lambda sign, whole, places: sign + whole + places,
    st.sampled_from(["", "-"]),
    _whole,
    st.just("") | _digits.map(lambda digits: "." + digits),
)
"""Numbers of JSON's grammar without an exponent, up to 24 digits on each side of the point."""
_debris = st.lists(st.sampled_from(list(b'{}[]",:\\ \n-.059ax\x00\xff')), max_size=40).map(bytes)


def scanned(*records: str | bytes) -> Scan:
    return scan(Slices.of([record.encode() if isinstance(record, str) else record for record in records]))


def skeletons(found: Scan) -> list[bytes]:
    byte = found.skeletons.view(np.uint8)
    begin = 8 * found.start
    return [byte[a:b].tobytes() for a, b in zip(begin.tolist(), (begin + found.length).tolist(), strict=True)]


@given(st.lists(_plain | st.floats(-1e15, 1e15).map(repr).filter(lambda text: "e" not in text), min_size=1))
@example(["-0", "-0.0", "-0.4", "0"])
@settings(max_examples=500, deadline=None)
def test_every_number_is_read_to_the_last_bit_as_the_strict_decoder_reads_it(tokens: list[str]) -> None:
    found = scanned("{" + ",".join(f'"x":{token}' for token in tokens) + "}")
    assert skeletons(found) == [b"{" + b",".join([b'"x":0'] * len(tokens)) + b"}"]
    assert found.numbers.tolist() == [len(tokens)]
    assert found.is_good.all()
    assert found.value.tobytes() == np.array([msgspec.json.decode(token, type=float) for token in tokens]).tobytes()
    assert found.is_time.tolist() == [token.isdigit() and len(token) <= 18 for token in tokens]
    times = found.integer[found.is_time].tolist()
    assert times == [int(token) for token, is_time in zip(tokens, found.is_time, strict=True) if is_time]


@pytest.mark.parametrize("token", ["-", "01", "-01", "00", "5.", "-5.", "-.5", "000000000001.5", "1" * 25])
def test_what_only_looks_like_a_number_is_bad_and_its_neighbour_is_not(token: str) -> None:
    assert scanned(f'{{"a":{token},"b":1}}').is_good.tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "skeleton"),
    [
        ('{"a":5}', '{"a":0}'),
        ('{"a": -5.25}', '{"a": 0}'),
        ('{"a":  5}', '{"a":  5}'),
        ('{"a":"5"}', '{"a":"5"}'),
        ('{"a":[1,2]}', '{"a":[1,2]}'),
        ('{"at 12:30":5}', '{"at 12:30":0}'),
        ('{"a\\":5":5}', '{"a\\":5":0}'),
        ('{"a\\\\":5}', '{"a\\\\":0}'),
        ('{"a":1e5}', '{"a":0e5}'),
        ('{"a":{"b":{"c":7}},"d":8}', '{"a":{"b":{"c":0}},"d":0}'),
    ],
)
def test_a_number_is_what_follows_a_colon_outside_strings_and_at_most_one_blank(text: str, skeleton: str) -> None:
    assert skeletons(scanned(text)) == [skeleton.encode()]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("{}", 1),
        (' \t{"a":1}\r\n', 1),
        ('[{"a":1}]', 1),
        ('[ {"a":1} ,\n{"b":2},{"a":"}{"} ]', 3),
        ("[" * 1 + "{" + '"a":' + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1) + "}]", 1),
    ],
)
def test_a_record_is_an_event_or_a_frame_of_events(text: str, events: int) -> None:
    found = scanned(text)
    assert found.is_whole.tolist() == [True]
    assert found.record.tolist() == [0] * events


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "[]", "[", "1", '"{}"', "{", "}", "[{}", "[{},]", "[,{}]", "[{}{}]", "{}{}", "{},{}", "[[{}]]"),
        *('{"a', '{"a"', '{"a":', '{"a":1', '{"a":-', '{"a\\"}', "{}x", "[{}]x", "[{}]]"),
        '{"a":' + "[" * DEEPEST + "]" * DEEPEST + "}",
    ],
)
def test_a_record_that_is_anything_else_is_not_whole_and_its_neighbours_are(text: str) -> None:
    found = scanned('{"a":1}', text, '{"b":2}')
    assert found.is_whole.tolist() == [True, False, True]
    assert skeletons(found)[0] == b'{"a":0}'
    assert skeletons(found)[-1] == b'{"b":0}'


@given(st.lists(_debris | LOOSE_RECORDS | st.binary(max_size=30), max_size=6))
@settings(max_examples=500, deadline=None)
def test_what_is_found_in_a_record_does_not_depend_on_its_neighbours(records: list[bytes]) -> None:
    together, alone = scanned(*records), [scanned(record) for record in records]
    assert together.is_whole.tolist() == [found.is_whole[0] for found in alone]
    assert together.record.tolist() == [n for n, found in enumerate(alone) for _ in found.record]
    assert skeletons(together) == [skeleton for found in alone for skeleton in skeletons(found)]
    for name in ("value", "integer", "is_time", "is_good"):
        of_events = [_of_events(found, name) for found in (together, *alone)]
        assert of_events[0] == [numbers for event in of_events[1:] for numbers in event]


def _of_events(found: Scan, name: str) -> list[list[float]]:
    column = getattr(found, name)
    bounds = zip(found.first.tolist(), (found.first + found.numbers).tolist(), strict=True)
    return [column[begin:end].tolist() for begin, end in bounds]
