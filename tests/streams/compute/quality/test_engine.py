"""Samples and inspections: late, repeated, unknown or impossible ones; what people are told; topologies that change."""

import json
from typing import Any

import msgspec
import pytest

from schemas.events import Reason
from streams.checkpoint import pack, unpack
from streams.compute.quality.rows import DefectRow, InspectionRow, SampleRow, SpcPoint
from streams.rendering import Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from tests.streams.compute.quality.logs import NOW, Run, chunk, inspection, run, sample, topology

BORE: dict[str, Any] = {
    "name": "bore", "unit": "mm", "lower": 7, "upper": 13, "target": 10, "baseline": {"mean": 10, "sigma": 1},
    "charts": [{"kind": "individuals", "rules": ["western_electric"]}],
}  # fmt: skip


def bore(**fields: Any) -> dict[str, Any]:
    return {"characteristics": [{**BORE, **fields}]}


def counted(found: Run) -> tuple[int, int, int, int]:
    counts = found.processor.engine.counts
    assert counts.events == counts.accepted + counts.late + counts.duplicate + counts.dead_letter
    return counts.accepted, counts.late, counts.duplicate, counts.dead_letter


def test_a_sample_older_than_the_newest_is_kept_and_is_on_no_chart() -> None:
    found = run(bore(), [sample(5, 10.5), sample(3, 19.0), sample(5, 10.7)])
    assert counted(found) == (2, 1, 0, 0)
    assert [(row.mean, row.late, row.outside, row.capability_values) for row in found.of(SampleRow)] == [
        (10.5, False, 0, 1), (19.0, True, 1, 0), (10.7, False, 0, 2),
    ]  # fmt: skip
    assert {point.offset for point in found.of(SpcPoint)} == {0, 2}
    assert not found.flags


def test_charts_of_other_products_and_assets_do_not_make_a_sample_late() -> None:
    others = [sample(9, 10.5, product="p"), sample(8, 10.5, asset="b"), sample(7, 10.5, characteristic="length")]
    assert counted(run(bore(), [*others, sample(1, 10.5)])) == (4, 0, 0, 0)


def test_a_repeat_of_one_of_the_newest_events_leaves_no_trace() -> None:
    log = [sample(1, 10.5), sample(2, 10.6), sample(1, 10.5), sample(2, 10.6), sample(2, 10.6, item="2")]
    found = run(bore(), log)
    assert counted(found) == (3, 0, 2, 0)
    assert [row.offset for row in found.of(SampleRow)] == [0, 1, 4]
    lots = [inspection(1, 9, 8), inspection(1, 9, 8, defects={"crack": 1}), inspection(1, 9, 8)]
    assert counted(run({}, lots)) == (2, 0, 1, 0)


def test_a_late_sample_that_comes_again_is_a_duplicate() -> None:
    assert counted(run(bore(), [sample(5, 10.5), sample(3, 9.5), sample(3, 9.5)])) == (1, 1, 1, 0)


def test_late_samples_do_not_push_out_of_memory_what_would_be_drawn_twice() -> None:
    newest, late = sample(99, 10.5), [sample(second, 10.5) for second in range(50)]
    assert counted(run(bore(), [newest, *late, newest])) == (1, 50, 1, 0)


def test_repeats_are_found_also_after_a_checkpoint_that_had_no_event_times() -> None:
    first = run(bore(), [sample(1, 10.5), sample(2, 10.6)])
    state = msgspec.to_builtins(first.processor.engine.snapshot())
    turn = state["samples"][0][-1]["turn"]
    del turn["times"]
    turn["recent"] = [one + "0" * 8 for one in turn["recent"]]
    again = ShopFloorProcessor(topology(bore()), "quality.events", 0, 2)
    assert again.engine.restore(state) == []
    again.feed(chunk(2, [sample(1, 10.5), sample(2, 10.6), sample(3, 10.6)]))
    assert (again.engine.counts.accepted, again.engine.counts.duplicate) == (3, 2)


def test_an_undeclared_characteristic_is_kept_without_chart_and_specification() -> None:
    found = run(bore(), [sample(0, 99.0, characteristic="length")])
    [row] = found.rows
    assert isinstance(row, SampleRow)
    assert (row.unit, row.upper_spec, row.cpk, row.capability_values) == ("", None, None, 0)


