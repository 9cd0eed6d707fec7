"""What became of each exceedance of a run, by SQL over what anybody reads from ClickHouse; the plant's labels say only
what the cause was and from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clickhouse_driver import Client

from infra.simulator.labels import Label
from schemas.durations import Duration


@dataclass(frozen=True)
class Rule:
    """The alarm that an exceedance of a stack's emission raises, and what its playbook promises."""

    asset: str
    metric: str
    alarm: str
    high: float
    """In the unit of the metric."""
    on_delay: str
    time_limit: str


@dataclass(frozen=True)
class Episode:
    """One exceedance in one mode. Times are seconds; None is what did not happen."""

    mode: str
    asset: str
    metric: str
    cause: str
    lasted: float
    """The cause, until a person removed it."""
    alarm: float | None
    """From the end of the on-delay, counted from the first reading above the limit, to the alarm in the log, by the
    broker's clock."""
    raised: int
    """How often the alarm came on."""
    back: float | None
    """From the alarm to its last return, off-delay included."""
    alone: bool
    """Whether it had returned for good before a person removed the cause."""
    escalated: float | None
    """From the alarm until the control loop called a person, by the broker's clock."""
    time_limit: float
    """Of the playbook, for `escalated`."""
    exceeded: float
    """Readings above the limit."""
    adjustments: int
    """Commanded or, in mode advise, proposed; those that wind back are among them."""

    @property
    def called_in_time(self) -> bool:
        return self.escalated is not None and self.escalated <= self.time_limit


class Transition(NamedTuple):
    """A row of an alarm; times in epoch ms."""

    what: str
    """raised or returned."""
    ts: int
    """Event time."""
    logged: int
    """The broker's time of the last record that was processed together with the alarm's: not before its own."""


class Move(NamedTuple):
    """A row of an adjustment; `ts` is the broker's time, epoch ms."""

    adjustment: str
    status: str
    ts: int


class Above(NamedTuple):
    """What the readings say: since when (epoch ms, None: never) and for how many seconds they were above the limit."""

    since: int | None
    seconds: float


_READINGS = """
SELECT minOrNullIf(toUnixTimestamp64Milli(ts), value > %(high)s),
       countIf(value > %(high)s) * dateDiff('ms', min(ts), max(ts)) / (count() - 1) / 1000
FROM headrace.readings
WHERE asset = %(asset)s AND metric = %(metric)s AND flag IN ('N', 'T', 'S')
  AND toUnixTimestamp64Milli(ts) >= %(start)s AND toUnixTimestamp64Milli(ts) < %(until)s
"""
"""Readings are evenly spread: each stands for as long as the others."""

_ALARMS = """
SELECT transition, toUnixTimestamp64Milli(a.ts), toUnixTimestamp64Milli(l.broker_ts)
FROM headrace.alarms AS a
ASOF JOIN headrace.ledger AS l ON l.topic = a.topic AND l.partition = a.partition AND l.next_offset > a.offset
WHERE asset = %(asset)s AND name = %(alarm)s AND transition IN ('raised', 'returned')
  AND toUnixTimestamp64Milli(a.ts) >= %(start)s AND toUnixTimestamp64Milli(a.ts) < %(until)s
ORDER BY a.ts, a.offset
"""

_ADJUSTMENTS = """
SELECT adjustment, status, toUnixTimestamp64Milli(ts)
FROM headrace.adjustments
WHERE asset = %(asset)s AND toUnixTimestamp64Milli(ts) >= %(start)s AND toUnixTimestamp64Milli(ts) < %(until)s
ORDER BY ts, offset
"""

_FOREVER = 2**53


def read(url: str, mode: str, labels: Sequence[Label], rules: Sequence[Rule]) -> list[Episode]:
    """An episode for each label, in their order; all of it lies between its label's start and the stack's next one."""
    client = Client.from_url(url)
    try:
        found = []
        for place, label in enumerate(labels):
            rule = next(rule for rule in rules if (rule.asset, rule.metric) == (label.asset, label.metric))
            later = (other.start for other in labels[place + 1 :] if other.asset == label.asset)
            asked = {
                "asset": label.asset, "metric": label.metric, "alarm": rule.alarm, "high": rule.high,
                "start": label.start, "until": next(later, _FOREVER),
            }  # fmt: skip
            [above] = client.execute(_READINGS, asked)
            alarms, moves = client.execute(_ALARMS, asked), client.execute(_ADJUSTMENTS, asked)
            found.append(
                episode(
                    mode,
                    label,
                    rule,
                    Above(*above),
                    [Transition(*row) for row in alarms],
                    [Move(*row) for row in moves],
                )
            )
        return found
    finally:
        client.disconnect()


def episode(
    mode: str, label: Label, rule: Rule, above: Above, alarms: Sequence[Transition], moves: Sequence[Move]
) -> Episode:
    """What the rows of one exceedance, in the order of their times, come to."""
    raised = [row for row in alarms if row.what == "raised"]
    back = alarms[-1].ts if alarms and alarms[-1].what == "returned" else None
    called = next((move.ts for move in moves if move.status == "escalated"), None)
    on = raised[0].ts if raised else None
    return Episode(
        mode=mode,
        asset=label.asset,
        metric=label.metric,
        cause=label.kind,
        lasted=(label.end - label.start) / 1000,
        alarm=_seconds(above.since, raised[0].logged - Duration.parse(rule.on_delay)) if raised else None,
        raised=len(raised),
        back=_seconds(on, back),
        alone=back is not None and back < label.end,
        escalated=_seconds(on, called),
        time_limit=Duration.parse(rule.time_limit) / 1000,
        exceeded=above.seconds,
        adjustments=len({move.adjustment for move in moves if move.status in ("commanded", "proposed")}),
    )


def _seconds(begin: int | None, end: int | None) -> float | None:
    return None if begin is None or end is None else (end - begin) / 1000
