import zlib
from typing import Any

import cramjam
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schemas.errors import CheckpointError
from streams.checkpoint import FORMAT, Checkpoint, pack, unpack


def checkpoint(engine: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        topology="tower_plant",
        topic="machine.events",
        partition=3,
        next_offset=43,
        first_offset=1,
        broker_ts=1_760_000_000_000,
        engine=engine,
    )


ENGINE = {
    "stream_time": 1_760_000_000_000,
    "series": [["鸿阳", "welder-1", "kw"], ["s", "a", "t"]],
    "windows": {"10s": {"start": np.arange(50) * 10_000, "sum": np.linspace(0, 1, 50), "first": np.zeros((0, 2))}},
    "detectors": {"high": {"on": np.array([[True, False]]), "flag": np.array([-1, 7], np.int8)}},
}
BLOB = pack(checkpoint(ENGINE))

_arrays = st.sampled_from(["<i8", "<f8", "i1", "u1", "?", "<u4", ">i4", ">f8"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
_plain = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False) | st.text()
trees = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        _arrays | _plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def same(one: Any, other: Any) -> bool:
    """Equal, array by array, in dtype (but for the byte order), shape and bits."""
    match one:
        case np.ndarray():
            little = one.astype(one.dtype.newbyteorder("<"))
            return (
                isinstance(other, np.ndarray)
                and (little.dtype, little.shape) == (other.dtype, other.shape)
                and little.tobytes() == other.tobytes()
            )
        case dict():
            return isinstance(other, dict) and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
        case list():
            return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@given(trees)
@settings(max_examples=200, deadline=None)
def test_a_checkpoint_is_unpacked_as_it_was_packed(engine: dict[str, Any]) -> None:
    read = unpack(pack(checkpoint(engine)))
    assert same(engine, read.engine)
    assert msgspec.structs.replace(read, engine={}) == checkpoint({})


def test_the_same_state_has_the_same_bytes() -> None:
    assert pack(checkpoint(ENGINE)) == BLOB
    assert pack(unpack(BLOB)) == BLOB


def test_an_array_that_is_no_contiguous_block_is_packed_by_its_elements() -> None:
    array = np.arange(24).reshape(4, 6)
    read = unpack(pack(checkpoint({"columns": array[:, ::2], "turned": array.T, "backwards": array[::-1]}))).engine
    assert same({"columns": array[:, ::2].copy(), "turned": array.T.copy(), "backwards": array[::-1].copy()}, read)


def test_unpacked_arrays_can_be_written_to() -> None:
    array = unpack(BLOB).engine["windows"]["10s"]["sum"]
    array += 1
    assert array[0] == 1


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (object(), "object"),
        (np.int64(1), "int64"),
        (np.array(["a"]), "an array of <U1"),
        (np.array([object()]), "an array of object"),
        (np.array([(1, 2.0)], dtype="i4,f8"), "an array of"),
        (np.array(["2025-10-09"], "M8[D]"), "an array of datetime64"),
    ],
)
def test_state_that_would_not_come_back_as_it_was_is_not_packed(state: object, told: str) -> None:
    with pytest.raises(TypeError, match=f"a checkpoint cannot hold {told}"):
        pack(checkpoint({"x": state}))


def test_a_truncated_checkpoint_is_refused() -> None:
    for size in range(len(BLOB)):
        with pytest.raises(CheckpointError):
            unpack(BLOB[:size])


def test_a_checkpoint_with_any_flipped_bit_is_refused() -> None:
    for position in range(len(BLOB)):
        for bit in range(8):
            damaged = bytearray(BLOB)
            damaged[position] ^= 1 << bit
            with pytest.raises(CheckpointError):
                unpack(bytes(damaged))


NO_LOOP: dict[str, Any] = {"levels": {}, "loop": {"now": 0, "declared": {}, "levels": [], "answers": {}}}


def test_a_checkpoint_of_format_2_has_neither_rules_nor_alarms_and_its_checksum_leaves_the_version_out() -> None:
    old = b"HRCP\2" + zlib.crc32(BLOB[9:]).to_bytes(4, "little") + BLOB[9:]
    assert same({**ENGINE, "compliance": {"rules": {}}, "conditions": {}, **NO_LOOP}, unpack(old).engine)