def test_where_only_what_is_declared_is_wanted_the_rest_are_dead_letters() -> None:
    strict = topology(bore(products=["p*"]), unknown="dead_letter", assets={"a": {"kind": "drill"}})
    log = [
        sample(0, 10.0, product="p1"), sample(0, 10.0, product="q"), sample(0, 10.0, characteristic="length"),
        sample(0, 10.0, asset="b"), inspection(0, 5, 5, asset="b"), inspection(0, 5, 5),
    ]  # fmt: skip
    found = run(strict, log)
    assert found.refused == [Reason.UNKNOWN_METRIC, Reason.UNKNOWN_METRIC, Reason.UNKNOWN_ASSET, Reason.UNKNOWN_ASSET]
    assert counted(found) == (2, 0, 0, 4)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (sample(0), Reason.WRONG_TYPE),
        (sample(0, *[1.0] * 26), Reason.WRONG_TYPE),
        (sample(0, 1e101), Reason.WRONG_TYPE),
        (b'{"kind": "sample", "values": [NaN]}', Reason.MALFORMED),
        ({**sample(0, 1.0), "note": "?"}, Reason.WRONG_TYPE),
        (sample(0, 1.0, ts=NOW + 600_000), Reason.FUTURE),
        (sample(0, 1.0, ts=1), Reason.BAD_TIME),
        (inspection(0, 5, 4, reworked=2), Reason.BAD_VALUE),
        (inspection(0, 0, 0), Reason.WRONG_TYPE),
    ],
)
def test_what_cannot_be_is_a_dead_letter_and_its_neighbours_are_unharmed(event: Any, reason: Reason) -> None:
    found = run(bore(), [sample(1, 10.0), event, sample(2, 10.0)])
    assert found.refused == [reason]
    assert counted(found) == (2, 0, 0, 1)
    assert len(found.of(SampleRow)) == 2


def test_more_series_than_the_topology_allows_are_dead_letters() -> None:
    log = [
        sample(0, 10.0, product="1"),
        inspection(0, 5, 5),
        sample(0, 10.0, product="2"),
        sample(1, 10.0, product="1"),
    ]
    found = run({**bore(), "series": 2}, log)
    assert found.refused == [Reason.TOO_MANY_SERIES]
    assert counted(found) == (3, 0, 0, 1)


def test_a_refused_event_makes_no_series() -> None:
    log = [sample(0, 10.0, product="1", ts=1), inspection(0, 5, 5, ts=1), sample(0, 10.0, product="2")]
    assert run({**bore(), "series": 1}, log).refused == [Reason.BAD_TIME, Reason.BAD_TIME]


def test_people_are_told_in_one_sentence_when_a_rule_begins_to_be_violated() -> None:
    values = [13.5, 13.6, 9.0, 12.1, 12.2, 12.3, 10.1, 10.1, 10.1]
    found = run(bore(lower=5, upper=15), [sample(at, x, product="L100x8") for at, x in enumerate(values)])
    two = "2 of 3 points in a row lie more than 2 sigma above the centre line 10 mm; newest value"
    four = "4 of 5 points in a row lie more than 1 sigma above the centre line 10 mm; newest value"
    assert [(flag.offset, flag.detector, flag.severity, flag.reason) for flag in found.flags] == [
        (0, "individuals:beyond_limits", "warning",
         "bore of L100x8: value 13.5 mm is above the upper control limit 13 mm"),
        (1, "individuals:2_of_3_beyond_2s", "info", f"bore of L100x8: {two} 13.6 mm"),
        (2, "moving_range:beyond_limits", "warning",
         "bore of L100x8: moving range 4.6 mm is above the upper control limit 3.6855 mm"),
        (3, "individuals:2_of_3_beyond_2s", "info", f"bore of L100x8: {two} 12.1 mm"),
        (4, "individuals:4_of_5_beyond_1s", "info", f"bore of L100x8: {four} 12.2 mm"),
    ]  # fmt: skip
    [rules] = [point.rules for point in found.of(SpcPoint) if point.offset == 5 and point.chart == "individuals"]
    assert rules == "2_of_3_beyond_2s 4_of_5_beyond_1s"
    first = found.flags[0]
    assert (first.metric, first.expected, first.lower, first.upper, first.value) == ("bore", 10, 7, 13, 13.5)
    assert first.score == pytest.approx(3.5 / 6.5)


def test_flags_of_an_asset_that_come_soon_after_one_another_are_one_incident() -> None:
    log = [
        sample(0, 13.5), sample(60, 6.0, product="p"), sample(60, 6.0, asset="b"), sample(600, 10.0),
        sample(1300, 14.0),
    ]  # fmt: skip
    flags = run(bore(lower=0, upper=20), log).flags
    assert [flag.offset for flag in flags if flag.detector.endswith(":beyond_limits")] == [0, 1, 2, 4, 4]
    incident = {flag.offset: flag.incident for flag in flags}
    assert incident[0] == incident[1]
    assert len({incident[0], incident[2], incident[4]}) == 3


def test_a_measurement_outside_its_specification_is_told_when_it_begins() -> None:
    found = run(bore(charts=[]), [sample(at, *pair) for at, pair in enumerate([(10, 14), (9, 15), (6, 14), (7, 13)])])
    assert [(flag.offset, flag.detector, flag.severity, flag.value) for flag in found.flags] == [
        (0, "specification:upper", "critical", 14), (2, "specification:lower", "critical", 6),
    ]  # fmt: skip
    assert found.flags[0].reason == "bore: 14 mm is above the upper specification limit 13 mm"
    assert [row.outside for row in found.of(SampleRow)] == [1, 1, 2, 0]


def test_with_one_specification_limit_capability_looks_at_that() -> None:
    declared = bore(charts=[], lower=None, target=None)
    row = run(declared, [sample(0, 9.0, 11.0)]).of(SampleRow)[0]
    assert (row.cp, row.pp) == (None, None)
    assert row.cpk == pytest.approx(3 / (3 * 2 / 1.128))
    assert row.ppk == pytest.approx(3 / (3 * 2**0.5))


