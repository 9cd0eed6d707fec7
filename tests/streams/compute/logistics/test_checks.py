"""What a robot's pick is by the pick list and by the model of stock, case by case."""

from typing import Any

import pytest

from streams.compute.logistics.engine import LogisticsEngine
from streams.compute.logistics.spec import Logistics
from streams.compute.shop_floor import Found
from tests.streams.compute.logistics.events import NOW, arrival, engine, feed, line, move, pick, pick_list


def ready() -> LogisticsEngine:
    """Two full bins, and a list that wants two pieces from each."""
    running = engine()
    feed(running, arrival("A-1"), arrival("A-2", heat="H2"), pick_list(line("A-1"), line("A-2", heat="H2")))
    return running


def rows(found: Found, table: str) -> list[Any]:
    return [row for row in found.rows if row.table == table]


@pytest.mark.parametrize(
    ("taken", "verdict", "reason"),
    [
        (pick(pieces=2), "right", None),
        (pick(length_mm=12_005), "right", None),
        (pick(length_mm=12_006), "wrong_length", "Q355B 12006 mm heat H1 from A-1 for T-1; wanted was length 12000"),
        (pick(grade="Q235B"), "wrong_grade", "Q235B 12000 mm heat H1 from A-1 for T-1; wanted was grade Q355B"),
        (
            pick(grade="X", heat="Y"),
            "wrong_grade",
            "X 12000 mm heat Y from A-1 for T-1; wanted was grade Q355B, heat H1",
        ),
        (pick(section="L90x7"), "wrong_section", "Q355B 12000 mm heat H1 from A-1 for T-1; wanted was section L100x8"),
        (pick(heat="H2"), "wrong_heat", "Q355B 12000 mm heat H2 from A-1 for T-1; wanted was heat H1"),
        (pick("A-3", heat="H2"), "wrong_bin", "Q355B 12000 mm heat H2 from A-3 for T-1; wanted was bin A-2"),
        (pick("A-3", heat="H9"), "not_listed", "from A-3 for T-1, whose pick list wants no such piece"),
        (pick(order="T-9"), "no_list", "Q355B 12000 mm heat H1 from A-1 for T-9, which has no pick list"),
        (
            pick(pieces=3),
            "too_many",
            "robot-1 took 3 pieces of L100x8 Q355B 12000 mm heat H1 from A-1 for T-1; 2 pieces more had been wanted",
        ),
    ],
)
def test_a_wrong_pick_is_flagged_with_what_was_taken_and_what_was_wanted(
    taken: dict[str, Any], verdict: str, reason: str | None
) -> None:
    found, refused = feed(ready(), taken, first=3)
    [checked] = rows(found, "picks")
    assert (refused, checked.verdict) == ([], verdict)
    flags = [flag for flag in found.anomalies if flag.detector == "pick-check"]
    if reason is None:
        assert (flags, checked.reason) == ([], "")
    else:
        [flag] = flags
        assert checked.reason == flag.reason
        assert flag.reason.startswith("robot-1 took ")
        assert flag.reason.endswith(reason)
        assert (flag.severity, flag.metric, flag.asset, flag.value) == ("critical", "pick", "yard-1", taken["pieces"])


def test_right_pieces_of_a_pick_of_too_many_count_so_that_the_list_can_come_to_its_end() -> None:
    found, _ = feed(ready(), pick(pieces=3), pick(), first=3)
    assert [(row.counted, row.verdict) for row in rows(found, "picks")] == [(2, "too_many"), (0, "too_many")]


def test_a_newer_list_takes_the_place_of_the_old_one_and_an_older_one_is_late() -> None:
    running = ready()
    feed(running, pick(pieces=2), pick_list(line(pieces=1), ts=NOW + 1), first=3)
    found, _ = feed(running, pick_list(line(pieces=4)), pick(), pick(ts=NOW + 1), first=5)
    assert running.counts.late == 1
    assert [row.verdict for row in rows(found, "picks")] == ["right", "too_many"]


def test_a_list_without_lines_cancels_its_order() -> None:
    found, _ = feed(ready(), pick_list(ts=NOW + 1), pick(), first=3)
    assert [(row.line, row.bin, row.pieces) for row in rows(found, "pick_lists")] == [(0, "", 0)]
    assert [flag.reason.partition(", ")[2] for flag in found.anomalies] == ["which has no pick list"]


def test_a_list_that_is_older_than_its_cancellation_is_late() -> None:
    running = ready()
    found, _ = feed(running, pick_list(ts=NOW + 1), pick_list(line(pieces=4)), pick(), first=3)
    assert running.counts.late == 1
    assert [row.verdict for row in rows(found, "picks")] == ["no_list"]


def test_a_robot_that_sends_again_takes_from_stock_once() -> None:
    running = ready()
    found, _ = feed(running, pick(), pick(), pick(ts=NOW + 1), first=3)
    assert running.counts.duplicate == 1
    assert [row.pieces for row in rows(found, "stock_levels")] == [9, 8]


