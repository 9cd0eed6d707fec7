"""The board against the real Alertmanager, looked at with amtool."""

import asyncio
import re
import time
from datetime import datetime
from typing import get_args

import pytest

from schemas.results import AlarmState
from sinks.alertmanager.alerts import FIRING, FORGOTTEN_MS, alert_of
from sinks.alertmanager.outlet import Alertmanager
from tests.sinks.alertmanager.server import Server
from tests.sinks.alertmanager.story import run, until
from tests.sinks.transitions import NOW, Written, transition
from tests.sinks.webhook.receiver import DOCUMENT

SILENT = sorted(state for state, fires in FIRING.items() if not fires)


def test_a_raised_alarm_fires_with_stable_labels_and_what_an_operator_wants_to_know(server: Server) -> None:
    board = Alertmanager([server.url], events := Written())

    async def story() -> None:
        board.update(transition(), NOW)
        board.caught_up()
        await until(server.firing)

    run(board, story)
    [alert] = server.alerts()
    assert alert["labels"] == {
        "alertname": "nox-high",
        "site": "hongyang",
        "asset": "stack-1",
        "metric": "nox",
        "topology": "tower_plant",
        "severity": "critical",
        "alarm": "nox-high of stack-1",
    }
    assert alert["annotations"] == {
        "summary": "212.5 mg/m³ is above the high limit of 200 mg/m³",
        "state": "unacknowledged",
        "value": "212.5",
        "limit": "200",
        "since": "2025-10-09T08:53:20.000+00:00",
    }
    assert datetime.fromisoformat(alert["startsAt"]).timestamp() == NOW
    ahead = datetime.fromisoformat(alert["endsAt"]).timestamp() - time.time()
    assert FORGOTTEN_MS / 1000 - 60 < ahead <= FORGOTTEN_MS / 1000
    assert events.alarms == 1


def test_nothing_is_shown_before_the_whole_log_is_known(server: Server) -> None:
    board = Alertmanager([server.url], events := Written(), resend_seconds=0.2)

    async def story() -> None:
        board.update(transition(asset="stack-1"), NOW)
        board.update(transition("normal", asset="stack-1"), NOW)
        board.update(transition(asset="stack-2"), NOW)
        await asyncio.sleep(1)
        assert events.taken == 0
        board.caught_up()
        await until(lambda: events.taken)

    run(board, story)
    assert server.firing() == ["stack-2"]


@pytest.mark.parametrize("state", SILENT)
def test_an_alarm_that_must_not_notify_is_resolved_and_fires_again_afterwards(
    state: AlarmState, server: Server
) -> None:
    board = Alertmanager([server.url], Written())

    async def story() -> None:
        board.caught_up()
        board.update(transition(asset="stack-1"), NOW)
        board.update(transition(asset="stack-2"), NOW)
        await until(lambda: server.firing() == ["stack-1", "stack-2"])
        board.update(transition(state, ts=int(time.time() * 1000)), NOW)
        await until(lambda: server.firing() == ["stack-2"])
        board.update(transition(), NOW)
        await until(lambda: server.firing() == ["stack-1", "stack-2"])

    run(board, story)


@pytest.mark.parametrize("state", ["acknowledged", "returned_unacknowledged"])
def test_an_alarm_that_somebody_has_to_look_at_fires_on_and_keeps_its_value(state: AlarmState, server: Server) -> None:
    board = Alertmanager([server.url], Written())

    async def story() -> None:
        board.caught_up()
        board.update(transition(), NOW)
        board.update(transition(state, value=None, limit=None, reason="on my way"), NOW)
        await until(server.firing)

    run(board, story)
    [alert] = server.alerts()
    assert alert["annotations"] == {
        "summary": "on my way",
        "state": state,
        "value": "212.5",
        "limit": "200",
        "since": "2025-10-09T08:53:20.000+00:00",
    }


