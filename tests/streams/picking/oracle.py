"""The least waste and handling there can be, by trying everything: piece after piece, with any of the lengths left."""

from collections.abc import Mapping
from functools import cache


def least(
    demands: Mapping[int, int], stock: Mapping[int, int], kerf: int, reusable: int, handling: int
) -> tuple[int, int] | None:
    """The least waste and handling, mm, and the fewest pieces with which they can be had; None if stock is lacking."""
    pieces = tuple(sorted(length for length, number in stock.items() for _ in range(number)))
    wanted = tuple(sorted(length for length, number in demands.items() for _ in range(number)))

    @cache
    def best(piece: int, left: tuple[int, ...]) -> tuple[int, int] | None:
        if not left:
            return 0, 0
        if piece == len(pieces):
            return None
        found = [best(piece + 1, left)]  # the piece stays where it is
        for kept in range(1, 2 ** len(left)):
            cuts = [length for i, length in enumerate(left) if kept >> i & 1]
            rest = pieces[piece] - sum(cuts) - kerf * (len(cuts) - 1)
            if rest < 0:
                continue
            rest = max(0, rest - kerf)
            others = best(piece + 1, tuple(length for i, length in enumerate(left) if not kept >> i & 1))
            if others is not None:
                lost = pieces[piece] - sum(cuts) - (rest - handling if rest >= reusable else 0)
                found.append((others[0] + lost, others[1] + 1))
        return min((one for one in found if one is not None), default=None)

    return best(0, wanted)
