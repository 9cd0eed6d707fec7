"""Varints, strings and the buffered reader that both protocols are parsed with.

A Native block carries neither its length nor an end mark, so the only way to find its end is to parse it. `Reader`
does that without keeping the block: bytes that were passed over go on to a sink as the buffer is refilled, and memory
stays at one chunk whatever the size of the block.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from infra.local.clickhouse.errors import Code, ProtocolError

MAX_VARINT_BYTES: Final = 10
MAX_STRING: Final = 1 << 30
"""Longest string inside a block, the engine's own limit. Such a string is passed on, never held."""

_RUN_PROBE: Final = 64
_LOOP_BATCH: Final = 512

Sink = Callable[[memoryview], object]


def write_varint(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_string(value: str | bytes) -> bytes:
    """A length as varint, then the bytes."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return write_varint(len(data)) + data


class Reader:
    """Parses items from a source of byte chunks.

    `fill` returns the next chunk, or b"" at the end, on which every method raises EOFError if it needs more.
    """

    __slots__ = ("_buffer", "_fill", "_mark", "_position", "_sink")

    def __init__(self, fill: Callable[[], bytes]) -> None:
        self._fill = fill
        self._buffer = b""
        self._position = 0
        self._sink: Sink | None = None
        self._mark = 0

    @contextmanager
    def copying_to(self, sink: Sink) -> Iterator[None]:
        """While the context is open, every byte that is read or skipped is handed to `sink` too, in order."""
        self._sink, self._mark = sink, self._position
        try:
            yield
            self._pass_on()
        finally:
            self._sink = None

    def at_end(self) -> bool:
        """Whether the source is exhausted; reads from it if nothing is buffered."""
        if self._position < len(self._buffer):
            return False
        try:
            self._refill()
        except EOFError:
            return True
        return False

    def buffered_byte(self) -> bytes:
        """The next byte if it has arrived already, else b"". It stays to be read."""
        return self._buffer[self._position : self._position + 1]

    def read_byte(self) -> int:
        """The next byte as 0-255."""
        if self._position == len(self._buffer):
            self._refill()
        self._position += 1
        return self._buffer[self._position - 1]

    def read_varint(self) -> int:
        """Unsigned LEB128 of at most ten bytes."""
        value = 0
        for index in range(MAX_VARINT_BYTES):
            byte = self.read_byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value
        raise ProtocolError(Code.INCORRECT_DATA, f"A varint is longer than {MAX_VARINT_BYTES} bytes")

    def read_uint64(self) -> int:
        """Eight bytes, little-endian."""
        return int.from_bytes(self.read_bytes(8), "little")

    def read_bytes(self, size: int) -> bytes:
        """Exactly `size` bytes. Memory grows with what arrives, not with what was announced."""
        if size <= len(self._buffer) - self._position:
            self._position += size
            return self._buffer[self._position - size : self._position]
        parts = []
        while size:
            available = self._available()
            part = self._buffer[self._position : self._position + min(size, available)]
            parts.append(part)
            size -= len(part)
            self._position += len(part)
        return b"".join(parts)

    def read_string(self, limit: int) -> str:
        """A string of at most `limit` bytes; what is not UTF-8 survives as surrogates."""
        size = self.read_varint()
        if size > limit:
            raise ProtocolError(
                Code.TOO_LARGE_STRING_SIZE, f"A string of {size} bytes; at most {limit} are accepted here"
            )
        return self.read_bytes(size).decode("utf-8", "surrogateescape")

    def skip(self, size: int) -> None:
        """Passes over `size` bytes."""
        while size:
            step = min(size, self._available())
            self._position += step
            size -= step

    def skip_strings(self, count: int) -> None:
        """Passes over `count` strings: the one part of a block whose cost is per value, not per byte."""
        while count:
            count -= self._skip_equal_lengths(count)
            count -= self._skip_short_strings(min(count, _LOOP_BATCH))
            if count:  # a long string, or one that goes on in the next chunk
                size = self.read_varint()
                if size > MAX_STRING:
                    raise ProtocolError(Code.TOO_LARGE_STRING_SIZE, f"A string of {size} bytes; at most {MAX_STRING}")
                self.skip(size)
                count -= 1

    def _skip_equal_lengths(self, count: int) -> int:
        """Passes over the leading strings that are as long as the first one, for which no loop is needed.

        If the first string has length n, the length of the next one is n + 1 bytes further on, and so forth: a strided
        slice holds all the lengths, and how many of them are n is one call. Returns the number of strings.
        """
        buffer, skipped, window = self._buffer, 0, _RUN_PROBE
        while skipped < count and self._position < len(buffer):
            length = buffer[self._position]
            if length > 0x7F:
                break
            stride = length + 1
            fit = min(count - skipped, (len(buffer) - self._position) // stride, window)
            lengths = buffer[self._position : self._position + fit * stride : stride]
            run = len(lengths) - len(lengths.lstrip(lengths[:1]))
            self._position += run * stride
            skipped += run
            if run < window:
                break
            window *= 8
        return skipped

    def _skip_short_strings(self, count: int) -> int:
        """Passes over up to `count` strings below 128 bytes that lie in the buffer. Returns how many it were."""
        buffer, position, end = self._buffer, self._position, len(self._buffer)
        skipped = 0
        while skipped < count and position < end:
            length = buffer[position]
            if length > 0x7F or position + length >= end:
                break
            position += length + 1
            skipped += 1
        self._position = position
        return skipped

    def _available(self) -> int:
        if self._position == len(self._buffer):
            self._refill()
        return len(self._buffer) - self._position

    def _refill(self) -> None:
        """Replaces the used up buffer by the next chunk."""
        self._pass_on()
        self._buffer, self._position, self._mark = b"", 0, 0
        chunk = self._fill()
        if not chunk:
            raise EOFError
        self._buffer = chunk

    def _pass_on(self) -> None:
        if self._sink is not None and self._position > self._mark:
            self._sink(memoryview(self._buffer)[self._mark : self._position])
            self._mark = self._position
