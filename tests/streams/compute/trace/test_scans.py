"""Scans and events that do not go together against the oracle, however the log is cut; and what each flag says."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import Duration
from schemas.results import Anomaly
from schemas.trace import Place
from streams.checkpoint import Checkpoint, pack, unpack
from streams.compute.codes import KeyRing
from streams.compute.shop_floor import Believed, Origin
from streams.compute.trace.engine import TraceEngine
from streams.compute.trace.flags import number_of
from streams.compute.trace.spec import Enterprise, Scans, Trace
from tests.streams.compute.trace.messages import MILL, NOW, PRODUCT, YARD, capture, mint, read, seen, void
from tests.streams.compute.trace.oracle import MAX_FUTURE, Record
from tests.streams.compute.trace.scan_oracle import Flag, flags

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LATER = NOW + 10 * DAY
"""The broker's time, so that no event is in its future."""
RING = KeyRing.parse("A:" + "a2tr" * 11)
CODES = tuple(str(RING.code(PRODUCT, serial)) for serial in range(4))
SERIALS = {code: serial for serial, code in enumerate(CODES)}
ITEMS = (*CODES, "urn:example:item:1")
SHANGHAI, BEIJING, SUZHOU = (31.23, 121.47), (39.9, 116.4), (31.3, 120.6)
PORT = "urn:example:port"
LIMITS = {
    "fastest": 1000.0, "least_distance": 100.0, "most_per_hour": 2, "most_guesses": 3, "most_guesses_of_a_client": 1,
    "quiet": 20 * MINUTE,
}  # fmt: skip
ENTERPRISES = (Enterprise(prefix=MILL, name="mill"), Enterprise(prefix=YARD, name="yard"))


def topology(**fields: Any) -> Trace:
    scans = Scans(**{**LIMITS, "quiet": Duration(LIMITS["quiet"]), **fields})
    return Trace(enterprises=ENTERPRISES, places={PORT: Place(*BEIJING)}, scans=scans, repeats=Duration(30 * DAY))


def engine(declared: Trace | None = None) -> TraceEngine:
    return TraceEngine(Origin("plant", "trace.events", 0), Believed(0, MAX_FUTURE), declared or topology())


def scan(item: str = CODES[0], at: int = NOW, **fields: Any) -> dict[str, Any]:
    return {"kind": "scan", "enterprise": MILL, "ts": at, "code": item, "found": "genuine", "client": "c1", **fields}


def where(place: tuple[float, float]) -> dict[str, Any]:
    return {"place": {"latitude": place[0], "longitude": place[1]}}


def event(*items: str, at: int = NOW, by: str = MILL, **fields: Any) -> dict[str, Any]:
    uris = [one if one.startswith("urn:") else f"https://id.example.com/{one}" for one in items or CODES[:1]]
    return capture(seen(*uris, at=at, **fields), by)


def at_point(uri: str) -> dict[str, Any]:
    return {"readPoint": {"id": uri}}


def sold(*items: str, at: int = NOW, **fields: Any) -> dict[str, Any]:
    return event(*items, at=at, bizStep="retail_selling", **fields)


def wrong(message: dict[str, Any], at: int = NOW) -> dict[str, Any]:
    declared = {"declarationTime": "2026-03-01T00:00:00Z", "reason": "did_not_occur"}
    return {**message, "event": {**message["event"], "errorDeclaration": declared}}


def told(*messages: dict[str, Any], declared: Trace | None = None) -> list[Anomaly]:
    """Flags of messages, codes 0 to 9 minted before."""
    found, refused = read(engine(declared), [(LATER, message) for message in (mint(0, 10), *messages)])
    assert refused == [""] * (len(messages) + 1)
    return found.anomalies


def detectors(*messages: dict[str, Any], declared: Trace | None = None) -> list[tuple[int, str]]:
    """Which message was flagged by what."""
    return [(one.offset - 1, one.detector) for one in told(*messages, declared=declared)]


def reduced(found: list[Anomaly]) -> list[Flag]:
    return [Flag(one.offset, one.detector, next(i for i in ITEMS if i in one.reason), one.value) for one in found]


