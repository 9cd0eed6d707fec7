"""Who asks for the whole archive waits for the others, as long as these are few."""

import asyncio
import threading
from typing import Any

import pytest

from schemas.errors import SinkUnavailable
from sinks.resolver import whole
from sinks.resolver.whole import WholeArchive

ITEM = "88.118.8/TP-1001/0000003KABPVQXMQGCV3"


def test_those_who_are_too_many_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def slow(*_: Any, **__: Any) -> dict[str, Any]:
        answered.wait()
        return {"life": "long"}

    monkeypatch.setattr(whole, "_whole", slow)

    async def run() -> None:
        client: Any = lambda: None  # noqa: E731
        archive = WholeArchive(client, "plant")
        waiting = [asyncio.create_task(archive.of(ITEM, f"88.118.{n}")) for n in range(whole._MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(SinkUnavailable):
            await archive.of(ITEM, "6901234")
        answered.set()
        assert await asyncio.gather(*waiting) == [{"life": "long"}] * whole._MOST_WAITING
        assert await archive.of(ITEM, "88.118.8") == {"life": "long"}

    asyncio.run(run())


def test_who_has_asked_much_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(whole, "_whole", lambda *_, **__: {"answered": answered.wait()})

    async def run() -> None:
        client: Any = lambda: None  # noqa: E731
        archive = WholeArchive(client, "plant")
        waiting = [asyncio.create_task(archive.of(ITEM, "88.118.8")) for _ in range(whole._MOST_OF_ONE)]
        await asyncio.sleep(0)
        with pytest.raises(SinkUnavailable):
            await archive.of(ITEM, "88.118.8")
        other = asyncio.create_task(archive.of(ITEM, "6901234"))
        await asyncio.sleep(0)
        answered.set()
        assert await other == {"answered": True}
        await asyncio.gather(*waiting)
        assert await archive.of(ITEM, "88.118.8") == {"answered": True}

    asyncio.run(run())
