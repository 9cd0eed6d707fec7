"""One item, for whoever wants to know what became of it: its life, what it was made of and what it has become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sinks.archive.results import Circumstances, Genealogy, LifeEvent, Step
from sinks.bigscreen import figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.snapshot import ItemDetail
from sinks.bigscreen.views.trace import short, step
from sinks.bigscreen.words import Words

_MOST: Final = 40
"""Items of a genealogy that are shown."""
_VERDICTS: Final[dict[str, Sign]] = {"compliant": palette.FINE, "exceeded": palette.PRIORITIES["high"]}
_METRICS: Final = 4
"""Metrics of a machine that are told."""


@dataclass(frozen=True)
class Moment:
    """Something that happened to the item."""

    time: str
    step: str
    asset: str
    """A machine of this plant, to be opened; empty if it was none."""
    place: str
    """Where, if it was no machine."""
    via: str
    """The item that it was in; empty if it was named itself."""
    note: str
    """What the machine measured in that moment."""
    sign: Sign
    is_wrong: bool
    """Whether it was declared wrong."""


@dataclass(frozen=True)
class Relative:
    """An item that it was made of, or that it became part of."""

    level: int
    item: str
    name: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What was judged of the emissions of that hour."""

    asset: str
    text: str
    sign: Sign


@dataclass(frozen=True)
class ItemView:
    """Everything that is shown of an item."""

    item: str
    status: str
    sign: Sign
    minted: str
    scans: str
    moments: tuple[Moment, ...]
    up: tuple[Relative, ...]
    up_more: str
    down: tuple[Relative, ...]
    down_more: str
    verdicts: tuple[Verdict, ...]


def item_view(detail: ItemDetail, plant: Plant, words: Words) -> ItemView:
    """The content of the dialog."""
    life = detail.life
    status, sign = _status(detail, words)
    at = {(one.asset, one.ts): one for one in detail.at_machines}
    return ItemView(
        item=detail.item,
        status=status,
        sign=sign,
        minted=words("minted_at", time=_when(life.mint.ts, plant), key_id=life.mint.key) if life.mint else "",
        scans=_scans(detail, plant, words),
        moments=tuple(_moment(one, at.get((one.asset, one.ts)), plant, words) for one in life.events),
        up=_relatives(detail.up, plant, words),
        up_more=_more(detail.up, words),
        down=_relatives(detail.down, plant, words),
        down_more=_more(detail.down, words),
        verdicts=_verdicts(detail.at_machines, plant, words),
    )


def _status(detail: ItemDetail, words: Words) -> tuple[str, Sign]:
    """What is to be known first. That nobody has forged the code is for a resolver to say: the screen has no keys."""
    life = detail.life
    if life.voids:
        return words("void", reason=life.voids[-1].reason), palette.PRIORITIES["critical"]
    if not life.is_known:
        return words("not_minted"), palette.PRIORITIES["high"]
    said = [one for one in life.events if one.disposition and not one.error and one.role != "input"]
    if not said:
        return words("nothing_yet" if not life.events else "known"), palette.FINE
    bad = said[-1].disposition in ("recalled", "destroyed", "non_conformant", "damaged", "stolen")
    return words.name("disposition", said[-1].disposition), palette.PRIORITIES["high"] if bad else palette.FINE


def _scans(detail: ItemDetail, plant: Plant, words: Words) -> str:
    scans = detail.life.scans
    if scans.last is None:
        return ""
    return words("scanned", count=figures.count(scans.count), time=_when(scans.last, plant))


def _moment(event: LifeEvent, known: Circumstances | None, plant: Plant, words: Words) -> Moment:
    is_here = event.site == plant.site and bool(event.asset)
    return Moment(
        time=_when(event.ts, plant),
        step=step(event.biz_step, words) or event.type,
        asset=event.asset if is_here else "",
        place="" if is_here else event.read_point.rpartition("place/")[2] or event.read_point,
        via=event.via,
        note=words("declared_wrong") if event.error else _note(known, plant, words) if known else "",
        sign=palette.PRIORITIES["medium"] if event.error or (known and known.anomalies) else palette.FINE,
        is_wrong=event.error,
    )


def _note(known: Circumstances, plant: Plant, words: Words) -> str:
    """Means of the windows of that moment, and how many flags the machine had in that hour."""
    told = [
        f"{words.name('metric', one.metric)} {figures.number(one.mean)} {figures.unit(plant.units.get(one.metric, ''))}"
        for one in known.windows if one.window == plant.window
    ][:_METRICS]  # fmt: skip
    if known.anomalies:
        told.append(words("flags_of_hour", count=len(known.anomalies)))
    return " · ".join(one.strip() for one in told)


def _verdicts(known: Sequence[Circumstances], plant: Plant, words: Words) -> tuple[Verdict, ...]:
    found = {(one.asset, one.rule, one.period, one.start): one for each in known for one in each.verdicts}
    return tuple(
        Verdict(
            asset=one.asset,
            text=f"{words.name('metric', one.metric)} {_when(one.start, plant)} {words.name('verdict', one.verdict)} "
            f"{figures.number(one.mean)} / {figures.limit(one.limit)} {figures.unit(plant.units.get(one.metric, ''))}",
            sign=_VERDICTS.get(one.verdict, palette.NOT_MEASURED),
        )
        for _, one in sorted(found.items())
    )


def _relatives(genealogy: Genealogy, plant: Plant, words: Words) -> tuple[Relative, ...]:
    return tuple(_relative(one, plant, words) for one in genealogy.steps[:_MOST])


def _relative(one: Step, plant: Plant, words: Words) -> Relative:
    amount = "" if one.quantity is None else f"{figures.limit(one.quantity)} {one.uom or '×'}"
    said = (amount, step(one.biz_step, words), one.asset, _when(one.ts, plant))
    return Relative(one.level, one.item, short(one.item), " · ".join(part for part in said if part))


def _more(genealogy: Genealogy, words: Words) -> str:
    """How much there is besides; empty if nothing."""
    hidden = max(len(genealogy.steps) - _MOST, 0) + genealogy.cut + genealogy.deeper
    return words("more", count=figures.count(hidden)) if hidden else ""


def _when(ts: int, plant: Plant) -> str:
    """Day and time at the plant."""
    return f"{datetime.fromtimestamp((ts + plant.utc_offset_ms) / 1000, UTC):%m-%d %H:%M:%S}"
