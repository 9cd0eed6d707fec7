"""The control loop, a pure function of one log: alarms that come and go, levels, acknowledgements, time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from schemas import identifiers
from schemas.alarm_actions import AlarmAction
from schemas.results import Adjustment
from streams.compute.alarms.lifecycle import Origin, alarm_id
from streams.compute.alarms.rule import AlarmRule
from streams.compute.control_loop.answer import Answer
from streams.compute.control_loop.journal import Journal, Subject
from streams.compute.control_loop.levels import Levels
from streams.compute.control_loop.playbook import Playbook
from streams.compute.control_loop.reasons import Reasons
from streams.compute.detectors.base import MetricInfo
from streams.compute.series import SeriesKey

IsOn = Callable[[str, SeriesKey], bool]
"""Whether the condition of an alarm, by name and series, holds."""


class ControlLoop:
    """The answers to the alarms of one partition of alarm actions."""

    def __init__(
        self,
        origin: Origin,
        site: str,
        playbooks: Sequence[Playbook],
        rules: Mapping[str, AlarmRule],
        metrics: Mapping[str, MetricInfo],
    ) -> None:
        """`rules` by name of the alarm; the metric of a playbook's alarm is the only one that it watches."""
        self._topology = origin.topology
        self._journal = Journal(origin)
        self._levels = Levels(needed(site, playbooks, rules))
        self._declared = {book.name: _fingerprint(site, book, rules[book.alarm]) for book in playbooks}
        self._answers: dict[str, Answer] = {}
        self._alarms: dict[str, tuple[str, SeriesKey]] = {}
        for book in playbooks:
            rule = rules[book.alarm]
            key = SeriesKey(site, book.asset, rule.metrics[0])
            id_ = alarm_id(origin.topology, book.alarm, *key)
            target, setpoint = book.setpoint.asset, book.setpoint.metric
            subject = Subject(site, book.asset, id_, book.name, book.mode, target, setpoint)
            self._alarms[book.name] = book.alarm, key
            self._answers[book.name] = Answer(book, rule, subject, self._levels, self._journal, Reasons(book, metrics))

    def feed(self, offset: int, now: int, action: AlarmAction, is_on: IsOn) -> bool:
        """Take the next record of the log, `is_on` telling what the alarms are after it.

        `now` is the broker's time, epoch milliseconds, which never falls. False where a level or an acknowledgement is
        of no use, because it is known already or nobody has asked for it.
        """
        self._journal.turn_to(offset, now)
        useful = True
        if action.topology != self._topology:
            pass  # a tick, or about the alarms of another topology
        elif action.level is not None:
            useful = self._levels.take(action.level, now)
        elif action.ack is not None:
            ack = action.ack
            useful = any(answer.take(ack) for answer in self._answers.values())
        for name, answer in self._answers.items():
            answer.act(is_on(*self._alarms[name]))
        return useful

    def drain(self) -> list[Adjustment]:
        """The rows since the last call, in order."""
        return self._journal.drain()

    def next_due(self) -> int | None:
        """When time alone will next bring something about; None if it does not."""
        times = [answer.next_due() for answer in self._answers.values()]
        return min((time for time in times if time is not None), default=None)

    def snapshot(self) -> dict[str, Any]:
        """The state: plain data."""
        return {
            "now": self._journal.now,
            "declared": dict(self._declared),
            "levels": self._levels.snapshot(),
            "answers": {name: answer.snapshot() for name, answer in self._answers.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over the state of a snapshot. Only for a new object.

        Names the playbooks that start anew, because they are declared otherwise or gone, and leave an episode behind:
        its set-point stays where it is.
        """
        self._journal.turn_to(-1, state["now"])
        self._levels.restore(state["levels"])
        anew = []
        for name, saved in state["answers"].items():
            if self._declared.get(name) == state["declared"][name]:
                self._answers[name].restore(saved)
            elif saved["open"]:
                how = "declared otherwise" if name in self._declared else "removed"
                anew.append(f"playbook {name} ({how}: its set-point is left where it is)")
        return anew


def needed(site: str, playbooks: Sequence[Playbook], rules: Mapping[str, AlarmRule]) -> Mapping[SeriesKey, list[str]]:
    """The series whose levels playbooks need, each with the assets whose playbooks do."""
    found: dict[SeriesKey, list[str]] = {}
    for book in playbooks:
        named = [(book.asset, rules[book.alarm].metrics[0]), (book.setpoint.asset, book.setpoint.metric)]
        named += [(interlock.asset, interlock.metric) for interlock in book.interlocks]
        for asset, metric in named:
            assets = found.setdefault(SeriesKey(site, asset, metric), [])
            if book.asset not in assets:
                assets.append(book.asset)
    return found


def _fingerprint(site: str, playbook: Playbook, rule: AlarmRule) -> str:
    """Changes with whatever changes what a state of the playbook means."""
    declared = msgspec.json.encode(playbook, enc_hook=int).decode()
    return identifiers.prefix("playbook", site, declared, rule.metrics[0], "low" if rule.high is None else "high")
