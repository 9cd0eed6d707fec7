"""The processor against the oracle: the same rows from the same log, however it is cut."""

import json
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import Duration, decode_hook
from schemas.results import Anomaly, DeadLetter
from streams.checkpoint import FORMAT, unpack
from streams.compute.compliance.rule import Compliance, Rule
from streams.compute.incidents import Incidents
from streams.processor import Processor
from streams.rendering import Renderer
from streams.topology.model import Topology
from tests.oracle import Oracle, Window
from tests.streams.processing import NOW, TOPOLOGY, Record, chunk, event, logs, rendered, rows, run

GOLDEN = Path(__file__).parent / "golden"
"""Checkpoints of the first 40 events of the test below, written by the versions that had these formats."""
WITHOUT_DUPLICATES = msgspec.structs.replace(
    TOPOLOGY, time=msgspec.structs.replace(TOPOLOGY.time, duplicates=Duration(0))
)
WITHOUT_DETECTORS = msgspec.structs.replace(TOPOLOGY, detectors=())
WINDOWS = [Window("10s", 10_000, 10_000, 5_000), Window("1m", 60_000, 20_000, 2_000)]


@given(logs())
@settings(max_examples=150, deadline=None)
def test_the_windows_are_those_of_the_oracle(log: list[Record]) -> None:
    processor, messages = run(log, [])
    oracle = Oracle(WINDOWS).read(log)
    found, expected = rows(messages), oracle.rows()
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        for name in ("count", "min", "max", "first", "last", "offset"):
            assert getattr(found[key], name) == row[name], (key, name)
        scale = max(abs(row["min"]), abs(row["max"]))
        for name in ("sum", "mean", "stddev"):
            assert math.isclose(getattr(found[key], name), row[name], rel_tol=1e-9, abs_tol=1e-9 * scale), (key, name)
    counts = processor.engine.counts
    names = ("events", "accepted", "late", "duplicate", "points")
    assert [getattr(counts, name) for name in names] == [getattr(oracle, name) for name in names]
    assert counts.dead_letter == oracle.dead


