"""Looks an item up in the archive, for whoever asks the screen for it."""

from typing import Final

from clickhouse_driver import Client

from schemas.codes import parse
from schemas.epc import item_key
from schemas.errors import CodeError
from sinks.archive.archive import Archive
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.snapshot import ItemDetail

_MOST: Final = 500
"""Items of a genealogy that are looked for."""
_LEVELS: Final = 6
_MACHINES: Final = 8
"""The newest visits to machines that are told of."""


def read(client: Client, plant: Plant, text: str) -> ItemDetail:
    """An item by its code in any form, or by another name that events have for it.

    CodeError for what is neither a code nor known. Raises what clickhouse-driver raises.
    """
    archive = Archive(client, plant.topology, plant.tenant)
    item, refused = _named(text)
    life = archive.life(item)
    if refused is not None and not life.events:
        raise refused
    visits = dict.fromkeys((one.site, one.asset, one.ts) for one in life.events if one.asset and not one.error)
    return ItemDetail(
        item=item,
        life=life,
        up=archive.up(item, _LEVELS, _MOST),
        down=archive.down(item, _LEVELS, _MOST),
        at_machines=[archive.circumstances(*visit) for visit in list(visits)[-_MACHINES:]],
    )


def _named(text: str) -> tuple[str, CodeError | None]:
    """What the item is found by, and why it is no code; None if it is one."""
    try:
        return str(parse(text)), None
    except CodeError as error:
        return item_key(text.strip()), error
