"""Unpacks the records of a batch, up to a bound: ten kilobytes can hold gigabytes, and would end any worker."""

from collections.abc import Callable
from mmap import mmap
from typing import Final

import cramjam

MOST_BYTES: Final = 64 << 20
"""Of a batch, unpacked. A broker takes 1 MiB by default, packed."""

_NONE: Final = 0
_XERIAL: Final = b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
"""What Java's library puts before blocks of Snappy, each with its length in four bytes before it."""

_room = memoryview(mmap(-1, MOST_BYTES))
"""Where batches are unpacked, by the one thread that reads. No more of it is taken than was ever needed."""


def unpack(codec: int, packed: bytes) -> bytes | None:
    """The records of a batch compressed by Kafka's codec `codec`, or None where they are more than `MOST_BYTES` or not
    what that codec makes. KeyError for a codec that Kafka does not have."""
    if codec == _NONE:
        return packed
    unpack_into = _UNPACK_INTO[codec]
    try:
        return _room[: unpack_into(packed, _room)].tobytes()
    except cramjam.DecompressionError:
        return None


def _snappy(packed: bytes, room: memoryview) -> int:
    if not packed.startswith(_XERIAL):
        return cramjam.snappy.decompress_raw_into(packed, room)
    size, at = 0, len(_XERIAL)
    while at < len(packed):
        begin = at + 4
        at = begin + int.from_bytes(packed[at:begin], "big")
        size += cramjam.snappy.decompress_raw_into(packed[begin:at], room[size:])
    return size


_UNPACK_INTO: Final[dict[int, Callable[[bytes, memoryview], int]]] = {
    1: cramjam.gzip.decompress_into, 2: _snappy, 3: cramjam.lz4.decompress_into, 4: cramjam.zstd.decompress_into,
}  # fmt: skip
"""By Kafka's number of the codec."""