def test_pieces_that_the_stock_does_not_have_are_flagged_and_stock_is_never_negative() -> None:
    found, _ = feed(ready(), pick("A-1", 11), pick("B-9"), first=3)
    checks = [flag for flag in found.anomalies if flag.detector == "stock-check"]
    assert [flag.reason for flag in checks] == [
        "robot-1 took 11 pieces from A-1, and 10 were there by the model of stock: count what the bin holds",
        "robot-1 took 1 piece from B-9, and nothing has ever arrived there: count what the bin holds",
    ]
    assert {(flag.severity, flag.metric) for flag in checks} == {("warning", "stock")}
    assert [row.pieces for row in rows(found, "stock_levels")] == [0]
    assert len({flag.incident for flag in found.anomalies}) == 1


def test_a_bin_takes_one_kind_until_it_is_empty() -> None:
    running = engine()
    other = arrival(heat="H2", pieces=4)
    count = {"ts": NOW, "site": "s", "asset": "yard-1", "kind": "stock_take", "bin": "A-1", "pieces": 0}
    found, refused = feed(running, arrival(pieces=1), other, count, other)
    assert [(error.reason, error.detail) for error in refused] == [(
        "bin_taken",
        "A-1 holds 1 piece of L100x8 Q355B 12000 mm heat H1, no L100x8 Q355B 12000 mm heat H2 can be put there: if it "
        "is empty, send a stock take of 0 first",
    )]  # fmt: skip
    assert [(row.heat, row.pieces, row.change) for row in rows(found, "stock_levels")] == [
        ("H1", 1, 1),
        ("H1", 0, -1),
        ("H2", 4, 4),
    ]


def test_a_count_from_before_the_newest_change_of_its_bin_is_late() -> None:
    running = engine()
    count = {"ts": NOW - 1, "site": "s", "asset": "yard-1", "kind": "stock_take", "bin": "A-1", "pieces": 99}
    found, _ = feed(running, arrival(), count)
    assert (running.counts.late, len(found.rows)) == (1, 1)


@pytest.mark.parametrize(
    ("event", "reason", "detail"),
    [
        (
            pick_list(line(), line(heat="H2")),
            "bad_pick_list",
            "lines[1]: A-1 holds L100x8 Q355B 12000 mm heat H1, not L100x8 Q355B 12000 mm heat H2",
        ),
        (pick_list(line(cuts_mm=[6_000, 6_001])), "bad_pick_list", "lines[0]: cuts of 12001 mm from 12000 mm"),
        (arrival(asset="elsewhere"), "unknown_asset", "'elsewhere' is no store of this topology: rack-2, yard-1"),
        (
            move("i", "saw", "punch", departed=NOW + 1),
            "bad_time",
            f"departed {NOW + 1} is too early, or later than the arrival {NOW}",
        ),
        (move("i", "saw", "punch", departed="yesterday"), "bad_time", "'yesterday' is no RFC 3339 time with an offset"),
    ],
)
def test_what_contradicts_itself_is_refused_and_changes_nothing(
    event: dict[str, Any], reason: str, detail: str
) -> None:
    running = ready()
    before = running.snapshot()
    found, [error] = feed(running, event, first=3)
    assert (error.reason, error.detail, found.rows) == (reason, detail, [])
    after = running.snapshot()
    assert (str(after["stores"]), after["stream_time"]) == (str(before["stores"]), before["stream_time"])


def test_without_declared_stores_every_store_is_taken() -> None:
    _, refused = feed(engine(Logistics()), arrival(asset="elsewhere"))
    assert refused == []


def test_moves_say_how_long_they_took_and_what_waits_at_both_ends() -> None:
    running = engine()
    found, _ = feed(
        running,
        move("i", "yard", "saw"), move("j", "yard", "saw", departed="2025-10-09T08:53:15Z"), move("i", "saw", "punch"),
        move("j", "saw", "punch", ts=NOW - 1), move("i", "punch", "shipped", ts=NOW + 1),
    )  # fmt: skip
    assert [
        (row.duration_ms, row.items_at_source, row.items_at_destination, row.has_left) for row in rows(found, "moves")
    ] == [
        (60_000, 0, 1, False), (5_000, 0, 2, False), (60_000, 1, 1, False), (60_000, 1, 1, False), (60_000, 0, 0, True),
    ]  # fmt: skip
    assert running.counts.late == 1, "j arrived at the saw later, by its time"


def test_flags_within_ten_minutes_of_one_another_are_one_incident() -> None:
    minutes = (-30, -21, -12, -1)
    found, _ = feed(ready(), *(pick("A-3", heat="H9", ts=NOW + minute * 60_000) for minute in minutes), first=3)
    incidents = [flag.incident for flag in found.anomalies if flag.detector == "pick-check"]
    assert [incidents.index(one) for one in incidents] == [0, 0, 0, 3]