def test_alarms_are_resent_while_they_stand_so_that_alertmanager_does_not_forget_them(server: Server) -> None:
    board = Alertmanager([server.url], events := Written(), resend_seconds=0.2)
    ends: list[str] = []

    async def story() -> None:
        board.update(transition(), NOW)
        board.caught_up()
        await until(lambda: events.taken > 0)
        ends.append(server.alerts()[0]["endsAt"])
        before = events.taken
        await until(lambda: events.taken > before + 2)
        ends.append(server.alerts()[0]["endsAt"])

    run(board, story)
    assert ends[0] < ends[1]


def test_the_end_of_an_alarm_is_told_once(server: Server) -> None:
    board = Alertmanager([server.url], events := Written(), resend_seconds=0.2)

    async def story() -> None:
        board.caught_up()
        board.update(transition(), NOW)
        await until(server.firing)
        board.update(transition("normal"), NOW)
        await until(lambda: not server.firing())
        await asyncio.sleep(0.5)
        before = events.taken
        await asyncio.sleep(1)  # five times as long as what fires is resent
        assert events.taken == before

    run(board, story)


def test_an_alarm_that_ended_while_nobody_ran_is_resolved_by_whoever_starts(server: Server) -> None:
    first, second = Alertmanager([server.url], Written()), Alertmanager([server.url], Written())

    async def raised() -> None:
        first.update(transition(), NOW)
        first.caught_up()
        await until(server.firing)

    async def ended() -> None:
        second.update(transition(), NOW)
        second.update(transition("normal"), time.time() - 60)
        second.caught_up()
        await until(lambda: not server.firing())

    run(first, raised)
    run(second, ended)


def test_an_alarm_that_came_on_again_while_nobody_ran_fires(server: Server) -> None:
    board = Alertmanager([server.url], Written())

    async def story() -> None:
        for state in ("unacknowledged", "normal", "unacknowledged"):
            board.update(transition(state), time.time() - 60)
        board.caught_up()
        await until(server.firing)

    run(board, story)


def test_an_alarm_that_ended_long_ago_is_not_told_of(server: Server) -> None:
    board = Alertmanager([server.url], events := Written())

    async def story() -> None:
        board.update(transition(), NOW)
        board.update(transition("normal"), time.time() - FORGOTTEN_MS / 1000 - 1)
        board.caught_up()
        await asyncio.sleep(1)

    run(board, story)
    assert events.taken == 0


def test_alarms_that_were_given_away_are_not_told_any_more(server: Server) -> None:
    board = Alertmanager([server.url], events := Written(), resend_seconds=0.2)

    async def story() -> None:
        board.caught_up()
        board.update(transition(), NOW)
        board.clear()
        assert events.alarms == 0
        await asyncio.sleep(1)
        assert events.taken == 0

    run(board, story)
    assert server.firing() == []


@pytest.mark.parametrize("ahead_ms", [0, 200_000])
def test_event_times_ahead_of_the_clock_are_no_hindrance(ahead_ms: int, server: Server) -> None:
    board = Alertmanager([server.url], events := Written())
    ahead = int(time.time() * 1000) + ahead_ms

    async def story() -> None:
        board.caught_up()
        board.update(transition(ts=ahead, raised_at=ahead), NOW)
        await until(server.firing)
        board.update(transition("normal", ts=ahead), NOW)
        await until(lambda: not server.firing())

    run(board, story)
    assert events.failures == events.refusals == []


def test_the_document_says_of_every_state_and_label_what_is_so() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (fires|resolved) \|", DOCUMENT, re.MULTILINE))
    assert rows == {state: "fires" if fires else "resolved" for state, fires in FIRING.items()}
    table = DOCUMENT.partition("| label |")[2].partition("\n\n")[0]
    labels = [name for cell in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for name in re.findall(r"\w+", cell)]
    assert sorted(labels) == sorted(alert_of(transition(), None).labels)
    assert FIRING.keys() == set(get_args(AlarmState))
