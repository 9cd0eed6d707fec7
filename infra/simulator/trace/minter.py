"""Gives out the codes of the synthetic plant, a batch for each product and then another."""

from collections.abc import Callable
from typing import Final, Protocol

from infra.simulator.trace.catalogue import PREFIX
from schemas.codes import Code
from schemas.trace import Mint, TraceMessage

_BATCH: Final = 1_000
_LEAD_MS: Final = 60_000
"""How long before the run the first batch is minted: packs that are on their way then have codes already."""
_PER_SECOND: Final = 256
"""Serials that lie between runs which begin a second apart; a run takes a few a second."""


class Keys(Protocol):
    """What makes codes."""

    newest: str
    """Id of the key that makes them."""

    def code(self, product: str, serial: int) -> Code:
        """The code of an item."""


class Minter:
    """Serials of a run begin where its start says, so that no other run has had them."""

    def __init__(self, keys: Keys, start_ms: int, send: Callable[[TraceMessage], None]) -> None:
        """`send` takes the mints, each before its first code is given out."""
        self._keys = keys
        self._start_ms = start_ms
        self._first = start_ms // 1000 * _PER_SECOND
        self._send = send
        self._given: dict[str, int] = {}
        """Codes given out, by product."""

    def take(self, number: str, count: int, ts: int) -> list[Code]:
        """The next codes for an enterprise's own number, at a time in epoch milliseconds."""
        product = f"{PREFIX}/{number}"
        given = self._given.get(product, 0)
        for batch in range(-(-given // _BATCH), -(-(given + count) // _BATCH)):
            first = self._first + batch * _BATCH
            minted = ts if batch else self._start_ms - _LEAD_MS
            self._send(
                Mint(enterprise=PREFIX, ts=minted, product=product, first=first, count=_BATCH, key=self._keys.newest)
            )
        self._given[product] = given + count
        return [self._keys.code(product, self._first + given + place) for place in range(count)]