def test_a_checkpoint_of_format_3_has_no_levels_and_no_playbooks() -> None:
    old = pack(checkpoint({"conditions": {"high": {}}}))
    old = old[:4] + b"\3" + zlib.crc32(old[9:], zlib.crc32(b"\3")).to_bytes(4, "little") + old[9:]
    assert unpack(old).engine == {"conditions": {"high": {}}, **NO_LOOP}


@pytest.mark.parametrize("blob", [b"", b"HRCP", b"null", b"\x28\xb5\x2f\xfd" + BLOB, b"hrcp" + BLOB[4:]])
def test_bytes_that_do_not_begin_like_a_checkpoint_are_told_to_be_none(blob: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"^this is no checkpoint of headrace$"):
        unpack(blob)


@pytest.mark.parametrize("version", [0, FORMAT + 1, 255])
def test_a_checkpoint_of_another_format_is_refused_with_both_versions(version: int) -> None:
    with pytest.raises(CheckpointError, match=rf"has format {version}, this version of headrace reads 1 to {FORMAT}$"):
        unpack(BLOB[:4] + bytes([version]) + BLOB[5:])


def test_a_wrong_checksum_is_told() -> None:
    with pytest.raises(CheckpointError, match=r"is damaged: its checksum is wrong$"):
        unpack(BLOB + b"\0")


def sealed(body: bytes) -> bytes:
    return BLOB[:5] + zlib.crc32(BLOB[4:5] + body).to_bytes(4, "little") + body


def compressed(content: bytes) -> bytes:
    return sealed(bytes(cramjam.zstd.compress(content)))


def array_of(dtype: str, shape: object, data: bytes) -> bytes:
    head = msgspec.msgpack.encode((dtype, shape))
    ext = msgspec.msgpack.Ext(1, len(head).to_bytes(2, "little") + head + data)
    return compressed(msgspec.msgpack.encode(msgspec.structs.replace(checkpoint({}), engine={"x": ext})))


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(sealed(b""), id="no body"),
        pytest.param(sealed(b"not compressed"), id="not zstd"),
        pytest.param(sealed(b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 7 + b"\x3f\x01\x00\x00"), id="claims exabytes"),
        pytest.param(compressed(b""), id="nothing"),
        pytest.param(compressed(b"\xc1"), id="no MessagePack"),
        pytest.param(compressed(b"\x81\xa6engine\x81\xa1x" + b"\x91" * 100_000), id="nested too deep"),
        pytest.param(compressed(msgspec.msgpack.encode({"topology": "t"})), id="fields missing"),
        pytest.param(compressed(msgspec.msgpack.encode([1, 2])), id="another document"),
        pytest.param(compressed(msgspec.msgpack.encode({"engine": msgspec.msgpack.Ext(9, b"")})), id="other extension"),
        pytest.param(array_of("<i8", [3], bytes(16)), id="data too short"),
        pytest.param(array_of("<i8", [1 << 62], bytes(8)), id="shape too large"),
        pytest.param(array_of("<i8", [-1, -1], bytes(8)), id="shape unknown"),
        pytest.param(array_of("<i8", "x", bytes(8)), id="no shape"),
        pytest.param(array_of("q9", [1], bytes(8)), id="no dtype"),
        pytest.param(array_of("O", [1], bytes(8)), id="objects"),
        pytest.param(array_of("", [1], bytes(8)), id="empty dtype"),
    ],
)
def test_what_cannot_be_read_in_spite_of_its_checksum_is_refused_too(blob: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"^the checkpoint cannot be read: "):
        unpack(blob)


@given(st.binary(max_size=200), st.sampled_from([b"", BLOB[:4], BLOB[:5], BLOB[:9]]))
def test_no_bytes_raise_anything_else(blob: bytes, head: bytes) -> None:
    with pytest.raises(CheckpointError):
        unpack(head + blob)


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_no_content_raises_anything_else(content: bytes) -> None:
    with pytest.raises(CheckpointError):
        unpack(compressed(content))
