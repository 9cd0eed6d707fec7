"""The process of the screen: one store, one feed, and a page for each browser."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from nicegui import Client, Event, app, ui

from schemas.results import Alarm, Anomaly
from schemas.topics import TRACE_EVENTS
from sinks.bigscreen.actions import Actions
from sinks.bigscreen.feed import Feed
from sinks.bigscreen.page import Page
from sinks.bigscreen.person import Person
from sinks.bigscreen.plant import Plant, Servers
from sinks.bigscreen.store import Store
from sinks.bigscreen.views.whole import Whole, whole
from sinks.bigscreen.words import LANGUAGES
from sinks.clickhouse import connection

_GATHER_SECONDS: Final = 0.2
"""From one picture to the next, at least: what changes in the meantime comes with it."""
_RECONNECT_SECONDS: Final = 10.0
"""A browser that was away for longer loads the page anew."""
_GOODBYE_SECONDS: Final = 2
"""For browsers to hang up when the screen ends; uvicorn would wait for ever."""
_HEAD: Final = '<link rel="stylesheet" href="static/screen.css"><script src="static/screen.js"></script>'
_FAVICON: Final = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><path fill='#8f9ba8' d='M0 2h8v1H0zm0 3h8v1H0z'/></svg>"
)
log = logging.getLogger(__name__)


def run(plant: Plant, servers: Servers, stale_after_seconds: float, on_start: Callable[[], None]) -> None:
    """Serve the screen until SIGINT or SIGTERM. `on_start` is called when it answers.

    SinkError where ClickHouse cannot be reached at first, or refuses. Later it is tried again.
    """
    screen = _Screen(plant, servers, stale_after_seconds)
    screen.store.check()
    app.add_static_files("/static", Path(__file__).parent / "static")
    ui.add_head_html(_HEAD, shared=True)
    ui.page("/", title=f"headrace: {plant.site}")(screen.page)
    app.on_startup(screen.start)
    app.on_startup(on_start)
    app.on_shutdown(screen.stop)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again when it has shut down
    with suppress(KeyboardInterrupt):
        ui.run(
            host=servers.host,
            port=servers.port,
            dark=True,
            favicon=_FAVICON,
            tailwind=False,
            reload=False,
            show=False,
            show_welcome_message=False,
            reconnect_timeout=_RECONNECT_SECONDS,
            timeout_graceful_shutdown=_GOODBYE_SECONDS,
        )
    if screen.failure is not None:
        raise screen.failure


class _Screen:
    """What all pages share."""

    def __init__(self, plant: Plant, servers: Servers, stale_after_seconds: float) -> None:
        self._changed = asyncio.Event()
        self.store = Store(plant, partial(connection.connect, connection.parse(servers.clickhouse)), self._changed.set)
        self._actions = Actions(servers.kafka, plant.longest_shelf_ms)
        self._feed = Feed(servers.kafka, plant.topology, self._take_alarms, self._take_flags)
        self._stale_after_seconds = stale_after_seconds
        self._pictures: dict[str, Event[Whole]] = {language: Event() for language in LANGUAGES}
        self._tasks: list[asyncio.Task[None]] = []
        self.failure: BaseException | None = None
        """What nobody has foreseen, and ended the process."""

    def page(self, client: Client) -> None:
        """Build a browser's page."""
        person = Person(client)
        page = Page(client, person, self.store, self._actions, self._stale_after_seconds)
        page.show(self._picture(person.language))
        self._pictures[person.language].subscribe(page.show)

    def start(self) -> None:
        """Begin to read."""
        work = (self.store.run(), self._feed.run(self.store.look_up_standing), self._draw())
        self._tasks = [asyncio.ensure_future(one) for one in work]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._actions.stop()
        self.store.close()

    async def _draw(self) -> None:
        """Give every page the picture of its language whenever something has changed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for language, picture in self._pictures.items():
                if picture.callbacks:
                    picture.emit(self._picture(language))
            await asyncio.sleep(_GATHER_SECONDS)

    def _picture(self, language: str) -> Whole:
        store = self.store
        now = int(time.time() * 1000)
        return whole(store.snapshot, store.alarms, store.flags, store.code_flags, store.plant, LANGUAGES[language], now)

    def _take_alarms(self, transitions: list[Alarm]) -> None:
        if self.store.alarms.take(transitions):
            self._changed.set()

    def _take_flags(self, flags: list[Anomaly]) -> None:
        of_codes = [flag for flag in flags if flag.topic == TRACE_EVENTS.name]
        own = [flag for flag in of_codes if flag.site in self.store.plant.enterprises]
        others = [flag for flag in flags if flag.topic != TRACE_EVENTS.name]
        if self.store.flags.take(others) | self.store.code_flags.take(own):
            self._changed.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A screen that does not read any more must not stand there as if it did."""
        if not task.cancelled() and (error := task.exception()) is not None and self.failure is None:
            self.failure = error
            app.shutdown()
