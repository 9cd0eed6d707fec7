"""Reads ClickHouse for all browsers together: how many there are changes nothing for the pipeline.

Everything is asked for relative to the newest event time seen, not to a clock, so that what was known last stays on the
screen, with its age, when data stops.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from clickhouse_driver import Client

from schemas.errors import SinkError
from schemas.results import Anomaly
from sinks.bigscreen import archive_reader, queries, shop_floor_queries, trace_queries
from sinks.bigscreen.board import Alarms, Flags
from sinks.bigscreen.line import Line
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import Reading
from sinks.bigscreen.snapshot import AssetDetail, ItemDetail, Logistics, Production, Quality, Snapshot, Traceability

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
TREND_MS: Final = 30 * _MINUTE
"""How far back trends go."""
_LOOK_BACK_MS: Final = (_MINUTE, _HOUR, 24 * _HOUR, 31 * 24 * _HOUR)
"""Where nothing was seen yet, the newest reading is looked for so far back, one after the other."""
_MOMENT: Final = 5_000
"""ms; how far back a poll looks for what is new. A minute is read again with every slow one: some of it came late."""
_POLL_SECONDS: Final = 1.0
_SLOW_SECONDS: Final = 5.0
_STANDING_SECONDS: Final = 30.0
_MOST_DETAILS: Final = 50
"""Assets whose details are kept for the next who asks."""
log = logging.getLogger(__name__)


class Store:
    """What is known, and the polling that keeps it so."""

    def __init__(
        self,
        plant: Plant,
        connect: Callable[[], Client],
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`connect` gives a client of ClickHouse. `on_change` is called in the event loop when something has changed.
        `clock` gives seconds since the epoch.
        """
        self.plant = plant
        self.alarms = Alarms()
        self.flags = Flags()
        self.code_flags = Flags()
        """Those of codes."""
        self.snapshot = Snapshot()
        self._clock = clock
        self._polls = Line(connect)
        self._looks = Line(connect)
        """For items: whoever looks one up must not hold up the picture of all others."""
        self._on_change = on_change
        self._slow_due = self._standing_due = 0.0
        self._details: dict[str, tuple[float, AssetDetail]] = {}

    def check(self) -> None:
        """Ask once, before anybody waits for it. SinkError where ClickHouse does not answer, or refuses."""
        self._polls.answer(self._poll_minute)

    async def run(self) -> None:
        """Poll until cancelled; where ClickHouse is away, try again."""
        while True:
            begin = time.monotonic()
            try:
                await self.poll()
            except SinkError as error:
                log.warning("ClickHouse was asked in vain: %s", error)
            self._on_change()
            # As long a rest as work, at least: a slow server is not asked all the time.
            took = time.monotonic() - begin
            await asyncio.sleep(max(_POLL_SECONDS - took, took))

    async def poll(self) -> None:
        """Ask for what is due. SinkError where ClickHouse does not answer, or refuses."""
        now = time.monotonic()
        await self._polls.ask(self._poll_minute if now >= self._slow_due else self._poll_moment)
        if now >= self._slow_due and self.snapshot.newest is not None:
            self._slow_due = now + _SLOW_SECONDS
            for name, part in self._slower(self.snapshot.newest):
                await self._poll_part(name, part)
            self.flags.take(await self._polls.ask(self._newest_flags))
            if self.plant.enterprises:
                self.code_flags.take(await self._polls.ask(self._newest_code_flags))
        if now >= self._standing_due:
            self.alarms.take(await self._polls.ask(lambda client: queries.alarms(client, self.plant)))
            self._standing_due = now + _STANDING_SECONDS

    def look_up_standing(self) -> None:
        """Ask for the standing alarms with the next poll."""
        self._standing_due = 0.0

    async def detail(self, asset: str) -> AssetDetail:
        """What is shown of an asset; asked for every few seconds, however many want it. SinkError as `poll`."""
        asked, found = self._details.get(asset, (-_SLOW_SECONDS, AssetDetail(asset=asset)))
        if time.monotonic() < asked + _SLOW_SECONDS:
            return found
        found = await self._polls.ask(lambda client: self._detail(client, asset))
        self._details = {**dict(list(self._details.items())[-_MOST_DETAILS:]), asset: (time.monotonic(), found)}
        return found

    async def item(self, text: str) -> ItemDetail:
        """What is shown of an item. CodeError for what is no code, SinkError as `poll`."""
        return await self._looks.ask(lambda client: archive_reader.read(client, self.plant, text))

    def close(self) -> None:
        """Hang up."""
        self._polls.hang_up()
        self._looks.hang_up()

    def _poll_minute(self, client: Client) -> None:
        newest = self.snapshot.newest
        now = int(self._clock() * 1000)
        for since in [now - back for back in _LOOK_BACK_MS] if newest is None else [newest - _MINUTE]:
            if readings := queries.readings(client, self.plant, since):
                self._take(readings)
                return

    def _poll_moment(self, client: Client) -> None:
        newest = self.snapshot.newest
        if newest is None:
            self._poll_minute(client)
        elif readings := queries.readings(client, self.plant, newest - _MOMENT):
            told = {(reading.asset, reading.metric) for reading in readings}
            self._take(readings, [one for one in self.snapshot.readings if (one.asset, one.metric) not in told])

    def _take(self, readings: Sequence[Reading], known: Sequence[Reading] = ()) -> None:
        """Show these, and what was known already and is not a minute old."""
        now, before = int(self._clock() * 1000), self.snapshot.newest or 0
        # An event from the future must not put the others out of sight.
        newest = min(max(reading.ts for reading in readings), max(now, before))
        shown = [*readings, *(one for one in known if one.ts >= newest - _MINUTE)]
        self.snapshot = replace(self.snapshot, readings=shown, newest=newest)

    def _newest_flags(self, client: Client) -> list[Anomaly]:
        return queries.flags(client, self.plant, (self.snapshot.newest or 0) - _HOUR)

    def _newest_code_flags(self, client: Client) -> list[Anomaly]:
        return trace_queries.flags(client, self.plant, (self.snapshot.newest or 0) - _HOUR)

    async def _poll_part(self, name: str, part: Callable[[Client], Any]) -> None:
        """One whose query fails is empty: old figures would stand under the age of the others."""
        try:
            found = await self._polls.ask(part)
        except SinkError as error:
            log.warning("%s was asked for in vain: %s", name, error)
            found = getattr(Snapshot(), name)
        self.snapshot = replace(self.snapshot, **{name: found})

    def _slower(self, newest: int) -> Iterator[tuple[str, Callable[[Client], Any]]]:
        """Parts of the snapshot and how each is asked for."""
        plant = self.plant
        stacks = sorted({asset for emission in plant.emissions for asset in emission.assets})
        pollutants = sorted({emission.metric for emission in plant.emissions})
        yield "trends", lambda client: queries.trends(client, plant, newest - TREND_MS, stacks, pollutants)
        if plant.emissions:
            yield "headroom", lambda client: queries.headroom(client, plant, newest - 10 * _MINUTE, newest)
        if plant.production:
            yield "production", lambda client: self._production(client, newest)
        if plant.quality:
            yield "quality", lambda client: self._quality(client, newest)
        if plant.logistics:
            yield "logistics", lambda client: self._logistics(client, newest)
        if plant.enterprises:
            yield "traceability", lambda client: self._traceability(client, newest)

    def _production(self, client: Client, newest: int) -> Production:
        day = newest - 24 * _HOUR
        oee = shop_floor_queries.oee(client, self.plant, day)
        began = min((one.shift_start for one in oee), default=newest)
        return Production(
            oee=oee,
            downtime=shop_floor_queries.downtime(client, self.plant, began),
            orders=shop_floor_queries.orders(client, self.plant, day),
        )

    def _quality(self, client: Client, newest: int) -> Quality:
        day = newest - 24 * _HOUR
        lines = shop_floor_queries.chart_lines(client, self.plant, day)
        drawn = next((line for line in lines if line.rules), lines[0] if lines else None)
        return Quality(
            inspected=shop_floor_queries.inspected(client, self.plant, day),
            defects=shop_floor_queries.defects(client, self.plant, day),
            lines=lines,
            drawn=drawn,
            points=shop_floor_queries.chart_points(client, self.plant, day, drawn) if drawn else (),
            capability=shop_floor_queries.capability(client, self.plant, day),
        )

    def _logistics(self, client: Client, newest: int) -> Logistics:
        day = newest - 24 * _HOUR
        return Logistics(
            stock=shop_floor_queries.stock(client, self.plant),
            picks=shop_floor_queries.picks(client, self.plant, day),
            wrong=shop_floor_queries.wrong_picks(client, self.plant, day),
            picking=shop_floor_queries.picking(client, self.plant, day),
            queues=shop_floor_queries.queues(client, self.plant, day),
            moves=shop_floor_queries.moves(client, self.plant, newest - _HOUR),
        )

    def _traceability(self, client: Client, newest: int) -> Traceability:
        local = newest + self.plant.utc_offset_ms
        day = newest - local % (24 * _HOUR)
        return Traceability(
            minted=trace_queries.minted(client, self.plant, day),
            happened=trace_queries.happened(client, self.plant, day),
            scanned=trace_queries.scanned(client, self.plant, day),
            newest=trace_queries.newest(client, self.plant, newest - _HOUR),
        )

    def _detail(self, client: Client, asset: str) -> AssetDetail:
        newest = self.snapshot.newest or 0
        metrics = self.plant.asset(asset).metrics
        return AssetDetail(
            asset=asset,
            trends=queries.trends(client, self.plant, newest - TREND_MS, [asset], metrics),
            alarms=queries.alarms_of(client, self.plant, asset),
            flags=queries.flags_of(client, self.plant, newest - 24 * _HOUR, asset),
        )
