"""What stands, and how the alarms do: the views over transitions."""

import time
from typing import Any

import numpy as np
import pytest
from clickhouse_driver import Client

from sinks.base import Coded, Rows
from sinks.clickhouse.writer import ClickHouseSink

HOUR = 3_600_000
NOW = int(time.time() * 1000)


def rows(*transitions: dict[str, Any], site: str = "s") -> Rows:
    """Rows in the order of the log; `record` and `place` say which transition of which record each is."""
    count = len(transitions)

    def words(field: str, default: str) -> Coded:
        return Coded(np.arange(count, dtype=np.int32), [str(one.get(field, default)) for one in transitions])

    def numbers(field: str, default: float, kind: Any) -> Any:
        return np.array([one.get(field, default) for one in transitions], kind)

    record = [one.get("record", number) for number, one in enumerate(transitions)]
    return {
        "id": [f"i-{at:x}-{one.get('place', 0):x}" for at, one in zip(record, transitions, strict=True)],
        "alarm": [str(one.get("alarm", "a")) for one in transitions],
        **{name: Coded(np.zeros(count, np.int32), [name]) for name in ("asset", "metric", "name", "topic", "by")},
        "site": Coded(np.zeros(count, np.int32), [site]),
        "topology": Coded(np.zeros(count, np.int32), ["t"]),
        "priority": words("priority", "high"),
        "transition": words("transition", "raised"),
        "previous": words("previous", "normal"),
        "state": words("state", "unacknowledged"),
        "ts": numbers("ts", NOW, np.int64),
        "active": numbers("active", 1, np.uint8),
        "flood": numbers("flood", 0, np.uint8),
        "raised_at": numbers("raised_at", NOW, np.float64),
        **{name: np.full(count, np.nan) for name in ("value", "limit", "until")},
        "reason": ["why"] * count,
        "partition": np.zeros(count, np.int32),
        "offset": np.array(record, np.int64),
    }


def test_what_stands_is_the_newest_transition_of_each_alarm_unless_it_is_normal(
    sink: ClickHouseSink, client: Client
) -> None:
    log = rows(
        {"alarm": "gone"},
        {"alarm": "gone", "transition": "returned", "state": "normal", "active": 0, "ts": NOW - 5},
        {"alarm": "up", "ts": NOW + 5},
        {"alarm": "up", "transition": "acknowledged", "state": "acknowledged", "ts": NOW - 5},
        # Of one record: what came later in it is newer, whatever its time.
        {"alarm": "both", "transition": "shelf_expired", "record": 16, "place": 9, "ts": NOW + 9},
        {"alarm": "both", "transition": "returned", "state": "returned_unacknowledged", "record": 16, "place": 16},
    )
    for _ in range(2):
        sink.write({"alarms": [log]})
    found = client.execute("SELECT alarm, transition, state FROM headrace.alarms_standing ORDER BY alarm")
    assert found == [("both", "returned", "returned_unacknowledged"), ("up", "acknowledged", "acknowledged")]


@pytest.mark.parametrize(
    ("seconds", "chattering"), [((0, 30, 59), 1), ((0, 30, 60), 0), ((0, 59), 0), ((0, 100, 130, 150), 1)]
)
def test_an_alarm_chatters_if_it_is_raised_three_times_within_a_minute(
    sink: ClickHouseSink, client: Client, seconds: tuple[int, ...], chattering: int
) -> None:
    sink.write({"alarms": [rows(*({"ts": NOW - HOUR + 1_000 * second} for second in seconds))]})
    assert client.execute("SELECT chattering FROM headrace.alarm_kpis") == [(chattering,)]


def test_the_figures_of_a_site_count_the_last_day_and_what_stands_now(sink: ClickHouseSink, client: Client) -> None:
    day_old = {"ts": NOW - 25 * HOUR, "raised_at": NOW - 25 * HOUR}
    mine = rows(
        {"alarm": "stale", **day_old},
        {"alarm": "returned", **day_old},
        {"alarm": "returned", **day_old, "transition": "returned", "state": "returned_unacknowledged", "active": 0},
        {"alarm": "shelved", "flood": 1},
        {"alarm": "shelved", "transition": "shelved", "state": "shelved", "flood": 1},
        {"alarm": "shelved", "transition": "raised", "state": "shelved", "flood": 1},
        *({"alarm": "new", "ts": NOW - number * HOUR} for number in range(3)),
    )
    sink.write({"alarms": [mine, rows({"ts": NOW - 48 * HOUR, "state": "normal", "active": 0}, site="quiet")]})
    columns = "site, alarms_per_hour, standing, stale, chattering, flood_share"
    found = client.execute(f"SELECT {columns} FROM headrace.alarm_kpis ORDER BY site")
    assert found == [("quiet", 0, 0, 0, 0, 0), ("s", 4 / 24, 3, 1, 0, 0.25)]
