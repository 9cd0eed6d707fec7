"""What the readers hand to the sender: a stretch of a file as messages."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.event_producer import Record


class Stretch(NamedTuple):
    """Some events of a file, in its order."""

    ts: NDArray[np.int64]
    """Event times, epoch milliseconds."""
    records: list[Record]
    """Key and JSON of each event."""
    empty: int
    """Rows that were left out because they hold neither a value nor a state."""
    done: float
    """Share of the file that has been read, 0 to 1."""
