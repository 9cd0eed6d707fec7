"""Record batches read as columns give what aiokafka reads of them."""

import pytest
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.batch_reader import BatchReader, RawRecords, Records

_bytes = st.none() | st.binary(max_size=300)
_headers = st.lists(st.tuples(st.text(max_size=3), _bytes), max_size=2)
_records = st.lists(st.tuples(st.integers(-(1 << 40), 1 << 40), _bytes, _bytes, _headers), min_size=1, max_size=30)
_CODECS = [
    DefaultRecordBatch.CODEC_NONE,
    DefaultRecordBatch.CODEC_GZIP,
    DefaultRecordBatch.CODEC_SNAPPY,
    DefaultRecordBatch.CODEC_LZ4,
    DefaultRecordBatch.CODEC_ZSTD,
]
_TIMES_BY_BROKER = 0x08
_ATTRIBUTES_END = 23
_LARGEST = b"\xfe" + b"\xff" * 8 + b"\x01"
"""A varint."""


def _record(*fields: bytes) -> bytes:
    body = b"\0\0\0" + b"".join(fields) + b"\0"
    return bytes([2 * len(body)]) + body


def batch(records: list, codec: int = 0, first_offset: int = 0, by_broker: bool = False) -> bytes:  # type: ignore[type-arg]
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1 << 20)
    for offset, (ts, key, value, headers) in enumerate(records):
        assert builder.append(offset, ts, key, value, headers) is not None
    raw = bytearray(builder.build())
    raw[:8] = first_offset.to_bytes(8, "big")
    if by_broker:
        raw[_ATTRIBUTES_END - 1] |= _TIMES_BY_BROKER
    return bytes(raw)


def read(log: bytes, begin: int = 0) -> Records:
    records, reader = RawRecords(log), BatchReader()
    while records.has_next():
        reader.add(records.next_raw()[1])
    return reader.records(begin)


@given(st.lists(st.tuples(_records, st.sampled_from(_CODECS), st.booleans()), max_size=4), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_columns_are_what_aiokafka_reads(batches: list, begin: int) -> None:  # type: ignore[type-arg]
    log = b"".join(batch(records, codec, 1_000 * n, by) for n, (records, codec, by) in enumerate(batches))
    expected, given = [], MemoryRecords(log)
    while given.has_next():
        expected += [
            (one.offset, one.timestamp, one.key or b"", one.value or b"")
            for one in given.next_batch()
            if one.offset >= begin
        ]
    found = read(log, begin)
    assert [*zip(found.offset.tolist(), found.broker_ts.tolist(), found.keys, found.values, strict=True)] == expected


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda raw: raw[:60] + b"\x02" + raw[61:], "cannot be read"),  # a record more than there is
        (lambda raw: raw[:-1], "cannot be read"),
        (lambda raw: raw + b"\0", "cannot be read"),
        (lambda raw: raw[:61] + b"\xff" * (len(raw) - 61), "cannot be read"),
        (lambda raw: raw[:22] + b"\x07" + raw[23:], "unknown"),
        *(
            (lambda raw, n=n: raw[:57] + n.to_bytes(4, "big", signed=True) + raw[61:], "cannot be read")
            for n in (-1, -5, 0, 2, 2**31 - 1)
        ),
        (lambda raw: raw[:61] + _record(_LARGEST + b"v", b"\2v"), "cannot be read"),
        (lambda raw: raw[:61] + _record(b"\2k", _LARGEST + b"v"), "cannot be read"),
        (lambda raw: raw[:61] + _LARGEST + b"\0" * 20, "cannot be read"),
        (lambda raw: raw[:16] + b"\x01" + raw[17:], "has the format 1"),
    ],
)
def test_a_batch_that_is_not_what_it_says_is_refused(damage, words: str) -> None:  # type: ignore[no-untyped-def]
    raw = damage(batch([(0, b"k", b"value", [])], first_offset=17))
    with pytest.raises(KafkaError, match=words):
        _read_raw(raw)


def _read_raw(raw: bytes) -> Records:
    """What aiokafka would not even take for a batch."""
    reader = BatchReader()
    reader.add(raw)
    return reader.records(0)
