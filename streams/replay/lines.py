"""NDJSON whose lines are events already: checked, keyed and passed on byte for byte."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from schemas.events import Event
from schemas.times import FIRST_DATED, LAST_DATED
from streams.replay.files import Lines, read_lines
from streams.replay.refusals import Refusals
from streams.replay.stretch import Stretch

_decode = msgspec.json.Decoder(Event).decode


def read_events(path: Path, refusals: Refusals) -> Iterator[Stretch]:
    """The whole file. A line that is no event is refused; UserError for a file that cannot be read."""
    for stretch in read_lines(path):
        yield _events(path, stretch, refusals)


def _events(path: Path, stretch: Lines, refusals: Refusals) -> Stretch:
    ts, records = [], []
    for number, line in zip(stretch.number.tolist(), stretch.lines, strict=True):
        try:
            event = _decode(line)
            ts.append(_milliseconds(event.ts))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refusals(path, number, f"no event: {error}")
        else:
            records.append((f"{event.site}/{event.asset}".encode(), line.strip()))
    return Stretch(np.array(ts, np.int64), records, 0, stretch.done)


def _milliseconds(ts: int | str) -> int:
    if isinstance(ts, str):
        time = msgspec.convert(ts, datetime)
        if time.tzinfo is None:
            raise msgspec.ValidationError(f"ts {ts!r} has no offset")
        ts = round(time.timestamp() * 1000)
    if not FIRST_DATED <= ts <= LAST_DATED:
        raise msgspec.ValidationError(f"ts {ts} is not within the years 1 to 9999")
    return ts
