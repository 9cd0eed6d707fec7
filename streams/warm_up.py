"""Has all that is compiled ready before a worker joins its group.

To compile takes seconds the first time after an installation, and heartbeats would have to wait for it; later what was
compiled is only loaded.
"""

from typing import Final

from schemas.durations import Duration
from schemas.topics import MACHINE_EVENTS
from streams.batch_reader import BatchReader
from streams.topology.model import Source, Topology, Window
from streams.trial import trial

_TOPOLOGY: Final = Topology(
    topology="warm-up",
    site="s",
    sources={"machine.events": Source(partitions=1)},
    windows=(Window(name="w", size=Duration(1_000)),),
)
_EVENT: Final = b'{"ts":1760000000000,"site":"s","asset":"a","values":{"%s":1.5}}'


def warm_up() -> None:
    """Run a few events through everything."""
    BatchReader().records(0)
    trial(_TOPOLOGY, MACHINE_EVENTS.name, [_EVENT % name for name in (b"m", b"n", b"o", b"m")])
