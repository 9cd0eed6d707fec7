"""Acknowledgements in: what whoever moves set-points says of a command of `process.adjustments`, on `process.acks`."""

from typing import Literal

import msgspec

from schemas.times import EventTime


class ProcessAck(msgspec.Struct, frozen=True, gc=False):
    """What became of a command. Fields that are not listed are ignored."""

    adjustment: str
    """Which adjustment, as in the command."""
    site: str
    """As in the command."""
    asset: str
    """The stack's, as in the command; the message's key is `site/asset`."""
    status: Literal["done", "rejected"]
    """Whether it has been carried out, or will not be."""
    value: float
    """Where the set-point stands now, in its unit."""
    ts: EventTime = 0
    """When, epoch milliseconds, UTC; for people."""
    reason: str = ""
    """Why, for people."""
