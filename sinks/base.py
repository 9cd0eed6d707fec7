"""What a sink is: one idempotent write.

Rows travel as columns, because the compute side has arrays and the sink wants arrays. A sink is told of a batch once
or, after a failure, again and bit for bit the same; `write` returns when the rows are durable, and whatever it raises
holds back the checkpoint that the rows belong to.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Coded(NamedTuple):
    """A dictionary-encoded string column: row i reads `words[codes[i]]`."""

    codes: NDArray[np.int32]
    words: Sequence[str]


Column = NDArray[np.generic] | Coded | Sequence[str] | Sequence[Mapping[str, int]]
"""Numbers, dictionary-encoded strings, plain strings, or counts by name. Times are int64 epoch milliseconds; NaN stands
for none, of times among floats."""

Rows = Mapping[str, Column]
"""Column name to column, all of one length."""

Batch = Mapping[str, Sequence[Rows]]
"""Table name to the pieces (one or more per source partition) that go into it."""


class Sink(Protocol):
    """Where results go."""

    def write(self, batch: Batch) -> int:
        """Make `batch` durable and return the number of rows.

        Raises `SinkUnavailable` to be called again later with the same batch, `SinkRejected` if it never can succeed.
        Called from a worker thread, never from two at once.
        """
        ...

    def written_to(self, topology: str, topic: str, partition: int, changes: int) -> tuple[int, int]:
        """The last of a partition's rows of the ledger with these `changes`: its `next_offset` and `settled`.

        (-1, 0) if there is none. Raises like `write`.
        """
        ...

    def close(self) -> None:
        """Release connections. The sink is not used afterwards."""
        ...


def length(column: Column) -> int:
    """Number of rows in a column."""
    return len(column.codes) if isinstance(column, Coded) else len(column)
