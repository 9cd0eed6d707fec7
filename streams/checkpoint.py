"""The bytes of a checkpoint: the state of one source partition and the log position that it stands for.

Layout: the magic `HRCP`, one byte of format version, then zstd-compressed MessagePack. Arrays are stored as their
dtype, shape and little-endian bytes. A reader knows its own version and every older one; a newer one is refused.
"""

from typing import Any, Final

import cramjam
import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.errors import CheckpointError

FORMAT: Final = 1
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
    """The bytes that go into the checkpoint topic."""
    return _MAGIC + bytes([FORMAT]) + bytes(cramjam.zstd.compress(_encoder.encode(checkpoint), _LEVEL))


def unpack(blob: bytes) -> Checkpoint:
    """Read what `pack` wrote. CheckpointError if it is damaged or was written by a newer version."""
    if blob[: len(_MAGIC)] != _MAGIC or len(blob) <= len(_MAGIC):
        raise CheckpointError("this is no checkpoint of headrace")
    version = blob[len(_MAGIC)]
    if version != FORMAT:
        raise CheckpointError(f"the checkpoint has format {version}, this version reads {FORMAT}")
    try:
        return _decoder.decode(bytes(cramjam.zstd.decompress(blob[len(_MAGIC) + 1 :])))
    except (cramjam.DecompressionError, msgspec.MsgspecError, ValueError) as error:
        raise CheckpointError(f"the checkpoint is damaged: {error}") from None


def _encode_array(value: Any) -> msgspec.msgpack.Ext:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a checkpoint cannot hold {type(value).__name__}")
    array: NDArray[np.generic] = np.ascontiguousarray(value)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
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
