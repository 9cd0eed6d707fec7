"""What the archive answers. Times are epoch milliseconds, UTC; None where something has not ended."""

from typing import Literal

import msgspec

Kind = Literal["made", "packed"]
"""How items are joined: one was made of the other by a transformation, or put into the other."""


RecallKind = Literal["origin", "made", "assembled", "packed", "stop"]
"""Why an item is on a recall list: asked for; made of what is; a whole with such a part; a pack with such an item in
it; or the outermost of these."""


class LifeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that concerns an item, by itself or by what it was in at that time."""

    ts: int
    event: str
    """Hash of the event."""
    type: str
    action: str
    biz_step: str
    disposition: str
    read_point: str
    site: str
    asset: str
    enterprise: str
    """Prefix of the enterprise that captured it."""
    role: str
    """Of the item, or of `via`, in the event: epc, parent, child, input or output."""
    via: str
    """The container by which it concerns the item; empty if the event names the item itself."""
    error: bool
    """Whether the event has been declared wrong: then it counts nowhere else."""


class Minted(msgspec.Struct, frozen=True, kw_only=True):
    """The range that the item's code was minted in."""

    ts: int
    enterprise: str
    first: int
    last: int
    key: str


class Voided(msgspec.Struct, frozen=True, kw_only=True):
    """That the item's code is worth nothing."""

    ts: int
    enterprise: str
    reason: str
    by: str


class Scans(msgspec.Struct, frozen=True, kw_only=True):
    """How often the item's code was asked about; times are None if never."""

    count: int
    first: int | None
    last: int | None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an item, the oldest event first."""

    item: str
    events: tuple[LifeEvent, ...]
    mint: Minted | None
    voids: tuple[Voided, ...]
    scans: Scans

    @property
    def is_known(self) -> bool:
        """Whether there is anything."""
        return bool(self.events or self.mint or self.scans.count)


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """From one item to another: what it was made of or put into, or the other way round."""

    level: int
    """1 beside the item that was asked for."""
    item: str
    source: str
    """The item of the level before that leads here; the first by name of several."""
    kind: Kind
    link: str
    """The event, or the transformation of several events, that joins them."""
    quantity: float | None
    """How much of `item`; None for a single item."""
    uom: str
    ts: int
    """When it was made, or put in."""
    until: int | None
    """When it was taken out; None while it is inside, and of what was made."""
    enterprise: str
    biz_step: str
    site: str
    asset: str
    """The machine at which it was made or packed; empty if it was none."""


class Genealogy(msgspec.Struct, frozen=True, kw_only=True):
    """What an item was made of, or what became of it, level by level."""

    item: str
    steps: tuple[Step, ...]
    """In order of level, item and link; an item is followed once, however many links lead to it."""
    cut: int
    """Items that were found and not taken, because there are more than was allowed: nothing was followed from there."""
    deeper: int
    """Items of the last level that lead further than was asked for."""


class Containment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """That an item, or an amount of a lot, was in another."""

    item: str
    parent: str
    since: int
    until: int | None
    quantity: float | None
    uom: str


class State(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where an item is and how, after its own events and those of what it is in."""

    item: str
    pack: str
    """The outermost item that it is in; empty if in none."""
    ts: int | None
    """Of the newest event; None if there is none."""
    enterprise: str
    """Who captured that: who has it, as far as anybody has told."""
    biz_step: str
    disposition: str
    """As the newest event says that says one."""
    read_point: str
    biz_location: str
    """Both as the newest event says that has a read point."""
    used: bool
    """Whether a transformation has used it up, or, of a lot, some of it."""


class RecallRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An item that a recall concerns. The last rows are the packs to be stopped."""

    kind: RecallKind
    item: str
    level: int | None
    """0 of an origin; None of a pack to be stopped."""
    source: str
    """The item of the level before that leads here."""
    items: int
    """1, or how many of the items above are in the pack that is to be stopped."""
    pack: str
    enterprise: str
    ts: int | None
    biz_step: str
    disposition: str
    read_point: str
    biz_location: str
    used: bool
    void: bool
    """Whether its code has been voided."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a machine's metric."""

    metric: str
    window: str
    start: int
    end: int
    count: int
    min: float
    max: float
    mean: float


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly of a machine."""

    id: str
    ts: int
    metric: str
    detector: str
    severity: str
    score: float
    reason: str


class EmissionVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on what a stack of the site has emitted."""

    asset: str
    metric: str
    rule: str
    period: str
    start: int
    end: int
    verdict: str
    mean: float | None
    """What was judged, in the unit of the metric; None where nothing is valid."""
    limit: float
    reason: str


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a machine and its site at a time."""

    site: str
    asset: str
    ts: int
    windows: tuple[Window, ...]
    """Those that the time lies in."""
    anomalies: tuple[Flag, ...]
    """Those of the hour, UTC."""
    verdicts: tuple[EmissionVerdict, ...]
    """Those of the site whose period the time lies in."""
