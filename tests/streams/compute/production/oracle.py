"""What production events come to, in plain Python: every machine's whole story first, then minute by minute.

Shares no code with the product. It knows the log from the beginning to the end and keeps everything.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

MINUTE = 60_000
DAY = 1440 * MINUTE


class Record(NamedTuple):
    """A record of the log: the event as JSON has it, with whole milliseconds as its time."""

    broker_ts: int
    event: dict[str, Any]


@dataclass
class Rules:
    """What is declared. Shifts are (weekdays from Monday = 0, start minute, minutes, breaks as start and minutes)."""

    states: dict[str, str]
    shifts: list[tuple[tuple[int, ...], int, int, list[tuple[int, int]]]]
    utc_offset: int = 0
    lateness: int = 10_000
    silence: int = 900_000
    micro_stop: int = 300_000
    live: int = 300_000
    days: dict[int, list[tuple[int, int, list[tuple[int, int]]]]] = field(default_factory=dict)
    """Shifts about a day, as found."""


@dataclass
class Story:
    """What is accepted of one machine: time, and the event."""

    told: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


@dataclass
class Found:
    """What comes out."""

    outcomes: list[str]
    slices: dict[tuple[str, int, str], dict[str, int]]
    """Asset, minute, order → milliseconds by category, and counts."""
    stops: list[tuple[Any, ...]]
    """Asset, start, end, lost ms, state, reason, micro, failure, silent."""


def run(rules: Rules, log: list[Record]) -> Found:
    """Everything that a log comes to."""
    outcomes: list[str] = []
    stories: dict[str, Story] = {}
    now, closed, delay = None, None, 0
    for broker_ts, event in log:
        outcome = "accepted"
        if event["kind"] == "tick":
            if now is not None and delay <= rules.live:
                now = max(now, broker_ts - delay)
        elif event["kind"] == "state" and event["state"] not in rules.states:
            outcome = "dead_letter"
        else:
            ts = event["ts"]
            if now is None or min(ts, broker_ts) > now:
                now = min(ts, broker_ts)
                delay = broker_ts - now
        if now is not None:
            closed = (now - rules.lateness) // MINUTE * MINUTE
        if outcome == "accepted" and event["kind"] != "tick":
            story = stories.setdefault(event["asset"], Story())
            told = story.told
            if event["ts"] < closed or (told and event["ts"] < told[-1][0]):
                outcome = "late"
            elif (event["ts"], event) in told:
                outcome = "duplicate"
            else:
                told.append((event["ts"], event))
        outcomes.append(outcome)
    slices: dict[tuple[str, int, str], dict[str, int]] = {}
    stops: list[tuple[Any, ...]] = []
    for asset, story in stories.items():
        for (minute, order), slice_ in _minutes(rules, story, closed or 0, asset, stops).items():
            if minute < (closed or 0):
                slices[asset, minute, order] = dict(slice_)
    return Found(outcomes, slices, sorted(stops))


def _minutes(
    rules: Rules, story: Story, closed: int, asset: str, stops: list[tuple[Any, ...]]
) -> dict[tuple[int, str], dict[str, int]]:
    found: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    state, reason, since, lost, order = "", "", 0, 0, ""

    def spend(begin: int, end: int) -> None:
        nonlocal lost
        if begin == end:  # no time is no slice
            return
        category = rules.states[state] if state else "unknown"
        for minute in range(begin // MINUTE * MINUTE, end, MINUTE):
            passed = min(end, minute + MINUTE) - max(begin, minute)
            planned = _is_planned(rules, minute)
            paused = not planned and category in ("standby", "down")
            found[minute, order]["planned" if paused else category] += passed
            if planned and category in ("setup", "standby", "down"):
                lost += passed

    def over(end: int, silent: bool) -> None:
        category = rules.states.get(state, "production")
        if category == "production" or end == since:
            return
        short = end - since < rules.micro_stop
        counts = category in ("standby", "down") and lost > 0
        micro, failure = counts and short, counts and not short and category == "down"
        at = found[end // MINUTE * MINUTE, order]
        at["micro_stops"] += micro
        at["micro_stop_ms"] += lost * micro
        at["failures"] += failure
        stops.append((asset, since, end, lost, state, reason, micro, failure, silent))

    told = story.told
    for number, (ts, event) in enumerate(told):
        if event["kind"] == "state":
            if event["state"] != state:
                over(ts, False)
                state, reason, since, lost = event["state"], event.get("reason", ""), ts, 0
            else:
                reason = event.get("reason", "") or reason
        elif event["kind"] == "count":
            found[ts // MINUTE * MINUTE, order]["good"] += event.get("good", 0)
            found[ts // MINUTE * MINUTE, order]["rejected"] += event.get("rejected", 0)
        else:
            order = event["order"]
        following = told[number + 1][0] if number + 1 < len(told) else None
        until = closed if following is None else following
        silent = ts + rules.silence
        spend(ts, min(until, silent))
        if until > silent:
            over(silent, True)
            state, reason, since, lost = "", "", silent, 0
            _, end = _shift(rules, silent)
            spend(silent, min(until, end))
            if following is not None and following > end:
                start, _ = _shift(rules, following)
                spend(max(start, end), following)
    return found


def _worked(rules: Rules, ts: int) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Shifts of the days about a moment: start, end, breaks."""
    today = (ts + rules.utc_offset) // DAY
    if today not in rules.days:
        found = rules.days[today] = []
        for day in range(today - 8, today + 9):
            for weekdays, begin, minutes, breaks in rules.shifts:
                if datetime.fromtimestamp(day * DAY / 1000, UTC).weekday() in weekdays:
                    start = day * DAY - rules.utc_offset + begin * MINUTE
                    pauses = [(start + at * MINUTE, start + (at + length) * MINUTE) for at, length in breaks]
                    found.append((start, start + minutes * MINUTE, pauses))
    return rules.days[today]


def _shift(rules: Rules, ts: int) -> tuple[int, int]:
    """Start and end of the shift at a moment, or of the pause, which midnight cuts."""
    before, after = [], []
    for start, end, _ in _worked(rules, ts):
        if start <= ts < end:
            return start, end
        (before if end <= ts else after).append((start, end))
    midnight = (ts + rules.utc_offset) // DAY * DAY - rules.utc_offset
    start = max([midnight, *(end for _, end in before)])
    return start, min([midnight + DAY, *(start for start, _ in after)])


def _is_planned(rules: Rules, minute: int) -> bool:
    for start, end, breaks in _worked(rules, minute):
        if start <= minute < end:
            return not any(begin <= minute < over for begin, over in breaks)
    return False
