"""The compressed frames of ClickHouse: 16 bytes CityHash128, method, two sizes, data.

Data packets consist of them when the client asks for compression; over HTTP the parameters `compress` and `decompress`
ask for them. The hash (CityHash 1.0.2, high word first) covers everything after itself.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import cramjam
import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from infra.local.clickhouse.errors import Code, ProtocolError
from infra.local.clickhouse.wire import Reader

MAX_FRAME: Final = 1 << 30
"""Largest frame, compressed or not, in bytes: the engine's own limit (DBMS_MAX_COMPRESSED_SIZE)."""

_HEAD = struct.Struct("<BII")
_HASH = struct.Struct("<QQ")
_FRAME_DATA: Final = 1 << 20
_LZ4_MAX_RATIO: Final = 255


class Method(IntEnum):
    """The byte that tells how a frame is compressed. LZ4HC writes LZ4."""

    NONE = 0x02
    LZ4 = 0x82
    ZSTD = 0x90


def read_frame(reader: Reader) -> bytes:
    """The data of the next frame."""
    checksum = reader.read_bytes(_HASH.size)
    head = reader.read_bytes(_HEAD.size)
    method, size, data_size = _HEAD.unpack(head)
    if size < _HEAD.size or max(size, data_size) > MAX_FRAME:
        raise ProtocolError(
            Code.INCORRECT_DATA, f"A compressed frame of {size} bytes for {data_size} is not acceptable"
        )
    body = reader.read_bytes(size - _HEAD.size)
    if _hash(head + body) != checksum:
        raise ProtocolError(Code.CHECKSUM_DOESNT_MATCH, "Checksum doesn't match: corrupted data")
    data = _decompress(method, body, data_size)
    if len(data) != data_size:
        raise ProtocolError(Code.INCORRECT_DATA, f"A compressed frame holds {len(data)} bytes, not {data_size}")
    return data


def write_frames(data: bytes) -> Iterator[bytes]:
    """`data` in LZ4 frames of at most 1 MiB each."""
    for start in range(0, len(data), _FRAME_DATA):
        part = data[start : start + _FRAME_DATA]
        compressed = lz4.block.compress(part, store_size=False)
        frame = _HEAD.pack(Method.LZ4, len(compressed) + _HEAD.size, len(part)) + compressed
        yield _hash(frame) + frame


def _decompress(method: int, body: bytes, data_size: int) -> bytes:
    try:
        match method:
            case Method.NONE:
                return body
            case Method.LZ4:
                if data_size > _LZ4_MAX_RATIO * len(body):  # before the decompressor allocates it
                    raise ProtocolError(Code.INCORRECT_DATA, f"{len(body)} bytes of LZ4 cannot hold {data_size}")
                return bytes(lz4.block.decompress(body, uncompressed_size=data_size))
            case Method.ZSTD:
                data = bytearray(data_size)
                return bytes(data[: cramjam.zstd.decompress_into(body, data)])
    except (lz4.block.LZ4BlockError, cramjam.DecompressionError) as error:
        raise ProtocolError(Code.INCORRECT_DATA, f"Cannot decompress: {error}") from None
    raise ProtocolError(Code.UNKNOWN_COMPRESSION_METHOD, f"Compression method {method:#04x} is unknown")


def _hash(data: bytes) -> bytes:
    value = CityHash128(data)
    return _HASH.pack(value >> 64, value & (1 << 64) - 1)
