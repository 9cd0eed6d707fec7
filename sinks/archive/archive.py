"""The archive: every question about items, in one place."""

from collections.abc import Sequence
from typing import Final

from clickhouse_driver import Client

from sinks.archive import circumstances as of_machines
from sinks.archive import genealogy
from sinks.archive.containment import Stay, stays_in, stays_of
from sinks.archive.life import life
from sinks.archive.recall import Recall, read_at
from sinks.archive.results import Circumstances, Containment, Genealogy, Life, State
from sinks.archive.rows import Rows
from sinks.archive.state import states

MOST_ITEMS: Final = 100_000
"""Items that a walk takes if nothing else is said."""
MOST_LEVELS: Final = 100


class Archive:
    """Reads the archive of a topology, or an enterprise's part of it: what others captured is then not read at all.

    Items are named as `schemas.epc.item_key` does. Synchronous, on a connection that nobody else uses at the same time.
    Every method raises what clickhouse-driver raises.
    """

    def __init__(self, client: Client, topology: str, enterprise: str | None = None) -> None:
        self._rows = Rows(client, topology, enterprise)

    def life(self, item: str) -> Life:
        """All events of an item and of what it was in while it was in it, its mint, its voids and its scans."""
        return life(self._rows, item)

    def state(self, items: Sequence[str]) -> dict[str, State]:
        """Where each item is and how."""
        return states(self._rows, items)

    def containers(self, items: Sequence[str]) -> list[Containment]:
        """What items are and were in."""
        return [_told(stay) for stay in stays_of(self._rows, items).found]

    def contents(self, parents: Sequence[str]) -> list[Containment]:
        """What is and was in items."""
        return [_told(stay) for stay in stays_in(self._rows, parents)]

    def up(self, item: str, levels: int = MOST_LEVELS, most: int = MOST_ITEMS) -> Genealogy:
        """What an item was made of and what was put into it, so many levels up, at most so many items."""
        return genealogy.genealogy(self._rows, item, levels, most, up=True)

    def down(self, item: str, levels: int = MOST_LEVELS, most: int = MOST_ITEMS) -> Genealogy:
        """What was made of an item and what it was put into, so many levels down, at most so many items."""
        return genealogy.genealogy(self._rows, item, levels, most, up=False)

    def recall(self, origins: Sequence[str], levels: int = MOST_LEVELS, most: int = MOST_ITEMS) -> Recall:
        """All that is affected by items or lots: iterate for the rows."""
        return Recall(self._rows, origins, levels, most)

    def read_at(self, site: str, asset: str, since: int, until: int) -> list[str]:
        """The items that passed a machine in [since, until), epoch ms: origins of a recall."""
        return read_at(self._rows, site, asset, since, until)

    def circumstances(self, site: str, asset: str, ts: int) -> Circumstances:
        """What is known of a machine at a time, epoch ms.

        These rows are the plant's and no enterprise's: whoever asks on behalf of one decides whether it may see them.
        """
        return of_machines.circumstances(self._rows, site, asset, ts)


def _told(stay: Stay) -> Containment:
    return Containment(
        item=stay.item, parent=stay.parent, since=stay.added.ts, until=stay.until, quantity=stay.quantity,
        uom=stay.added.uom,
    )  # fmt: skip
