"""Has all that is compiled ready before a worker joins its group.

To compile takes seconds the first time after an installation, and heartbeats would have to wait for it; later what was
compiled is only loaded.
"""

from typing import Final

import msgspec

from schemas.durations import decode_hook
from schemas.topics import MACHINE_EVENTS
from streams.batch_reader import BatchReader
from streams.topology.model import Topology
from streams.trial import trial

_TOPOLOGY: Final = {
    "topology": "warm-up",
    "site": "s",
    "sources": {MACHINE_EVENTS.name: {}},
    "windows": [{"name": "w", "size": "1s"}],
}
_EVENT: Final = b'{"ts":1760000000000,"site":"s","asset":"a","values":{"%s":1.5}}'


def warm_up() -> None:
    """Run a few events through everything."""
    BatchReader().records(0)
    topology = msgspec.convert(_TOPOLOGY, Topology, dec_hook=decode_hook)
    trial(topology, MACHINE_EVENTS.name, [_EVENT % name for name in (b"m", b"n", b"o", b"m")])
