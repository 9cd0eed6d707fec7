"""What flags of codes say to people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from schemas.trace import Place

_UNITS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def travel(item: str, there: Place, then: int, here: Place, now: int, km: float, fastest: float) -> str:
    """`then` and `now` in epoch ms."""
    when = f"{span(abs(now - then))} {'later' if now >= then else 'earlier'}" if now != then else "at the same time"
    return (
        f"{item} was at {_place(there)} on {_time(then)} and {when} {km:,.0f} km away at {_place(here)}: "
        f"nothing travels faster than {fastest:,.0f} km/h"
    )


def after_void(item: str, did: str, void: int | None, now: int) -> str:
    """`void` is when it was voided, epoch ms; None if only a resolver knows that it was."""
    since = "its code is void" if void is None else f"its code was voided on {_time(void)}, {span(now - void)} before"
    return f"{item} was {did} on {_time(now)}, though {since}"


def after_sale(item: str, did: str, sold: int, now: int) -> str:
    """`sold` and `now` in epoch ms."""
    again = "and had not been returned"
    if sold > now:
        return f"{item} was {did} on {_time(now)}, is also sold on {_time(sold)}, {span(sold - now)} after, {again}"
    return f"{item} was {did} on {_time(now)}, {span(now - sold)} after it was sold on {_time(sold)}, {again}"


def scan_burst(item: str, clients: int, allowed: int, now: int) -> str:
    """`now` in epoch ms."""
    return (
        f"{item} was scanned by {clients} clients within the hour up to {_time(now)}, more than {allowed}: "
        "its label may have been copied"
    )


def guessing(who: str, scans: int, allowed: int, item: str, now: int) -> str:
    """`now` in epoch ms."""
    return (
        f"{who} scanned {scans} codes that are forged or were never minted within the hour up to {_time(now)}, more "
        f"than {allowed}; the newest was {item}"
    )


def and_others(reason: str, others: int) -> str:
    """Where it is so of more items of one event."""
    return f"{reason}; so it is of {others} more of its items" if others else reason


def done(biz_step: str, disposition: str) -> str:
    """What an event says of its items."""
    said: Sequence[str] = [one for one in (biz_step, disposition) if one]
    return f"captured as {' and '.join(said)}" if said else "captured"


def span(ms: int) -> str:
    """A length of time in its largest unit."""
    for unit, name in _UNITS:
        if ms >= unit:
            return f"{ms / unit:.3g} {name}"
    return f"{ms} ms"


def _place(place: Place) -> str:
    return f"{place.latitude:.2f}, {place.longitude:.2f}"


def _time(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