@given(logs(), st.lists(st.integers(0, 100), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_chunking_of_the_log_gives_the_same_messages_byte_for_byte(log: list[Record], cuts: list[int]) -> None:
    whole, cut_up = run(log, [])[1], run(log, cuts)[1]
    for topic in ("aggregates", "anomalies", "dead.letters"):
        assert [m for m in whole if m.topic == topic] == [m for m in cut_up if m.topic == topic]


@given(logs(), st.lists(st.integers(0, 100), max_size=4))
@settings(max_examples=75, deadline=None)
def test_a_restart_from_any_checkpoint_changes_nothing(log: list[Record], cuts: list[int]) -> None:
    whole, restarted = run(log, []), run(log, cuts, snapshots=True)
    for topic in ("aggregates", "anomalies", "dead.letters"):
        assert [m for m in whole[1] if m.topic == topic] == [m for m in restarted[1] if m.topic == topic]
    assert whole[0].engine.counts == restarted[0].engine.counts


@given(logs())
@settings(max_examples=75, deadline=None)
def test_every_measured_point_is_in_a_window_or_counted_late(log: list[Record]) -> None:
    engine = run(log, [7])[0].engine
    measured = engine.counts.points - engine.counts.points_invalid
    tumbling, hopping = engine.windows["10s"], engine.windows["1m"]
    assert tumbling.windowed + tumbling.late == measured
    assert hopping.windowed + hopping.late == 3 * measured
    counts = engine.counts
    assert counts.events == counts.accepted + counts.late + counts.duplicate + counts.dead_letter


def test_a_reading_sent_again_counts_once_and_its_event_is_a_duplicate() -> None:
    first, other = event(NOW, "a", {"t": 1.0}), event(NOW, "a", {"t": 7.0, "p": 2.0})
    log = [(0, NOW, json.dumps([first, first]).encode()), (1, NOW, json.dumps(other).encode())]
    log.append((2, NOW + 60_000, json.dumps(event(NOW + 60_000, "b", {"t": 1.0})).encode()))
    processor, messages = run(log, [1, 2])
    counts = processor.engine.counts
    assert (counts.events, counts.accepted, counts.duplicate) == (4, 3, 1)
    assert (counts.points, counts.points_duplicate) == (3, 2)
    found = {(row.window, row.metric): (row.count, row.sum) for row in rows(messages).values() if row.asset == "a"}
    assert found["10s", "t"] == (1, 1.0)
    assert found["10s", "p"] == (1, 2.0)
    flagged = [msgspec.json.decode(message.value) for message in messages if message.topic == "anomalies"]
    assert all(flag["detector"] != "high" for flag in flagged)  # the 7.0 went nowhere


def test_an_attack_with_ever_new_assets_becomes_dead_letters_and_known_series_go_on() -> None:
    limits = msgspec.convert({"new_per_minute": 5}, type(TOPOLOGY.series))
    topology = msgspec.structs.replace(TOPOLOGY, series=limits)
    log = [(n, NOW + n, json.dumps(event(NOW + n, f"a{n // 2}", {"t": 1.0})).encode()) for n in range(200)]
    log += [(200 + n, NOW + 200 + n, json.dumps(event(NOW + 200 + n, "a0", {"t": 1.0})).encode()) for n in range(50)]
    found = []
    for step in (1, 7, 250):
        processor = Processor(topology, "machine.events", 0, 0)
        for begin in range(0, 250, step):
            processor.feed(chunk(log[begin : begin + step], processor.next_offset))
        counts = processor.engine.counts
        assert (counts.accepted, counts.dead_letter, len(processor.engine.series)) == (60, 190, 5)
        found.append([(letter.reason, letter.offset) for letter in processor.cut().letters])
    assert found[0] == found[1] == found[2] == [("too_many_series", offset) for offset in range(10, 200)]


def test_a_frame_of_very_many_new_series_becomes_few_dead_letters_and_its_fields_no_others() -> None:
    limits = msgspec.convert({"new_per_minute": 5}, type(TOPOLOGY.series))
    topology = msgspec.structs.replace(TOPOLOGY, series=limits)
    frame = [event(NOW, f"a{n}", {"t": 1.0, "p": "x" if n > 500 else 2}) for n in range(1_000)]  # type: ignore[dict-item]
    processor = Processor(topology, "machine.events", 0, 0)
    processor.feed(chunk([(0, NOW, json.dumps(frame).encode())], 0))
    counts, letters = processor.engine.counts, processor.cut().letters
    assert (counts.events, counts.accepted, counts.dead_letter) == (1_000, 3, 997)
    assert len(letters) <= 102
    assert {letter.reason for letter in letters} == {"too_many_series", "more"}


def test_a_topology_can_switch_the_search_for_duplicates_off() -> None:
    processor = Processor(WITHOUT_DUPLICATES, "machine.events", 0, 0)
    processor.feed(chunk([(0, NOW, json.dumps([event(NOW, "a", {"t": 1.0})] * 2).encode())], 0))
    assert (processor.engine.counts.accepted, processor.engine.counts.points) == (2, 2)


@pytest.mark.parametrize("format_", range(1, FORMAT))
def test_a_checkpoint_of_an_older_format_goes_on_where_it_stood(format_: int) -> None:
    log = [
        (i, NOW + 500 * i, json.dumps(event(NOW + 500 * i, "abc"[i % 3], {"t": float(i % 7), "p": i * 0.5})).encode())
        for i in range(80)
    ]
    undisturbed, restored = (Processor(TOPOLOGY, "machine.events", 0, 0) for _ in range(2))
    undisturbed.feed(chunk(log[:40], 0))
    undisturbed.cut()
    undisturbed.engine.incidents = Incidents()  # which older versions did not know
    undisturbed.engine.incidents.grow(undisturbed.engine.series.keys)
    assert restored.restore(unpack((GOLDEN / f"checkpoint.v{format_}.bin").read_bytes())) == []
    for processor in (undisturbed, restored):
        processor.feed(chunk(log[40:], 40))
    found = rendered(restored).messages
    assert len(found) > 10
    assert found == rendered(undisturbed).messages


def test_ids_differ_between_rows_and_are_the_same_in_every_run() -> None:
    log = [(i, NOW + i * 1000, json.dumps(event(NOW + i * 1000, "a", {"t": float(i)})).encode()) for i in range(200)]
    first, second = run(log, [])[1], run(log, [50])[1]
    assert {m.id for m in first} == {m.id for m in second}
    assert len({m.id for m in first}) == len(first) > 20


def test_an_idle_partition_gives_out_its_windows_only_after_the_decision_was_cut() -> None:
    log = [(0, NOW, json.dumps(event(NOW, "a", {"t": 1.0})).encode())]
    processor, messages = run(log, [])
    assert messages == []
    processor.outbox._named = 0
    cut = processor.declare_idle(30_000)
    assert cut is not None
    decision = Renderer(TOPOLOGY, "machine.events", 0).render(cut)
    assert decision.messages == []
    processor.settle()
    restored = Processor(TOPOLOGY, "machine.events", 0, 0)
    restored.restore(unpack(decision.blob))
    settled = rendered(processor)
    given_out = settled.messages
    assert rendered(restored).messages == given_out
    assert (cut.ledger["settled"], settled.tables["ledger"][0]["settled"]) == ([0], [1])
    kinds = [m.topic for m in given_out]
    assert kinds.count("aggregates") == 4
    assert kinds.count("anomalies") == 1  # the series has been missing for longer than 20 s
    assert processor.declare_idle(60_000) is None


def test_rows_of_the_ledger_at_one_place_differ_in_what_tells_them_apart() -> None:
    """Where records have gone from the log, and where the topology has changed."""
    processor, _ = run([(0, NOW, json.dumps(event(NOW, "a", {"t": 1.0})).encode())], [])
    processor.skip_to(5)
    skipped = rendered(processor)
    assert skipped.tables["ledger"][0]["settled"] == [1]
    changed = Processor(WITHOUT_DETECTORS, "machine.events", 0, 0)
    assert changed.restore(unpack(skipped.blob)) != []
    row = rendered(changed).tables["ledger"][0]
    assert (row["next_offset"], row["changes"], row["skipped"]) == ([5], [1], [4])


def test_a_point_behind_an_idle_decision_is_late() -> None:
    log = [(0, NOW, json.dumps(event(NOW, "a", {"t": 1.0})).encode())]
    processor, _ = run(log, [])
    processor.declare_idle(30_000)
    processor.settle()
    processor.feed(chunk([(1, NOW, json.dumps(event(NOW, "a", {"t": 2.0})).encode())], 1))
    assert processor.engine.windows["10s"].late == 1
    assert processor.engine.counts.late == 1


def test_points_that_are_late_for_everything_are_late_for_their_rule_too() -> None:
    rule = Rule(name="so2", pack="cn-hj75-2017", metric="so2", limits={"hour": 50.0})
    processor = Processor(
        msgspec.structs.replace(TOPOLOGY, compliance=Compliance(rules=(rule,))), "machine.events", 0, 0
    )
    values = {"so2": 1.0, "t": 1.0}
    log = [event(NOW, "a", values), event(NOW - 600_000, "a", values), event(NOW - 30_000, "a", values)]
    processor.feed(chunk([(at, NOW, json.dumps(one).encode()) for at, one in enumerate(log)], 0))
    counts = processor.engine.counts
    assert (counts.late, counts.compliance_late) == (1, 2), "the last one is late for its minute alone"


def test_a_future_event_within_bounds_does_not_close_the_windows_of_others() -> None:
    ahead = event(NOW + 200_000, "b", {"t": 1.0})
    log = [
        (0, NOW, json.dumps(event(NOW, "a", {"t": 1.0})).encode()),
        (1, NOW, json.dumps(ahead).encode()),
        (2, NOW, json.dumps(event(NOW - 1, "a", {"t": 2.0})).encode()),
    ]
    processor, messages = run(log, [])
    assert messages == []
    assert processor.engine.counts.accepted == 3


def test_a_chunk_that_does_not_begin_where_the_last_one_ended_is_refused() -> None:
    processor, _ = run([(0, NOW, b"{}")], [])
    with pytest.raises(ValueError, match="expected offset 1"):
        processor.feed(chunk([(5, NOW, b"{}")], 5))


def test_a_dead_letter_carries_reason_origin_and_the_beginning_of_the_record() -> None:
    _, messages = run([(7, NOW, b'{"ts": 1, "site": "s", "asset": "a", "values": {"t": 1}}' + b" " * 5000)], [])
    letter = msgspec.json.decode(messages[0].value, type=DeadLetter)
    assert (letter.reason, letter.scope, letter.offset, letter.topic) == ("bad_time", "event", 7, "machine.events")
    assert letter.payload_bytes > 5000
    assert len(letter.payload) == 4096


def test_a_limit_without_delay_and_deadband_flags_every_violating_point() -> None:
    log = [(i, NOW + i, json.dumps(event(NOW + i, "a", {"t": float(i)})).encode()) for i in range(10)]
    flags = [msgspec.json.decode(m.value, type=Anomaly) for m in run(log, [3])[1] if m.topic == "anomalies"]
    assert [(flag.value, flag.detector, flag.offset) for flag in flags] == [(float(i), "high", i) for i in range(6, 10)]


def test_durations_in_a_topology_are_milliseconds() -> None:
    assert TOPOLOGY.windows[0].size == Duration(10_000)


def test_two_flags_from_one_frame_at_one_time_have_ids_of_their_own() -> None:
    frame = json.dumps([event(NOW, "a", {"t": 9.0}), event(NOW, "a", {"t": 8.0})]).encode()
    processor = Processor(WITHOUT_DUPLICATES, "machine.events", 0, 0)
    processor.feed(chunk([(0, NOW, frame)], 0))
    flags = [m for m in rendered(processor).messages if m.topic == "anomalies"]
    assert len(flags) == len({flag.id for flag in flags}) == 2


def test_a_restart_after_an_idle_decision_gives_out_nothing_that_an_undisturbed_run_does_not() -> None:
    processor, _ = run([(0, NOW, json.dumps(event(NOW, "a", {"t": 1.0})).encode())], [])
    assert processor.declare_idle(30_000) is not None
    processor.settle()
    back = [(1, NOW + 40_000, json.dumps(event(NOW + 9_000, "a", {"t": 1.0})).encode())]
    processor.feed(chunk(back, 1))
    restarted = Processor(TOPOLOGY, "machine.events", 0, 0)
    restarted.restore(unpack(rendered(processor).blob))
    assert rendered(restarted).messages == []


def test_falling_idle_leaves_windows_open_that_a_point_from_the_future_has_begun() -> None:
    log = [
        (0, NOW, json.dumps(event(NOW, "a", {"t": 1.0})).encode()),
        (1, NOW, json.dumps(event(NOW + 250_000, "b", {"t": 1.0})).encode()),
    ]
    processor, _ = run(log, [])
    assert processor.declare_idle(2_000) is not None
    processor.settle()
    later = [(2, NOW + 60_000, json.dumps(event(NOW + 60_000, "a", {"t": 1.0})).encode())]
    processor.feed(chunk(later, 2))
    assert processor.engine.counts.late == 0
    assert processor.engine.counts.accepted == 3


def test_a_frame_of_very_many_wrong_elements_becomes_few_dead_letters_and_all_are_counted() -> None:
    good = json.dumps(event(NOW, "a", {"t": 1.0})).encode()
    processor, messages = run([(0, NOW, b"[" + b"1," * 5_000 + good + b"]")], [])
    letters = [msgspec.json.decode(m.value, type=DeadLetter) for m in messages]
    assert len({letter.id for letter in letters}) == len(letters) == 101
    assert letters[-1].reason == "more"
    assert "4900 more" in letters[-1].detail
    counts = processor.engine.counts
    assert (counts.events, counts.dead_letter, counts.accepted, counts.dead_letters) == (5_001, 5_000, 1, 101)


@pytest.mark.parametrize("broker_ts", [2**63 - 1, -(2**63), 0])
def test_an_absurd_broker_timestamp_neither_hangs_nor_breaks_the_decoder(broker_ts: int) -> None:
    processor, _ = run([(0, broker_ts, json.dumps(event(NOW, "a", {"t": 1.0})).encode())], [])
    assert processor.engine.counts.events == 1


def test_a_stretch_of_very_many_windows_is_fed_in_parts_with_the_same_results(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [
        (i, NOW + i * 7_000, json.dumps(event(NOW + i * 7_000, "ab"[i % 2], {"t": i % 9})).encode()) for i in range(300)
    ]
    whole = run(log, [])[1]
    monkeypatch.setattr("streams.compute.engine._MOST_PLACES", 4)
    assert run(log, [])[1] == whole


@pytest.mark.parametrize(
    ("lateness", "declared", "horizon"),
    [("0ms", None, 5_000), ("20s", None, 20_000), ("2h", None, 60_000), ("20s", "10m", 600_000), ("20s", "0ms", 0)],
)
def test_duplicates_are_looked_for_as_far_back_as_windows_take_points_within_reason(
    lateness: str, declared: str | None, horizon: int
) -> None:
    document = {"topology": "test", "site": "s", "sources": {"machine.events": {}}, "time": {"duplicates": declared}}
    document["windows"] = [{"name": "1h", "size": "1h", "lateness": lateness}]
    topology = msgspec.convert(document, Topology, dec_hook=decode_hook)
    assert Processor(topology, "machine.events", 0, 0).engine.duplicates.horizon == horizon
