"""The steel yard: bars come in, cutting orders want some of them, a robot picks them."""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import numpy as np

from infra.simulator.assets import SITE
from infra.simulator.shop_floor.catalogue import CUTS_MM, KERF_MM, ROBOT, STEEL, STORE, Steel
from infra.simulator.shop_floor.machine import Timed
from infra.simulator.shop_floor.mishaps import Mishap
from schemas.logistics import Arrival, Pick, PickLine, PickList, StockTake

ORDER_EVERY: Final = 8.0
"""Seconds from one cutting order to the next."""
PICKED_AFTER: Final = 6.0
"""Seconds after its order by which steel has been picked."""
_FIRST_PICK, _PICK_EVERY = 1.0, 1.4
_FILL: Final = 60
_RESERVE: Final = 20
"""Pieces in a bin when it is full, and below which steel comes."""
_MOST_LINES, _MOST_PIECES = 3, 6
_STOCK_TAKE: Final = 5
"""Orders from one stock-take to the next."""


def order_number(number: int) -> str:
    """Of the cutting order `number`, counted from 0."""
    return f"C{5001 + number}"


class Yard:
    """Bins, and what happens to them. An order comes every `ORDER_EVERY` seconds, after the last one's picks."""

    def __init__(self, seed: np.random.SeedSequence, wrong: Iterator[Mishap], start_ms: int) -> None:
        """`wrong` are the wrong picks, in the order of their start: the next pick from then on is wrong."""
        self._random = np.random.default_rng(seed)
        self._wrong = wrong
        self._next_wrong = next(wrong, None)
        self._start_ms = start_ms
        self._pieces = dict.fromkeys(STEEL, 0)

    def events(self) -> Iterator[Timed]:
        """Everything from second 0 on, in the order of time."""
        for steel in STEEL:
            yield 0.0, self._arrival(0.0, steel)
        for number in count():
            now = 1.0 + number * ORDER_EVERY
            for steel, pieces in self._pieces.items():
                if pieces < _RESERVE:
                    yield now, self._arrival(now, steel)
            yield from self._order(number, now)
            if number % _STOCK_TAKE == _STOCK_TAKE - 1:
                steel = STEEL[number // _STOCK_TAKE % len(STEEL)]
                taken = StockTake(**self._head(now + PICKED_AFTER), bin=steel.bin, pieces=self._pieces[steel], by="li")
                yield now + PICKED_AFTER, taken

    def _arrival(self, now: float, steel: Steel) -> Arrival:
        came = _FILL - self._pieces[steel]
        self._pieces[steel] += came
        return Arrival(**self._head(now), **steel._asdict(), pieces=came)

    def _order(self, number: int, now: float) -> Iterator[Timed]:
        """A pick list, and the picks that follow it."""
        order = order_number(number)
        lines = pick_lines(self._random)
        chosen = [STEEL.index(Steel(line.bin, line.grade, line.section, line.length_mm, line.heat)) for line in lines]
        waste = sum(line.pieces * _left_over(line) for line in lines)
        yield now, PickList(**self._head(now), order=order, lines=tuple(lines), waste_mm=waste, by="planner")
        then = now + _FIRST_PICK
        for place, line in zip(chosen, lines, strict=True):
            if self._next_wrong is not None and self._next_wrong.start <= then:
                self._next_wrong = next(self._wrong, None)
                # The robot takes from a bin beside, sees it and takes from the right one.
                beside = min(set(range(len(STEEL))) - set(chosen), key=lambda other: abs(other - place))
                yield then, self._pick(then, order, STEEL[beside], 1)
                then += _PICK_EVERY
            yield then, self._pick(then, order, STEEL[place], line.pieces)
            then += _PICK_EVERY

    def _pick(self, now: float, order: str, steel: Steel, pieces: int) -> Pick:
        self._pieces[steel] -= pieces
        return Pick(**self._head(now), order=order, robot=ROBOT, **steel._asdict(), pieces=pieces)

    def _head(self, now: float) -> dict[str, Any]:
        return {"ts": self._start_ms + int(now * 1000), "site": SITE, "asset": STORE}


def pick_lines(random: np.random.Generator) -> list[PickLine]:
    """What some cutting order wants."""
    chosen = random.choice(len(STEEL), int(random.integers(1, _MOST_LINES + 1)), replace=False)
    return [_line(STEEL[place], random) for place in chosen]


def _line(steel: Steel, random: np.random.Generator) -> PickLine:
    cut = int(random.choice(CUTS_MM))
    pieces = int(random.integers(1, _MOST_PIECES + 1))
    cuts = (steel.length_mm + KERF_MM) // (cut + KERF_MM)
    return PickLine(**steel._asdict(), pieces=pieces, cuts_mm=(cut,) * cuts)


def _left_over(line: PickLine) -> int:
    """Length of a piece of a line that is left after its cuts, mm."""
    return line.length_mm - sum(line.cuts_mm) - KERF_MM * (len(line.cuts_mm) - 1)
