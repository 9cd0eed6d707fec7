"""Replays into memory, and small files to replay."""

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet

from schemas.durations import decode_hook
from streams.event_producer import Record
from streams.replay.plan import History
from streams.replay.refusals import Refusals
from streams.replay.run import Replayer, Totals
from streams.topology.mapping import Replay

MAPPING: dict[str, Any] = {
    "files": "readings*.csv",
    "topic": "machine.events",
    "asset_column": "machine",
    "state_column": "mode",
    "time": {"from": "column", "column": "time"},
    "values": {"current": "I (A)", "load": "load.t"},
}
HEADER = ["time", "machine", "mode", "I (A)", "load.t", "remark"]
ROWS: list[list[Any]] = [
    ["2024-01-01T00:00:00Z", "saw-1", "running", 12.5, 0.1, "first"],
    ["2024-01-01T00:00:01Z", "saw-2", None, None, 3.0, None],
    ["2024-01-01T00:00:00.500Z", "saw-1", "idle", 1e-7, None, "out of order, with a comma"],
    ["2024-01-01T00:00:02Z", "saw-1", "stopped", None, None, None],
]
EVENTS = [
    {
        "ts": 1704067200000,
        "site": "mill",
        "asset": "saw-1",
        "values": {"current": 12.5, "load": 0.1},
        "state": "running",
    },
    {"ts": 1704067201000, "site": "mill", "asset": "saw-2", "values": {"load": 3.0}},
    {"ts": 1704067200500, "site": "mill", "asset": "saw-1", "values": {"current": 1e-7}, "state": "idle"},
    {"ts": 1704067202000, "site": "mill", "asset": "saw-1", "values": {}, "state": "stopped"},
]


class MemoryTopics:
    """What was sent, as a broker would have it."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes, bytes]] = []

    async def send(self, topic: str, records: Sequence[Record]) -> None:
        self.messages += [(topic, key, value) for key, value in records]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(value) for _, _, value in self.messages]


class Replayed:
    """A finished replay."""

    def __init__(self, histories: Sequence[History], skip: bool = False) -> None:
        topics, self.totals, self.refusals = MemoryTopics(), Totals(), Refusals(skip)
        asyncio.run(Replayer(topics.send, self.refusals, self.totals).run(histories))
        self.messages, self.events = topics.messages, topics.events


def mapping(**changes: Any) -> Replay:
    return msgspec.convert(MAPPING | changes, Replay, dec_hook=decode_hook)


def history(path: Path, **changes: Any) -> History:
    return History(path, "machine.events", mapping(**changes), "mill")


def write_csv(path: Path, rows: Sequence[Sequence[Any]] = tuple(ROWS), header: Sequence[str] = tuple(HEADER)) -> Path:
    lines = [",".join(_cell(cell) for cell in row) for row in (header, *rows)]
    return write_text(path, "\n".join(lines) + "\n")


def write_ndjson(path: Path) -> Path:
    objects = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    return write_text(path, "".join(msgspec.json.encode(one).decode() + "\n" for one in objects))


def write_parquet(path: Path) -> Path:
    table = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)})
    pyarrow.parquet.write_table(table, path)
    return path


def write_text(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def _cell(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f'"{text}"' if "," in text else text
