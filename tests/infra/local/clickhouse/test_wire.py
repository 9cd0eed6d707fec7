"""Varints and the buffered reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.clickhouse.errors import Code, ProtocolError
from infra.local.clickhouse.wire import Reader, write_string, write_varint


def reader_in_chunks(data: bytes, sizes: list[int]) -> Reader:
    """A reader that gets `data` cut into chunks of these sizes, again and again."""
    chunks: list[bytes] = []
    position = 0
    while position < len(data):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(data[position : position + size])
        position += size
    source = iter(chunks)
    return Reader(lambda: next(source, b""))


chunk_sizes = st.lists(st.integers(1, 300), min_size=1, max_size=5)
strings = st.lists(
    st.binary(max_size=20) | st.binary(min_size=120, max_size=140) | st.just(b"16 bytes of id!!"), max_size=300
)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), chunk_sizes)
def test_a_varint_is_read_as_it_was_written(value: int, sizes: list[int]) -> None:
    assert reader_in_chunks(write_varint(value), sizes).read_varint() == value


def test_a_varint_that_does_not_end_is_refused() -> None:
    with pytest.raises(ProtocolError, match="longer than 10 bytes"):
        reader_in_chunks(b"\xff" * 100, [100]).read_varint()


@settings(deadline=None)
@given(strings, chunk_sizes)
def test_strings_are_passed_over_however_the_data_are_cut(values: list[bytes], sizes: list[int]) -> None:
    data = b"".join(map(write_string, values))
    reader = reader_in_chunks(data + b"next", sizes)
    copied = bytearray()
    with reader.copying_to(copied.extend):
        reader.skip_strings(len(values))
    assert copied == data
    assert reader.read_bytes(4) == b"next"


@settings(deadline=None)
@given(st.integers(0, 5000), st.integers(0, 127), st.integers(50, 4000))
def test_a_run_of_equally_long_strings_ends_where_it_ends(count: int, length: int, size: int) -> None:
    data = write_string(bytes(length)) * count + write_string("other")
    reader = reader_in_chunks(data, [size])
    reader.skip_strings(count)
    assert reader.read_string(10) == "other"


@settings(deadline=None)
@given(st.binary(max_size=2000), st.integers(0, 2000), chunk_sizes)
def test_what_is_copied_is_what_was_read(data: bytes, size: int, sizes: list[int]) -> None:
    size = min(size, len(data))
    reader = reader_in_chunks(data, sizes)
    copied = bytearray()
    with reader.copying_to(copied.extend):
        reader.skip(size // 2)
        reader.read_bytes(size - size // 2)
    assert copied == data[:size]
    assert reader.read_bytes(len(data) - size) == data[size:]


def test_a_string_above_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError) as refused:
        reader_in_chunks(write_varint(1 << 40), [100]).read_string(4096)
    assert refused.value.code == Code.TOO_LARGE_STRING_SIZE


def test_a_string_inside_a_block_is_bounded_too() -> None:
    with pytest.raises(ProtocolError) as refused:
        reader_in_chunks(write_varint(1 << 40), [100]).skip_strings(1)
    assert refused.value.code == Code.TOO_LARGE_STRING_SIZE


@pytest.mark.parametrize("read", ["read_byte", "read_varint", "read_uint64"])
def test_the_end_of_the_data_is_an_error_where_more_is_needed(read: str) -> None:
    reader = reader_in_chunks(b"", [1])
    assert reader.at_end()
    with pytest.raises(EOFError):
        getattr(reader, read)()


def test_bytes_that_are_no_text_survive_as_text() -> None:
    raw = b"caf\xe9 \xff"
    assert write_string(reader_in_chunks(write_string(raw), [100]).read_string(100)) == write_string(raw)
