"""The body of an HTTP request as a stream of plain bytes, whatever its transfer and content encodings are."""

import zlib
from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase
from typing import Final

import cramjam
import lz4.frame

from infra.local.clickhouse.errors import Code, ProtocolError, ServerError
from infra.local.clickhouse.frames import read_frame
from infra.local.clickhouse.wire import Reader

_CHUNK: Final = 1 << 18
_MAX_LINE: Final = 1 << 12
MAX_WHOLE_BODY: Final = 256 << 20
"""Largest zstd body, before and after: it is decompressed in one piece."""


def read_body(stream: BufferedIOBase, headers: Message, *, native_frames: bool = False) -> Iterator[bytes]:
    """The decoded body in chunks.

    `native_frames`: it consists of ClickHouse's own compressed frames. Raises ProtocolError for what is malformed or
    ends too early, ServerError for encodings that are not known.
    """
    raw = _read_raw(stream, headers)
    encoding = headers.get("Content-Encoding", "").strip().lower()
    match encoding:
        case "" | "identity":
            plain = raw
        case "gzip" | "deflate":
            plain = _inflate(raw)
        case "lz4":
            plain = _decompress_lz4(raw)
        case "zstd":
            plain = _decompress_zstd(raw)
        case _:
            raise ServerError(Code.UNKNOWN_COMPRESSION_METHOD, f"Content-Encoding {encoding} is not supported")
    return _read_frames(plain) if native_frames else plain


def _read_raw(stream: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        while size := _read_chunk_size(stream):
            yield from _read_exactly(stream, size)
            stream.readline(_MAX_LINE)
        while stream.readline(_MAX_LINE).strip():
            pass  # trailers
    else:
        length = headers.get("Content-Length", "0")
        if not length.isdecimal():
            raise ProtocolError(Code.INCORRECT_DATA, f"Content-Length {length} is not a number")
        yield from _read_exactly(stream, int(length))


def _read_chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline(_MAX_LINE)
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise ProtocolError(Code.INCORRECT_DATA, "The size of a chunk is not a number") from None


def _read_exactly(stream: BufferedIOBase, size: int) -> Iterator[bytes]:
    while size:
        chunk = stream.read(min(size, _CHUNK))
        if not chunk:
            raise ProtocolError(Code.INCORRECT_DATA, f"The body ends {size} bytes too early")
        size -= len(chunk)
        yield chunk


def _inflate(raw: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, whichever it is
    try:
        for chunk in raw:
            while chunk:
                yield decompressor.decompress(chunk, _CHUNK)
                chunk = decompressor.unconsumed_tail
        yield decompressor.flush()
    except zlib.error as error:
        raise ProtocolError(Code.INCORRECT_DATA, f"Cannot decompress: {error}") from None
    if not decompressor.eof:
        raise ProtocolError(Code.INCORRECT_DATA, "The compressed body is truncated")


def _decompress_lz4(raw: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = lz4.frame.LZ4FrameDecompressor()
    try:
        for chunk in raw:
            yield decompressor.decompress(chunk, _CHUNK)
            while not decompressor.needs_input and not decompressor.eof:
                yield decompressor.decompress(b"", _CHUNK)
    except (RuntimeError, EOFError) as error:
        raise ProtocolError(Code.INCORRECT_DATA, f"Cannot decompress: {error}") from None
    if not decompressor.eof:
        raise ProtocolError(Code.INCORRECT_DATA, "The compressed body is truncated")


def _decompress_zstd(raw: Iterator[bytes]) -> Iterator[bytes]:
    compressed = bytearray()
    for chunk in raw:
        compressed += chunk
        if len(compressed) > MAX_WHOLE_BODY:
            raise ServerError(Code.INCORRECT_DATA, f"A zstd body may not exceed {MAX_WHOLE_BODY} bytes")
    try:
        yield bytes(cramjam.zstd.decompress(bytes(compressed)))
    except cramjam.DecompressionError as error:
        raise ProtocolError(Code.INCORRECT_DATA, f"Cannot decompress: {error}") from None


def _read_frames(plain: Iterator[bytes]) -> Iterator[bytes]:
    chunks = (chunk for chunk in plain if chunk)
    reader = Reader(lambda: next(chunks, b""))
    while not reader.at_end():
        try:
            yield read_frame(reader)
        except EOFError:
            raise ProtocolError(Code.INCORRECT_DATA, "The compressed body is truncated") from None
