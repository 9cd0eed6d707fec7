"""Records of source topics for tests: good ones, strategies that draw good and bad ones, and a way to decode them."""

import json
from typing import Any

import numpy as np
from hypothesis import strategies as st

from streams.compute.events import Events, Refusal
from streams.compute.series import SeriesTable
from streams.decode import Decoder
from streams.second_look import EventRules

NOW = 1_760_000_000_000
"""The broker's timestamp of every record, 2025-10-09T08:53:20Z."""

RULES = EventRules(earliest=946_684_800_000, max_future=300_000)
KNOWN = EventRules(earliest=RULES.earliest, max_future=RULES.max_future, assets={("s", "a")}, metrics={"t", "u", "v"})


def event(**fields: Any) -> dict[str, Any]:
    return {"ts": NOW, "site": "s", "asset": "a", "values": {"t": 1.0}, **fields}


def record(**fields: Any) -> bytes:
    return json.dumps(event(**fields)).encode()


def decode(
    values: list[bytes],
    rules: EventRules = RULES,
    offsets: list[int] | None = None,
    series: SeriesTable | None = None,
    broker_ts: int = NOW,
) -> tuple[Events, list[Refusal]]:
    decoder = Decoder(SeriesTable() if series is None else series, rules)
    at = np.arange(len(values)) if offsets is None else np.array(offsets, np.int64)
    return decoder.decode(values, at, np.full(len(values), broker_ts))


_names = st.sampled_from(["t", "u", "v", "w", "state", ""]) | st.text(max_size=3)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_good_times = st.integers(NOW - 10_000, NOW + 10_000) | st.just("2025-10-09T08:53:20.5+00:00")

GOOD_EVENTS = st.fixed_dictionaries(
    {
        "ts": _good_times,
        "site": st.sampled_from(["s", "鸿阳"]),
        "asset": st.sampled_from(["a", "b"]),
        "values": st.dictionaries(
            st.sampled_from(["t", "u", "v"]), st.floats(-1e100, 1e100) | st.integers(-9, 9), min_size=1
        ),
    },
    optional={
        "flags": st.none() | st.dictionaries(st.sampled_from(["t", "u", "x"]), st.sampled_from("NFMSDCTB")),
        "state": st.none() | st.sampled_from(["running", "停机"]),
        "note": _json,
    },
)
"""Events that decode at first sight."""

_loose_events = st.fixed_dictionaries(
    {},
    optional={
        "ts": _good_times | st.sampled_from([0, 1_760_000_000, 4_070_908_800_000, 1 << 70, 1.5, True]) | _json,
        "site": st.just("s") | _names | _json,
        "asset": st.just("a") | _names | _json,
        "values": st.dictionaries(_names, st.floats(-9, 9) | st.sampled_from([1e200, "1", None, True]) | _json) | _json,
        "flags": st.dictionaries(_names, st.sampled_from(["N", "F", "Q", "", 0, None])) | _json,
        "state": st.sampled_from(["running", "", 5, None]),
        "note": _json | st.just(float("nan")),
    },
)
_judgement = {"topology": "p", "metric": "t", "detector": "d", "verdict": "false"}
_feedback = st.fixed_dictionaries(
    {"ts": _good_times, "site": st.just("s"), "asset": st.just("a")},
    optional={
        "values": st.sampled_from([{}, {"t": 1.5}, {"t": "x"}]),
        "state": st.sampled_from([None, "running", 5]),
        "feedback": st.sampled_from([_judgement, {**_judgement, "verdict": 1}, {**_judgement, "n": 1.5}, None, 5]),
    },
)


@st.composite
def _mangled(draw: st.DrawFn) -> bytes:
    """A good record with some bytes cut out and others put in their place."""
    value = json.dumps(draw(GOOD_EVENTS), ensure_ascii=draw(st.booleans())).encode()
    begin = draw(st.integers(0, len(value)))
    end = draw(st.integers(begin, min(begin + 8, len(value))))
    return value[:begin] + draw(st.binary(max_size=6)) + value[end:]


def _encoded(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.tuples(strategy, st.booleans()).map(
        lambda drawn: json.dumps(drawn[0], ensure_ascii=drawn[1]).encode(errors="replace")
    )


LOOSE_RECORDS = st.one_of(
    _encoded(GOOD_EVENTS),
    _encoded(_loose_events),
    _encoded(_feedback),
    _encoded(st.lists(GOOD_EVENTS | _loose_events | _feedback | _json, max_size=4)),
    _encoded(_json),
    _mangled(),
    st.binary(max_size=20),
)
"""Any bytes, most of them close to an event or a frame."""
