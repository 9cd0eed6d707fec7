"""What one Alertmanager of several is told, and what it may do in return."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from infra.local.ports import free_ports
from sinks.alertmanager.outlet import Alertmanager
from streams.settings import OutletLogins
from tests.sinks.alertmanager.server import Server
from tests.sinks.alertmanager.story import run, until
from tests.sinks.transitions import NOW, Written, transition

SECRET = "s3cret-hunter2"
_LABELS = ("name", "site", "asset", "metric", "topology", "priority", "alarm")
"""Without a label an alert is none."""


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