times = st.integers(-30, 30).map(lambda step: NOW + 5 * MINUTE * step)
some = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True)
spots = st.sampled_from([SHANGHAI, BEIJING, SUZHOU, (90.0, 0.0), (31.23, -179.9)])
clients = st.sampled_from(["", "c1", "c2", "c3", "c4"])
points = st.sampled_from([{}, at_point(PORT), at_point("geo:31.23,121.47"), at_point("urn:example:nowhere")])
steps = st.sampled_from([
    {}, {"bizStep": "retail_selling"}, {"bizStep": "shipping"}, {"bizStep": "shipping", "disposition": "retail_sold"},
    {"disposition": "returned"}, {"disposition": "retail_sold"}, {"bizStep": "destroying"}, {"disposition": "stolen"},
    {"bizStep": "receiving", "disposition": "returned"},
])  # fmt: skip
events = st.builds(
    lambda items, at, by, step, point: event(*items, at=at, by=by, **step, **point),
    some, times, st.sampled_from([MILL, MILL, YARD]), steps, points,
)  # fmt: skip
messages = st.one_of(
    events,
    events,
    st.builds(wrong, events),
    st.builds(
        lambda item, at, found, client, place: scan(item, at, found=found, client=client, **place),
        st.sampled_from(CODES), times, st.sampled_from(["genuine", "genuine", "void", "forged", "unknown"]), clients,
        st.just({}) | spots.map(where),
    ),
    st.builds(lambda first, count, at: void((first, count), ts=at), st.integers(0, 3), st.integers(1, 2), times),
)  # fmt: skip


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Messages of which some come twice, in any order of their times, and some are later declared wrong."""
    log = draw(st.lists(messages, max_size=40))
    for place in draw(st.lists(st.integers(0, 50), max_size=4)):
        if log and log[place % len(log)]["kind"] == "event":
            log.insert(draw(st.integers(0, len(log))), wrong(log[place % len(log)]))
    return [(LATER, message) for message in (mint(0, 10), *log)]


def through_a_checkpoint(subject: TraceEngine) -> TraceEngine:
    again = engine()
    blob = pack(Checkpoint("plant", "trace.events", 0, 1, 0, NOW, subject.snapshot()))
    assert again.restore(unpack(blob).engine) == []
    return again


def without_repeats(log: list[Record]) -> list[Record]:
    """The oracle knows no duplicates: they are told by `Repeats`, which has an oracle of its own."""
    known: list[Any] = []
    kept: list[Record] = []
    for broker, message in log:
        is_repeat = message["kind"] == "event" and message in known
        known.append(message)
        kept.append((broker, {"kind": "none", "enterprise": ""}) if is_repeat else (broker, message))
    return kept


@given(logs())
@settings(max_examples=300, deadline=None)
def test_flags_are_those_of_the_oracle(log: list[Record]) -> None:
    subject = engine()
    found, refused = read(subject, log)
    assert set(refused) == {""}
    expected = flags(without_repeats(log), LIMITS, {PORT: BEIJING}, SERIALS)
    assert [one[:3] for one in reduced(found.anomalies)] == [one[:3] for one in expected]
    for one, other in zip(found.anomalies, expected, strict=True):
        assert one.value == (None if other.value is None else pytest.approx(other.value, rel=1e-6))
    assert subject.counts.anomalies == len(expected)
    assert len({one.id for one in found.anomalies}) == len(expected)


@given(logs(), st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_cut_and_any_restart_gives_the_same_flags(log: list[Record], cuts: list[int]) -> None:
    at_once = engine()
    expected = read(at_once, log)[0].anomalies
    subject, found = engine(), []
    for begin, end in pairwise([0, *sorted(cut % (len(log) + 1) for cut in cuts), len(log)]):
        found += read(subject, log[begin:end], begin)[0].anomalies
        subject = through_a_checkpoint(subject)
    assert found == expected
    blobs = [pack(Checkpoint("p", "t", 0, 1, 0, NOW, one.snapshot())) for one in (subject, at_once)]
    assert blobs[0] == blobs[1]


def test_the_logs_of_the_oracle_have_flags_of_every_detector() -> None:
    """Or else they would prove nothing."""
    log = [
        scan(**where(SHANGHAI)), scan(at=NOW + MINUTE, client="c2", **where(BEIJING)),
        scan(at=NOW + MINUTE, client="c3"), sold(), sold(at=NOW + 1), void((0, 1), ts=NOW + HOUR),
        scan(at=NOW + 2 * HOUR), scan(found="forged"), scan(found="forged"),
    ]  # fmt: skip
    assert detectors(*log) == [
        (1, "travel"), (2, "scan_burst"), (4, "after_sale"), (6, "after_void"), (8, "guessing"),
    ]  # fmt: skip
    records = [(LATER, message) for message in (mint(0, 10), *log)]
    assert [(one.offset - 1, one.detector) for one in flags(records, LIMITS, {}, SERIALS)] == detectors(*log)


def test_a_flag_says_in_words_and_figures_what_is_wrong() -> None:
    one, *_ = told(scan(**where(SHANGHAI)), scan(at=NOW + 12 * MINUTE, client="c2", **where(BEIJING)))
    assert (one.site, one.asset, one.metric, one.severity) == (MILL, "TP-1001", "speed", "warning")
    assert one.value == pytest.approx(arc_km_per_hour := 5 * 1066.5, rel=0.01)
    assert (one.upper, one.ts) == (1000.0, NOW + 12 * MINUTE)
    assert one.score == pytest.approx(arc_km_per_hour / (arc_km_per_hour + 1000), abs=0.01)
    assert one.reason == (
        f"{CODES[0]} was at 31.23, 121.47 on 2026-02-02 02:40:00 UTC and 12 min later 1,067 km away at 39.90, 116.40: "
        "nothing travels faster than 1,000 km/h"
    )
    reasons = [
        flag.reason
        for flag in told(
            sold(), event(at=NOW + 2 * DAY, bizStep="shipping", disposition="in_transit"), void((0, 1), ts=NOW + DAY),
            scan(at=NOW + DAY + 90 * MINUTE), *(scan(found="unknown", client="c9") for _ in range(2)),
            *(scan(CODES[1], client=f"c{number}") for number in range(3)),
        )
    ]  # fmt: skip
    assert reasons == [
        f"{CODES[0]} was captured as shipping and in_transit on 2026-02-04 02:40:00 UTC, 2 d after it was sold on "
        "2026-02-02 02:40:00 UTC, and had not been returned",
        f"{CODES[0]} was scanned on 2026-02-03 04:10:00 UTC, though its code was voided on 2026-02-03 02:40:00 UTC, "
        "1.5 h before",
        "client c9 scanned 2 codes that are forged or were never minted within the hour up to 2026-02-02 02:40:00 UTC, "
        f"more than 1; the newest was {CODES[0]}",
        f"{CODES[1]} was scanned by 3 clients within the hour up to 2026-02-02 02:40:00 UTC, more than 2: "
        "its label may have been copied",
    ]


def test_a_place_is_too_far_only_beyond_the_distance_and_the_speed() -> None:
    near = (31.23, 121.47 + 0.9)  # 86 km
    assert detectors(scan(**where(SHANGHAI)), scan(**where(near))) == []
    flight = 67 * MINUTE  # 1,067 km
    assert detectors(scan(**where(SHANGHAI)), scan(at=NOW + flight, **where(BEIJING))) == []
    assert detectors(scan(**where(SHANGHAI)), scan(at=NOW + flight - 10 * MINUTE, **where(BEIJING))) == [(1, "travel")]
    [at_once] = told(scan(**where(SHANGHAI)), scan(client="c2", **where(BEIJING)))
    assert at_once.value is not None
    assert math.isfinite(at_once.value)
    assert "at the same time 1,067 km away" in at_once.reason


def test_events_have_places_by_their_uri_and_by_the_topology() -> None:
    shanghai = at_point("geo:31.23,121.47")
    assert detectors(event(**shanghai), event(at=NOW + MINUTE, **at_point(PORT))) == [(1, "travel")]
    assert detectors(event(**shanghai), scan(at=NOW + MINUTE, **where(BEIJING))) == [(1, "travel")]
    assert detectors(event(**shanghai), event(at=NOW + MINUTE, **at_point("urn:example:nowhere"))) == []


def test_what_comes_out_of_order_is_held_against_the_newest_place_and_does_not_become_it() -> None:
    later, earlier = scan(at=NOW + 4 * HOUR, **where(SHANGHAI)), scan(at=NOW, **where(BEIJING))
    assert detectors(later, earlier) == []
    assert detectors(later, scan(at=NOW + 4 * HOUR - MINUTE, **where(BEIJING))) == [(1, "travel")]
    assert detectors(later, earlier, scan(at=NOW + 4 * HOUR + MINUTE, **where(SUZHOU))) == []


def test_what_goes_on_is_told_once_and_again_after_a_quiet_time() -> None:
    def copies(first: int) -> list[dict[str, Any]]:
        return [scan(at=first + n * MINUTE, **where(BEIJING if n % 2 else SHANGHAI)) for n in range(40)]

    assert detectors(*copies(NOW)) == [(1, "travel")]
    assert detectors(*copies(NOW), *copies(NOW + 3 * HOUR)) == [(1, "travel"), (41, "travel")]


def test_an_event_of_many_items_is_one_flag() -> None:
    [flag] = told(sold(*CODES), event(*CODES, at=NOW + HOUR, bizStep="receiving"))
    assert flag.reason.startswith(CODES[0])
    assert flag.reason.endswith("; so it is of 3 more of its items")


@pytest.mark.parametrize(
    ("after", "flagged"),
    [
        (sold(at=NOW + 1), True),
        (sold(at=NOW - 1), True),  # of two sales one is too many
        (sold(), False),  # a repeat
        (event(at=NOW + 1, bizStep="packing"), True),
        (event(at=NOW + 1, bizStep="receiving"), True),
        (event(at=NOW, bizStep="receiving"), False),
        (event(at=NOW - 1, bizStep="receiving"), False),
        (event(at=NOW + 1, bizStep="shipping", disposition="retail_sold"), False),  # to the buyer
        (event(at=NOW + 1, bizStep="receiving", disposition="returned"), False),
        (event(at=NOW + 1, bizStep="inspecting", disposition="retail_sold"), False),
        (event(at=NOW + 1, bizStep="receiving", by=YARD), False),  # another enterprise's books
        (scan(at=NOW + 1), False),
    ],
)
def test_what_may_follow_a_sale(after: dict[str, Any], flagged: bool) -> None:
    assert detectors(sold(), after) == ([(1, "after_sale")] if flagged else [])


def test_what_was_returned_may_be_sold_again_whatever_came_first() -> None:
    back, again = event(at=NOW + HOUR, disposition="returned"), sold(at=NOW + 2 * HOUR)
    assert detectors(sold(), back, again) == []
    assert detectors(back, sold(), again) == []
    assert detectors(sold(), again) == [(1, "after_sale")]


@pytest.mark.parametrize(
    ("after", "flagged"),
    [
        (event(at=NOW + 1), True),
        (scan(at=NOW + 1), True),
        (scan(at=NOW), False),
        (event(at=NOW), False),
        (event(CODES[1], at=NOW + 1), False),
        (event(at=NOW + 1, bizStep="destroying"), False),
        (event(at=NOW + 1, bizStep="shipping", disposition="disposed"), False),
        (event(at=NOW + 1, by=YARD), False),
        (scan(CODES[1], at=NOW + 1, found="void"), True),  # the resolver knows more
        (scan(at=NOW - 1, found="void"), True),
        (scan(at=NOW + 1, found="forged"), False),
    ],
)
def test_what_may_follow_a_void(after: dict[str, Any], flagged: bool) -> None:
    assert detectors(void((0, 1)), after) == ([(1, "after_void")] if flagged else [])


def test_an_event_that_was_declared_wrong_is_no_reason_for_a_flag_whichever_came_first() -> None:
    sale, elsewhere = sold(), event(**at_point("geo:31.23,121.47"))
    shipped, here = event(at=NOW + HOUR, bizStep="shipping"), scan(at=NOW + MINUTE, **where(BEIJING))
    assert detectors(sale, shipped) == [(1, "after_sale")]
    assert detectors(sale, wrong(sale), shipped) == []
    assert detectors(wrong(sale), sale, shipped) == []
    assert detectors(elsewhere, here) == [(1, "travel")]
    assert detectors(elsewhere, wrong(elsewhere), here) == []
    assert detectors(wrong(elsewhere), elsewhere, here) == []
    assert detectors(sale, wrong(sold(CODES[1])), shipped) == [(2, "after_sale")], "another event"
    foreign = {**wrong(sale), "enterprise": YARD}
    assert detectors(foreign, sale, foreign, shipped) == [(3, "after_sale")], "another enterprise"


def test_a_lot_is_not_one_item() -> None:
    amount = {"quantityList": [{"epcClass": "urn:epc:class:lgtin:6901234.056789.HEAT7"}], "epcList": []}
    again = capture({**sold(at=NOW + 1)["event"], **amount})
    assert detectors(capture({**sold()["event"], **amount}), again) == []


def test_one_client_that_scans_often_is_no_burst() -> None:
    assert detectors(*(scan(at=NOW + number) for number in range(10))) == []
    assert detectors(*(scan(at=NOW + number, client="") for number in range(10))) == []
    spread = [scan(at=NOW + number * HOUR, client=f"c{number}") for number in range(5)]
    assert detectors(*spread) == []
    assert detectors(*(scan(at=NOW + number, client=f"c{number}") for number in range(3))) == [(2, "scan_burst")]


def test_a_flood_of_guesses_is_one_flag_for_the_enterprise_and_one_for_each_client() -> None:
    flood = [scan(at=NOW + number, found="forged", client=f"c{number % 50}") for number in range(1_000)]
    found = told(*flood, declared=topology(most_guesses=100, most_guesses_of_a_client=1_000))
    assert [(one.offset, one.value, one.upper) for one in found] == [(101, 101, 100)]
    assert found[0].reason.startswith("all clients together scanned 101 codes")
    one_client = [scan(at=NOW + number, found="unknown") for number in range(1_000)]
    found = told(*one_client, declared=topology(most_guesses=1_000, most_guesses_of_a_client=20))
    assert [(one.offset, one.value) for one in found] == [(21, 21)]


def test_flags_of_a_product_within_ten_minutes_are_one_incident() -> None:
    found = told(
        void((0, 4)), scan(at=NOW + MINUTE), scan(CODES[1], at=NOW + 9 * MINUTE), scan(CODES[2], at=NOW + 2 * HOUR)
    )
    first, second, third = (one.incident for one in found)
    assert first == second != third


def test_an_item_of_no_product_has_a_place_among_the_flags() -> None:
    pallet = "urn:epc:id:sscc:6901234.0000000333"
    [flag] = told(sold(pallet), sold(pallet, at=NOW + 1))
    assert (flag.asset, flag.metric) == ("other", "hours_since_sale")
    assert number_of("88.118.8/TP-1001/0000003KABPVQXMQGCV3") == "TP-1001"
    assert number_of("01/06901234567892/21/7") == "06901234567892"
    assert number_of("00/069012340000003338") == "other"


def test_memory_is_bounded_and_what_is_forgotten_is_told_no_more() -> None:
    few = topology(most_codes=2)
    assert detectors(sold(CODES[0]), sold(CODES[1]), sold(CODES[0], at=NOW + 1), declared=few) == [(2, "after_sale")]
    others = [sold(code) for code in CODES[1:3]]
    assert detectors(sold(CODES[0]), *others, sold(CODES[0], at=NOW + 1), declared=few) == []
    assert detectors(void((0, 1)), void((1, 1)), void((2, 1)), scan(at=NOW + 1), declared=few) == []


def test_a_checkpoint_of_a_version_that_did_not_look_at_scans_is_read() -> None:
    subject = engine()
    state = subject.snapshot()
    del state["watch"]
    assert engine().restore(state) == ["trace.scans"]
