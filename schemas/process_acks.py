"""Acknowledgements in: what the process control system sends on `process.acks` for each command that it has judged.

Under the key `site/asset` of the stack, as in the adjustment. Fields that are not listed are ignored.
"""

from typing import Literal

import msgspec


class ProcessAck(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What the process says to a command."""

    adjustment: str
    """Which adjustment, as in the command."""
    site: str
    """Site, as in the command."""
    asset: str
    """The stack, as in the command."""
    status: Literal["done", "rejected"]
    """Whether the set-point has been moved, by this command or an earlier one of the same adjustment."""
    value: float
    """Where the set-point stands now, in its unit."""
    ts: int = 0
    """When, epoch milliseconds, UTC; for people."""
    reason: str = ""
    """Why a command was rejected, one sentence."""