def test_nothing_is_judged_before_there_is_a_spread() -> None:
    declared = bore(baseline={"subgroups": 3})
    found = run(declared, [sample(at, x) for at, x in enumerate([10, 10, 10, 10, 11, 12])])
    phases = [point.phase for point in found.of(SpcPoint) if point.chart == "individuals"]
    assert phases == ["learning"] * 5 + ["monitoring"]


def test_what_is_given_of_a_baseline_is_not_learned() -> None:
    given_mean = run(bore(baseline={"mean": 10, "subgroups": 2}), [sample(at, x) for at, x in enumerate([11, 12, 13])])
    assert given_mean.of(SpcPoint)[-2].centre == 10
    given_sigma = run(bore(baseline={"sigma": 2, "subgroups": 2}), [sample(at, x) for at, x in enumerate([11, 12, 13])])
    last = given_sigma.of(SpcPoint)[-2]
    assert (last.chart, last.centre, last.upper) == ("individuals", 11.5, 17.5)


def test_inspections_of_single_items_are_added_up_to_points() -> None:
    log = [inspection(at, 1, int(at % 5 > 0)) for at in range(100)]
    found = run({"inspections": {"subgroup": 50, "fraction": 0.2}}, log)
    assert [(point.n, point.value, point.centre, point.rules) for point in found.of(SpcPoint)] == [
        (50, 0.2, 0.2, ""), (50, 0.2, 0.2, ""),
    ]  # fmt: skip


def test_an_inspection_has_its_defects_and_what_is_neither_good_nor_reworked_is_scrap() -> None:
    found = run({}, [inspection(0, 10, 6, reworked=3, defects={"crack": 2, "burr": 0, "undercut": 1}, item="lot 7")])
    [row] = found.of(InspectionRow)
    assert (row.inspected, row.passed, row.reworked, row.scrapped, row.item) == (10, 6, 3, 1, "lot 7")
    assert [(defect.defect, defect.count) for defect in found.of(DefectRow)] == [("crack", 2), ("undercut", 1)]


def test_what_is_declared_otherwise_begins_anew_and_is_named_and_the_rest_goes_on() -> None:
    before = {"characteristics": [BORE, {**BORE, "name": "length"}], "inspections": {"fraction": 0.1}}
    log = [sample(1, 10.0), sample(1, 10.0, characteristic="length"), inspection(1, 5, 5)]
    kept = run(before, log).processor.engine.snapshot()
    after = {
        "characteristics": [{**BORE, "upper": 12}, {**BORE, "name": "length", "charts": [{"kind": "cusum"}]}],
        "inspections": {"fraction": 0.2},
    }
    following = ShopFloorProcessor(topology(after), "quality.events", 0, 3)
    assert following.engine.restore(kept) == ["length (declared otherwise)", "inspections (declared otherwise)"]
    following.feed(chunk(3, [sample(2, 11.0), sample(2, 11.0, characteristic="length"), sample(0, 9.0)]))
    rows = [row for row in following.cut().rows if isinstance(row, SampleRow)]
    assert [(row.characteristic, row.capability_values, row.late) for row in rows] == [
        ("bore", 2, False), ("length", 1, False), ("bore", 0, True),
    ]  # fmt: skip


def test_state_survives_a_checkpoint_and_rows_become_columns() -> None:
    declared = topology({**bore(), "inspections": {"subgroup": 3}})
    processor = ShopFloorProcessor(declared, "quality.events", 0, 0)
    processor.feed(chunk(0, [sample(0, 14.0, 15.0), inspection(0, 2, 1, defects={"crack": 1}), inspection(1, 2, 1)]))
    rendered = Renderer(declared, "quality.events", 0).render(processor.cut())
    assert {table: len(rows[0]["id"]) for table, rows in rendered.tables.items() if table != "ledger"} == {
        "samples": 1, "spc": 4, "inspections": 2, "defects": 1, "anomalies": 3,
    }  # fmt: skip
    assert rendered.tables["ledger"][0]["rows"] == [{"samples": 1, "spc": 4, "inspections": 2, "defects": 1}]
    told = [json.loads(message.value) for message in rendered.messages]
    assert {one["topic"] for one in told} == {"quality.events"}
    following = ShopFloorProcessor(declared, "quality.events", 0, 3)
    checkpoint = unpack(pack(unpack(rendered.blob)))
    assert following.engine.restore(checkpoint.engine) == []
    assert following.engine.snapshot() == processor.engine.snapshot()


def test_the_largest_values_overflow_nothing() -> None:
    declared = bore(baseline={"subgroups": 2}, charts=[{"kind": kind} for kind in ("individuals", "ewma", "cusum")])
    log = [sample(at, x, -x) for at, x in enumerate([1e100, -1e100, 1e100, 1e-300, 1e100])]
    found = run(declared, log)
    numbers = msgspec.json.decode(msgspec.json.encode([*found.rows, *found.flags]))
    assert counted(found) == (5, 0, 0, 0)
    assert None not in [row.get("value", 0) for row in numbers]
