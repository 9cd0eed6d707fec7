"""Production in: what arrives on `production.events`, from machine controllers or from people at terminals.

Between two events of a machine its last state holds. A controller that has nothing to tell repeats its state every few
minutes, so that silence can be told from running on.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.shop_floor import Amount, MaybeName, Name, ShopFloorEvent


class StateChange(ShopFloorEvent, frozen=True, gc=False, tag="state", omit_defaults=True):
    """A machine is in a state from now on."""

    state: Name
    """One of the states that the topology declares, such as `running`."""
    reason: MaybeName = ""
    """Why, for stops: a word of the plant's own list, such as `tool change`."""


class Count(ShopFloorEvent, frozen=True, gc=False, tag="count", omit_defaults=True):
    """Items that a machine has made since its last count."""

    good: Amount = 0
    """Items within specification."""
    rejected: Amount = 0
    """Items that are not."""


class Job(ShopFloorEvent, frozen=True, gc=False, tag="job", omit_defaults=True):
    """A machine works on an order from now on."""

    order: Name
    """Number of the order."""
    product: Name
    """What is made."""
    ideal_cycle_ms: Annotated[float, Meta(ge=0.001, le=86_400_000)]
    """Planned run time per item (ISO 22400), milliseconds."""
    planned: Amount = 0
    """Items that the order wants of this machine; 0 if that is not known."""


class Tick(msgspec.Struct, frozen=True, gc=False, tag="tick", tag_field="kind", forbid_unknown_fields=True):
    """Nothing but the broker's time; sent by workers, so that periods end where machines are silent."""


ProductionEvent = StateChange | Count | Job | Tick
"""What a message of `production.events` can be."""
