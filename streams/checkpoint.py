"""The bytes of a checkpoint: the state of one source partition and the log position that it stands for.

Layout: the magic `HRCP`, one byte of format version, the CRC-32 of it and of what follows (4 bytes, little-endian),
then zstd-compressed MessagePack. Arrays are stored as their dtype, shape and little-endian bytes. A reader knows its
own version and every older one; a newer one is refused.
"""

import zlib
from typing import Any, Final

import cramjam
import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.errors import CheckpointError
from streams.compute.events import LONG_AGO

FORMAT: Final = 4
"""4: levels and the control loop.
3: the state of rules and of the conditions of alarms; the checksum covers the version, so that no flipped bit makes
an older format of it.
2: what was read last, to find duplicates; what windows had counted that are gone or were declared otherwise; the number
of new series."""
_MAGIC: Final = b"HRCP"
_ARRAY: Final = 1
"""MessagePack extension code of an array."""
_LEVEL: Final = 1
"""zstd level: checkpoints are frequent and short-lived."""


class Checkpoint(msgspec.Struct, frozen=True):
    """State after all records below `next_offset`."""

    topology: str
    topic: str
    partition: int
    next_offset: int
    first_offset: int
    """Where the log began when it was first read."""
    broker_ts: int
    """Broker's timestamp (ms) of the last record."""
    engine: dict[str, Any]


def pack(checkpoint: Checkpoint) -> bytes:
    """The bytes that go into the checkpoint topic. TypeError for state that is neither plain nor arrays of numbers."""
    body = bytes(cramjam.zstd.compress(_encoder.encode(checkpoint), _LEVEL))
    return _MAGIC + bytes([FORMAT]) + _checksum(FORMAT, body) + body


def unpack(blob: bytes) -> Checkpoint:
    """Read what `pack` wrote. CheckpointError if it is damaged or was written by a newer version."""
    magic, version, checksum, body = blob[:4], blob[4:5], blob[5:9], blob[9:]
    if magic != _MAGIC or not version:
        raise CheckpointError("this is no checkpoint of headrace")
    if not 1 <= version[0] <= FORMAT:
        raise CheckpointError(f"the checkpoint has format {version[0]}, this version of headrace reads 1 to {FORMAT}")
    if _checksum(version[0], body) != checksum:
        raise CheckpointError("the checkpoint is damaged: its checksum is wrong")
    try:
        checkpoint = _decoder.decode(bytes(cramjam.zstd.decompress(body)))
    except (cramjam.DecompressionError, msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"the checkpoint cannot be read: {error}") from None
    if version[0] == 1:
        _from_format_1(checkpoint.engine)
    if version[0] <= 2:
        checkpoint.engine.update(compliance={"rules": {}}, conditions={})
    if version[0] <= 3:
        loop = {"now": 0, "declared": {}, "levels": [], "answers": {}}
        checkpoint.engine.update(levels={}, loop=loop)
    return checkpoint


def _checksum(version: int, body: bytes) -> bytes:
    covered = body if version <= 2 else bytes([version]) + body
    return zlib.crc32(covered).to_bytes(4, "little")


def _from_format_1(engine: dict[str, Any]) -> None:
    engine.update(duplicates={"steps": np.zeros(0, np.uint64)}, gone={}, new_series=[0, 0])
    measured = engine["counts"]["points"] - engine["counts"]["points_invalid"]
    for windows in engine["windows"].values():
        size, advance, _ = windows["declared"]
        windowed, late, closed, closed_until = windows["counters"]
        left_out = measured * (size // advance) - windowed - late
        windows["counters"] = np.array([windowed, late, closed, left_out, closed_until, LONG_AGO])


def _encode_array(value: Any) -> msgspec.msgpack.Ext:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a checkpoint cannot hold {type(value).__name__}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"a checkpoint cannot hold an array of {value.dtype}")
    array: NDArray[np.generic] = value.astype(value.dtype.newbyteorder("<"), copy=False)
    head = msgspec.msgpack.encode((array.dtype.str, array.shape))
    return msgspec.msgpack.Ext(_ARRAY, len(head).to_bytes(2, "little") + head + array.tobytes())


def _decode_array(code: int, data: memoryview) -> NDArray[np.generic]:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code}")
    end = 2 + int.from_bytes(data[:2], "little")
    kind, shape = msgspec.msgpack.decode(data[2:end], type=tuple[str, tuple[int, ...]])
    return np.frombuffer(data[end:], np.dtype(kind)).reshape(shape).copy()


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_array)
_decoder = msgspec.msgpack.Decoder(Checkpoint, ext_hook=_decode_array)
