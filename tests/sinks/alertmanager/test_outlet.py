"""The board against the real Alertmanager, looked at with amtool."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest
from aiohttp import web

from infra.local.ports import free_ports
from schemas.results import AlarmState
from sinks.alertmanager.alerts import FIRING, FORGOTTEN_MS, alert_of
from sinks.alertmanager.outlet import Alertmanager
from streams.settings import OutletLogins
from tests.sinks.alertmanager.server import Server
from tests.sinks.transitions import NOW, Written, transition
from tests.sinks.webhook.receiver import DOCUMENT

SECRET = "s3cret-hunter2"
_LABELS = ("name", "site", "asset", "metric", "topology", "priority", "alarm")
"""Without a label an alert is none."""
SILENT = sorted(state for state, fires in FIRING.items() if not fires)


def run(board: Alertmanager, story: Callable[[], Awaitable[None]]) -> None:
    """Let the board run for as long as the story lasts."""

    async def main() -> None:
        task = asyncio.create_task(board.run())
        try:
            await story()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    asyncio.run(main())


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for what happens in this process or in another one."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


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


def test_an_alertmanager_that_was_restarted_and_knows_nothing_is_told_again(server: Server) -> None:
    board = Alertmanager([server.url], events := Written(), resend_seconds=0.5)

    async def story() -> None:
        board.update(transition(), NOW)
        board.caught_up()
        await until(server.firing)
        server.stop()
        await until(lambda: events.failures)
        board.update(transition(asset="stack-2"), NOW)
        board.update(transition(asset="stack-3"), NOW)
        board.update(transition("normal", asset="stack-3"), NOW)
        server.start()
        await until(lambda: server.firing() == ["stack-1", "stack-2"])

    run(board, story)
    assert {failure[:2] for failure in events.failures} == {("alertmanager", f"127.0.0.1:{server.port}")}


def test_every_alertmanager_of_a_cluster_is_told_and_one_that_is_away_holds_up_none(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Server(tmp_path_factory.mktemp("other"))
    board = Alertmanager([other.url, server.url], Written())

    async def story() -> None:
        board.update(transition(), NOW)
        board.caught_up()
        await until(server.firing)
        await asyncio.to_thread(other.start)
        await until(other.firing)

    try:
        run(board, story)
    finally:
        other.stop()


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


def test_a_change_that_comes_while_a_request_is_under_way_is_told_afterwards() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()
    told: list[list[str]] = []

    async def take(request: web.Request) -> web.Response:
        told.append([alert["annotations"]["state"] for alert in await request.json()])
        asked.set()
        await answer.wait()
        return web.Response()

    async def main() -> None:
        application = web.Application()
        application.router.add_post("/prefix/api/v2/alerts", take)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port := next(free_ports())).start()
        board = Alertmanager([f"http://127.0.0.1:{port}/prefix/"], Written())
        task = asyncio.create_task(board.run())
        board.caught_up()
        board.update(transition(), NOW)
        await asked.wait()
        board.update(transition("acknowledged"), NOW)
        answer.set()
        await until(lambda: len(told) == 2)
        task.cancel()
        await runner.cleanup()

    asyncio.run(main())
    assert told == [["unacknowledged"], ["acknowledged"]]


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


def test_an_alert_that_is_refused_is_told_to_a_person_and_holds_up_no_other(server: Server) -> None:
    board = Alertmanager([server.url], events := Written())

    async def story() -> None:
        board.update(transition(asset="stack-1"), NOW)
        board.update(transition(**dict.fromkeys(_LABELS, "")), NOW)
        board.caught_up()
        await until(lambda: events.refusals)

    run(board, story)
    assert server.firing() == ["stack-1"]
    [(outlet, endpoint, what, reason)] = events.refusals
    assert (outlet, endpoint, what) == ("alertmanager", f"127.0.0.1:{server.port}", "alerts")
    assert "at least one label pair required" in reason
    assert events.failures == []


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


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """An Alertmanager that wants to know who asks: user `plant`, password SECRET."""
    digest = "$2b$04$7VDyuanxi.MgT4QUJMD0sO0qvZ.f5NHTb2a.wstubsVmKgkRFgy0S"  # of bcrypt
    server = Server(tmp_path, web=f"basic_auth_users: {{plant: {digest}}}").start()
    yield server
    server.stop()


def test_a_log_in_is_sent_and_never_told(guarded: Server) -> None:
    right, wrong = (OutletLogins(alertmanager_username="plant", alertmanager_password=p) for p in (SECRET, "another"))
    events = Written()

    async def story() -> None:
        board.caught_up()
        board.update(transition(), NOW)
        await until(lambda: events.taken or events.failures)

    board = Alertmanager([guarded.url], events, authorization=wrong.alertmanager_authorization())
    run(board, story)
    assert events.taken == 0
    assert [failure[2] for failure in events.failures] == ["status 401: Unauthorized"]
    board = Alertmanager([guarded.url], events, authorization=right.alertmanager_authorization())
    run(board, story)
    assert len(events.failures) == 1


def test_the_document_says_of_every_state_and_label_what_is_so() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (fires|resolved) \|", DOCUMENT, re.MULTILINE))
    assert rows == {state: "fires" if fires else "resolved" for state, fires in FIRING.items()}
    table = DOCUMENT.partition("| label |")[2].partition("\n\n")[0]
    labels = [name for cell in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for name in re.findall(r"\w+", cell)]
    assert sorted(labels) == sorted(alert_of(transition(), None).labels)
    assert FIRING.keys() == set(get_args(AlarmState))
