"""Records that are read by their shape are read as the strict decoder reads them, and the others are left to it."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import shapes
from streams.compute.series import SeriesTable
from streams.decode import Decoder
from streams.shapes import Shapes
from tests.streams.records import GOOD_EVENTS, KNOWN, LOOSE_RECORDS, NOW, RULES, event, record
from tests.streams.test_decode import columns

_numbers = st.integers(-(10**20), 10**20) | st.floats(-1e6, 1e6) | st.decimals(-999, 999, places=3).map(float)


def told(decoder: Decoder, values: list[bytes]) -> tuple[dict[str, Any], list[Any]]:
    events, refusals = decoder.decode(values, np.arange(len(values)), np.full(len(values), NOW))
    return columns(events), refusals


def careful(values: list[bytes]) -> tuple[dict[str, Any], list[Any]]:
    """What a decoder gives that knows no shapes."""
    decoder = Decoder(SeriesTable(), RULES)
    decoder._shapes.read = lambda *_: None  # type: ignore[method-assign]
    return told(decoder, values)


def read_by_shape(values: list[bytes]) -> list[int]:
    """Which of these records are read by their shape, once all of them have been seen twice before."""
    decoder = Decoder(SeriesTable(), RULES)
    for _ in range(3):
        decoder._shapes._pause = 0
        found = decoder._shapes.read(values, np.full(len(values), NOW))
    return [] if found is None else sorted(set(found.record.tolist()))


@st.composite
def _families(draw: st.DrawFn) -> list[bytes]:
    """Records that differ in their numbers alone, among others of any kind, in any order."""
    values = draw(st.lists(LOOSE_RECORDS, max_size=4))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", ":")]))
    for template in draw(st.lists(GOOD_EVENTS, min_size=1, max_size=2)):
        for _ in range(draw(st.integers(2, 5))):
            metrics = {metric: draw(_numbers) for metric in template["values"]}
            one = {**template, "ts": draw(st.integers(NOW - 9999, NOW) | st.integers(0, 10**19)), "values": metrics}
            values.append(json.dumps(one, separators=separators).encode())
    return draw(st.permutations(values))


@given(_families())
@settings(max_examples=250, deadline=None)
def test_a_decoder_gives_the_same_whether_it_knows_the_shapes_or_not(values: list[bytes]) -> None:
    decoder = Decoder(SeriesTable(), RULES)
    for _ in range(4):
        decoder._shapes._pause = 0
        assert told(decoder, values) == careful(values)


@given(LOOSE_RECORDS, st.integers(0, 10**19), _numbers)
@settings(max_examples=250, deadline=None)
def test_no_shape_that_was_learned_lets_in_what_the_strict_decoder_refuses(raw: bytes, ts: int, x: float) -> None:
    """Every number of any record is replaced by any other: by shape or not, the same comes out."""
    other = raw.replace(b"1.5", str(x).encode()).replace(str(NOW).encode(), str(ts).encode())
    values = [raw, raw, other, raw.replace(b":", b": "), other.replace(b"1", b"0")]
    decoder = Decoder(SeriesTable(), RULES)
    for _ in range(3):
        decoder._shapes._pause = 0
        assert told(decoder, values) == careful(values)


JUDGEMENT = {"topology": "p", "metric": "t", "detector": "d", "verdict": "false"}
COMPACT = json.dumps(event(values={"t": 1.5, "u": -2}, state="running"), separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(COMPACT, id="compact"),
        pytest.param(record(values={"t": 1.5, "u": -2}), id="with a blank after each colon"),
        pytest.param(record(flags={"t": "M"}, seq=17, note=None), id="flags and fields that are ignored"),
        pytest.param(b"[" + COMPACT + b"," + COMPACT + b"]", id="a frame"),
        pytest.param(b" [" + COMPACT + b" ,\r\n\t" + record(asset="b", state="on") + b" ] ", id="a frame with blanks"),
        pytest.param(record(note='at 12:30, "x": 5'), id="numbers in a string"),
        pytest.param(record(note="100 % of %d, %s and %%", seq=1), id="percent signs"),
        pytest.param(COMPACT.replace(b",", b"\n,"), id="line feeds"),
        pytest.param(record(values={}, state="off"), id="only a state"),
        pytest.param(record(values={"t": 0.1234567890123456}), id="a float of 16 digits"),
    ],
)
def test_usual_records_are_read_by_their_shape(value: bytes) -> None:
    assert read_by_shape([value, value]) == [0, 1]
    assert told(Decoder(SeriesTable(), RULES), [value] * 3) == careful([value] * 3)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(record(ts="2025-10-09T08:53:20Z"), id="time as text"),
        pytest.param(COMPACT.replace(b"1.5", b"1.5e0"), id="an exponent"),
        pytest.param(COMPACT.replace(b'"u":', b'"t":'), id="a name twice"),
        pytest.param(COMPACT.replace(b":1.5", b":  1.5"), id="two blanks"),
        pytest.param(COMPACT.replace(b'"u":-2', b'"t":  1'), id="a name twice, and two blanks"),
        pytest.param(
            COMPACT.replace(b'"u":-2', b'"t":  %d' % (shapes._STAND_INS + 1)), id="a number that passes for a stand-in"
        ),
        pytest.param(record(values={"t": "1.5"}), id="a value that is none"),
        pytest.param(record(values={}, feedback=JUDGEMENT), id="what was said of a flag"),
        pytest.param(record(feedback=JUDGEMENT), id="what was said of a flag beside a value"),
        pytest.param(record(site=""), id="a name that is refused"),
        pytest.param(record(ts=-5), id="a time before the epoch"),
        pytest.param(record(ts=1_760_000_000), id="a time too early"),
        pytest.param(record(ts=NOW + 10**9), id="a time in the future"),
        pytest.param(record(note="at 12:05"), id="a number in a string that looks as if left out"),
        pytest.param(
            b'{"site":"s","asset":"x:0","values":{"t":1.5},"ts":%d,"seq":[%d]}' % (NOW, NOW - 5),
            id="a number in a string that looks as if left out, and one in a list that does not",
        ),
        pytest.param(b"[]", id="an empty frame"),
        pytest.param(b"[" + COMPACT, id="a frame that does not end"),
        pytest.param(b"[" + COMPACT + b",]", id="a frame that goes on"),
        pytest.param(b"[" + COMPACT + COMPACT + b"]", id="a frame without a comma"),
        pytest.param(b"[" + COMPACT + b",[" + COMPACT + b"]]", id="a frame in a frame"),
        pytest.param(COMPACT + COMPACT, id="two events"),
        pytest.param(COMPACT + b"\0", id="a byte more"),
        pytest.param(COMPACT[:-1], id="a byte less"),
        pytest.param(COMPACT.replace(b"}", b"]"), id="the wrong bracket"),
        pytest.param(COMPACT.replace(b":1.5", b":\0"), id="a byte that is none"),
        pytest.param(record(note=json.loads("[" * 70 + "]" * 70)), id="nested deep"),
        pytest.param(b"", id="no bytes"),
    ],
)
def test_a_record_that_is_not_certain_to_be_right_is_left_to_the_careful_way(value: bytes) -> None:
    assert read_by_shape([value, value]) == []
    assert told(Decoder(SeriesTable(), RULES), [value] * 3) == careful([value] * 3)


def test_a_shape_is_learned_when_it_is_seen_for_the_second_time() -> None:
    known = Decoder(SeriesTable(), RULES)._shapes
    broker_ts = np.full(1, NOW)
    assert _records(known, [COMPACT], broker_ts) == 0
    known._pause = 0
    assert _records(known, [COMPACT], broker_ts) == 1


def test_where_hardly_any_shape_is_known_chunks_are_left_alone_for_longer_and_longer() -> None:
    known = Decoder(SeriesTable(), KNOWN)._shapes
    tried = []
    for number in range(120):
        values = [record(note=f"{number} {n}") for n in range(4)]
        tried.append(known.read(values, np.full(4, NOW)) is not None)
    assert [chunk for chunk, was in enumerate(tried) if was] == [0, 2, 6, 14, 30, 62, 95]


def test_shapes_are_forgotten_when_they_take_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_MOST_BYTES", 3_000)
    decoder = Decoder(SeriesTable(), RULES)
    for number in range(50):
        decoder._shapes._pause = 0
        values = [record(asset=f"a{number}")] * 3
        assert told(decoder, values)[0]["x"][1] == [1.0] * 3
        assert decoder._shapes._skeletons.size < 3_500


def _records(known: Shapes, values: list[bytes], broker_ts: Any) -> int:
    found = known.read(values, broker_ts)
    return 0 if found is None else len(found.record)
