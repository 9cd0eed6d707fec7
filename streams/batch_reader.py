"""Reads the records of fetched batches (magic 2, KIP-98) as columns, without a Python object for a record."""

import struct
from typing import Any, Final, NamedTuple

import numpy as np
from aiokafka.errors import KafkaError
from aiokafka.record.memory_records import MemoryRecords
from numpy.typing import NDArray

from schemas.events import LARGEST_RECORD
from streams.compute.compiled import Bytes, compiled
from streams.compute.events import Ints
from streams.record_batch import varint
from streams.slices import PADDING, Slices
from streams.unpacking import MOST_BYTES, unpack

_HEAD: Final = struct.Struct(">q8xb4xhiqq14xi")
"""Offset of the first record, magic, attributes, step to that of the last record, first and largest timestamp, how many
records there are. Then they follow."""
_MAGIC: Final = 2
_MAGIC_AT: Final = 16
_LENGTH_STARTS: Final = 12
_CODEC: Final = 0x07
_LOG_APPEND_TIME: Final = 0x08
_MOST_RECORDS: Final = 1_000_000
"""Of a batch."""


class RawRecords(MemoryRecords):  # type: ignore[misc]
    """What aiokafka makes of a fetched stretch of log, with the bytes that it is made of."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self._raw = raw
        self._at = 0

    def next_raw(self) -> tuple[Any, bytes]:
        """The next batch: what aiokafka knows of it, and its bytes."""
        batch = self.next_batch()
        begin = self._at
        self._at = begin + _LENGTH_STARTS + int.from_bytes(self._raw[begin + 8 : begin + _LENGTH_STARTS], "big")
        return batch, self._raw[begin : self._at]


class Records(NamedTuple):
    """Records as columns, in log order. A missing key or value has no bytes."""

    keys: Slices
    values: Slices
    offset: Ints
    broker_ts: Ints
    """ms."""


class BatchReader:
    """Collects batches and reads their records."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []
        self._heads: list[tuple[int, ...]] = []
        self.count = 0
        """Records so far."""
        self.bytes = 0
        """Of them, uncompressed."""

    def add(self, raw: bytes) -> None:
        """Take a batch. KafkaError if its format is another one.

        One that is too large, or is not what its producer says, becomes a single record that is too large for anybody.
        """
        if raw[_MAGIC_AT] != _MAGIC:
            raise KafkaError(f"a record batch has the format {raw[_MAGIC_AT]}; what can be read is {_MAGIC}")
        offset, _, attributes, last_step, first_ts, max_ts, count = _HEAD.unpack_from(raw)
        try:
            text = unpack(attributes & _CODEC, raw[_HEAD.size :]) if count <= _MOST_RECORDS else None
        except KeyError:
            raise KafkaError(f"the record batch at {offset} is compressed in a way that is unknown") from None
        if text is None:
            text, count, last_step = _too_large(count), 1, 0
        if not 0 <= count <= len(text):
            raise KafkaError(f"the record batch at {offset} cannot be read")
        is_append_time = bool(attributes & _LOG_APPEND_TIME)
        ts = max_ts if is_append_time else first_ts
        self._texts.append(text)
        self._heads.append((len(text), count, offset, last_step, ts, is_append_time))
        self.count += count
        self.bytes += len(text)

    def records(self, begin: int) -> Records:
        """All records from offset `begin` on. KafkaError if they are not what their batches say."""
        text = b"".join((*self._texts, PADDING))
        columns = np.empty((6, self.count), np.int64)
        heads = np.array(self._heads, np.int64).reshape(-1, 6)
        good = _parse(np.frombuffer(text, np.uint8), heads, columns)
        if good < len(heads):
            raise KafkaError(f"the record batch at {heads[good, 2]} cannot be read")
        if self.count and columns[4, 0] < begin:  # a fetch gives whole batches
            columns = np.compress(columns[4] >= begin, columns, axis=1)
        key, key_end, value, value_end, offset, broker_ts = columns
        return Records(Slices(text, key, key_end), Slices(text, value, value_end), offset, broker_ts)


def _too_large(count: int) -> bytes:
    """A record that stands for a batch of `count`; its value, which is what a dead letter shows, says so."""
    said = f"{count} records in a batch that unpacks to more than {MOST_BYTES >> 20} MiB, or not at all"
    body = b"\0\0\0" + varint(-1) + varint(LARGEST_RECORD + 1) + said.encode().ljust(LARGEST_RECORD + 1) + b"\0"
    return varint(len(body)) + body


@compiled
def _parse(byte: Bytes, heads: NDArray[np.int64], columns: NDArray[np.int64]) -> int:
    """Fills where keys and values begin and end, offsets and timestamps; how many batches are well-formed.

    A broker does not look at what a producer says of a record's offset. So that counts only where compaction has left
    records out.
    """
    record = at = end = 0
    for batch in range(len(heads)):
        size, count, offset, last_step, ts, is_append_time = heads[batch]
        end += size
        is_compacted = last_step + 1 != count
        last = np.int64(-1)
        for place in range(count):
            length, at = _varint(byte, at)
            if length < 0 or length > end - at:
                return batch
            after = at + length
            ts_step, at = _varint(byte, at + 1)
            offset_step, at = _varint(byte, at)
            for field in (0, 2):
                length, at = _varint(byte, at)
                if at > after or length > after - at:
                    return batch
                columns[field, record] = at
                if length > 0:  # or else there is none
                    at += int(length)
                columns[field + 1, record] = at
            step = offset_step if is_compacted else np.int64(place)
            if not last < step <= last_step:
                return batch
            last = step
            columns[4, record] = offset + step
            columns[5, record] = ts if is_append_time else ts + ts_step
            at = int(after)
            record += 1
        if at != end:
            return batch
    return len(heads)


@compiled
def _varint(byte: Bytes, at: int) -> tuple[np.int64, int]:
    """A signed varint (zigzag, seven bits a byte, the lowest first) and where it ends."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while True:
        one = np.uint64(byte[at])
        at += 1
        value |= (one & np.uint64(0x7F)) << shift
        shift += np.uint64(7)
        if one < np.uint64(0x80) or shift >= np.uint64(64):
            break
    return np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1)), at
