"""Compressed frames."""

import struct

import cramjam
import pytest
from clickhouse_cityhash.cityhash import CityHash128
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.clickhouse.blocks import reader_of
from infra.local.clickhouse.errors import Code, ProtocolError
from infra.local.clickhouse.frames import read_frame, write_frames


def frame(method: int, body: bytes, data_size: int) -> bytes:
    """A frame with a right checksum, whatever it says of itself."""
    hashed = struct.pack("<BII", method, len(body) + 9, data_size) + body
    value = CityHash128(hashed)
    return struct.pack("<QQ", value >> 64, value & (1 << 64) - 1) + hashed


@settings(deadline=None)
@given(st.binary(max_size=5000))
def test_data_come_back_from_frames(data: bytes) -> None:
    frames = list(write_frames(data))
    assert b"".join(read_frame(reader_of(one)) for one in frames) == data


def test_large_data_are_cut_into_frames_of_a_mebibyte() -> None:
    frames = list(write_frames(bytes(2_500_000)))
    assert [len(read_frame(reader_of(one))) for one in frames] == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)]


def test_zstd_and_plain_frames_are_read() -> None:
    data = b"zstd " * 100
    assert read_frame(reader_of(frame(0x90, bytes(cramjam.zstd.compress(data)), len(data)))) == data
    assert read_frame(reader_of(frame(0x02, data, len(data)))) == data


@pytest.mark.parametrize("position", [0, 15, 16, 17, 21, 25, -1])
def test_a_flipped_bit_is_noticed(position: int) -> None:
    data = bytearray(b"".join(write_frames(b"some data " * 50)))
    data[position] ^= 1
    with pytest.raises((ProtocolError, EOFError)):
        read_frame(reader_of(bytes(data)))


@pytest.mark.parametrize(
    ("hostile", "code"),
    [
        (frame(0x82, b"x", 1 << 30), Code.INCORRECT_DATA),
        (frame(0x82, b"x" * 100, 200), Code.INCORRECT_DATA),
        (frame(0x90, bytes(cramjam.zstd.compress(bytes(100_000))), 10), Code.INCORRECT_DATA),
        (frame(0x02, b"three", 5_000), Code.INCORRECT_DATA),
        (frame(0x77, b"x", 1), Code.UNKNOWN_COMPRESSION_METHOD),
        (bytes(16) + struct.pack("<BII", 0x82, 3, 3), Code.INCORRECT_DATA),
        (bytes(16) + struct.pack("<BII", 0x82, 0xFFFFFFFF, 10), Code.INCORRECT_DATA),
    ],
    ids=["bomb", "no LZ4", "zstd bomb", "wrong size", "unknown method", "too small", "too large"],
)
def test_a_hostile_frame_is_refused(hostile: bytes, code: Code) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_frame(reader_of(hostile))
    assert refused.value.code == code
