"""Series are numbered in the order of the log, and no more of them appear than may."""

from streams.compute.series import SeriesKey, SeriesTable


def key(number: int) -> SeriesKey:
    return SeriesKey("s", f"a{number}", "t")


def test_only_so_many_series_are_new_in_a_minute_by_the_brokers_clock() -> None:
    table = SeriesTable(new_per_minute=3)
    assert table.admit([key(0), key(1)], 0) == [0, 1]
    assert table.admit([key(2), key(3)], 59_999) is None  # as a whole, and the table is as it was
    assert len(table) == 2
    assert table.admit([key(2)], 59_999) == [2]
    assert table.admit([key(3)], 59_999) is None
    assert table.admit([key(0), key(2)], 59_999) == [0, 2]
    assert table.admit([key(3)], 60_000) == [3]


def test_a_broker_clock_that_goes_back_opens_no_new_minute() -> None:
    table = SeriesTable(new_per_minute=1)
    assert table.admit([key(0)], 120_000) == [0]
    assert table.admit([key(1)], 60_000) is None


def test_there_are_never_more_series_than_the_most() -> None:
    table = SeriesTable(most=2)
    for minute in range(3):
        table.admit([key(minute)], 60_000 * minute)
    assert table.keys == [key(0), key(1)]


def test_a_restored_table_counts_on() -> None:
    table, restored = SeriesTable(new_per_minute=2), SeriesTable(new_per_minute=2)
    table.admit([key(0)], 60_000)
    restored.restore(table.keys, table.snapshot())
    assert restored.admit([key(1)], 60_000) == [1]
    assert restored.admit([key(2)], 60_000) is None
