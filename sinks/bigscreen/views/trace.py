"""Traceability: codes given out, what became of items today, scans, and what is newest."""

from dataclasses import dataclass
from typing import Final

from schemas.codes import parse
from schemas.errors import CodeError
from schemas.results import Anomaly
from sinks.bigscreen import figures, palette
from sinks.bigscreen.board import Flags
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import Traced
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.words import Words

_FLAGS: Final = 2
"""Flags that there is room for."""


@dataclass(frozen=True)
class TracedRow:
    """An item, or a flag of one, and what to say of it."""

    time: str
    item: str
    """To be looked up; empty if there is none."""
    name: str
    """Short."""
    text: str
    sign: Sign = palette.FINE


@dataclass(frozen=True)
class Traceability:
    """The panel."""

    minted: str
    minted_all: str
    made: str
    packed: str
    shipped: str
    received: str
    scans: str
    refused: str
    refused_sign: Sign
    newest: tuple[TracedRow, ...]
    flags: tuple[TracedRow, ...]


def traceability(snapshot: Snapshot, flags: Flags, plant: Plant, words: Words) -> Traceability | None:
    """The panel's content; None where nothing is known yet."""
    known = snapshot.traceability
    if not (known.minted or known.happened or known.scanned):
        return None
    minted, happened, scanned = known.minted, known.happened, known.scanned
    forged, void = (scanned.forged, scanned.void) if scanned else (0, 0)
    return Traceability(
        minted=figures.count(minted.today if minted else 0),
        minted_all=words("of_all", count=figures.count(minted.all if minted else 0)),
        made=figures.count(happened.made if happened else 0),
        packed=figures.count(happened.packed if happened else 0),
        shipped=figures.count(happened.shipped if happened else 0),
        received=figures.count(happened.received if happened else 0),
        scans=figures.count(scanned.scans if scanned else 0),
        refused=f"{figures.count(forged)} / {figures.count(void)}",
        refused_sign=palette.PRIORITIES["high"] if forged or void else palette.FINE,
        newest=tuple(_row(one, plant, words) for one in known.newest),
        flags=tuple(_flag(one, plant, words) for one in flags.newest()[:_FLAGS]),
    )


def short(item: str) -> str:
    """An item's name where there is little room: product, and the end of its serial."""
    try:
        code = parse(item)
    except CodeError:
        return item.rpartition("/")[2] or item
    return f"{code.product.rpartition('/')[2]} …{code.tail[4:8]}"


def step(name: str, words: Words) -> str:
    """A business step as people say it; of one that is a URI the last part."""
    return words.name("step", name.rpartition(":")[2].rpartition("/")[2])


def _row(one: Traced, plant: Plant, words: Words) -> TracedRow:
    said = " · ".join(part for part in (step(one.step, words), one.asset) if part)
    return TracedRow(figures.clock(one.ts, plant.utc_offset_ms), one.item, short(one.item), said)


def _flag(flag: Anomaly, plant: Plant, words: Words) -> TracedRow:
    return TracedRow(
        time=figures.clock(flag.ts, plant.utc_offset_ms),
        item=_item_in(flag.reason),
        name=f"{words.name('detector', flag.detector)}: {flag.asset}",
        text=flag.reason,
        sign=palette.SEVERITIES[flag.severity],
    )


def _item_in(reason: str) -> str:
    """The code that a reason names; empty if none."""
    for word in reason.split():
        if word.count("/") >= 2:
            try:
                return str(parse(word.rstrip(",.;:")))
            except CodeError:
                continue
    return ""
