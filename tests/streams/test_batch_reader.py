"""Record batches read as columns give what aiokafka reads of them."""

import pytest
from aiokafka.codec import snappy_encode
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import LARGEST_RECORD
from streams import batch_reader, unpacking
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
            for n in (-1, -5, 0, 2, 1_000_000)
        ),
        (lambda raw: raw[:61] + _record(_LARGEST + b"v", b"\2v"), "cannot be read"),
        (lambda raw: raw[:61] + _record(b"\2k", _LARGEST + b"v"), "cannot be read"),
        (lambda raw: raw[:61] + _LARGEST + b"\0" * 20, "cannot be read"),
        (lambda raw: raw[:16] + b"\x01" + raw[17:], "has the format 1"),
        (lambda raw: raw[:16] + b"\x00" + raw[17:29], "has the format 0"),  # shorter than what is read now
    ],
)
def test_a_batch_that_is_not_what_it_says_is_refused(damage, words: str) -> None:  # type: ignore[no-untyped-def]
    raw = damage(batch([(0, b"k", b"value", [])], first_offset=17))
    with pytest.raises(KafkaError, match=words):
        read_all([raw])


def _stepping(steps: list[int], last_step: int) -> bytes:
    """A batch at 100 whose producer wrote these steps from its offset to its records'."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for step in steps:
        builder.append(step, 0, b"k", b"v", [])
    raw = bytes(builder.build())
    return (100).to_bytes(8, "big") + raw[8:23] + last_step.to_bytes(4, "big") + raw[27:]


@pytest.mark.parametrize("steps", [[0, 1, 2], [0, -50, 7], [-50, 0, 0], [0, 0, 10**6]])
def test_offsets_are_the_brokers_whatever_a_producer_wrote(steps: list[int]) -> None:
    assert read(_stepping(steps, last_step=2)).offset.tolist() == [100, 101, 102]


def test_where_compaction_has_left_out_records_the_others_keep_their_offsets() -> None:
    assert read(_stepping([1, 4, 5], last_step=6)).offset.tolist() == [101, 104, 105]


@pytest.mark.parametrize("steps", [[0, -1], [3, 3], [0, 7], [-1, 2]])
def test_where_compaction_has_left_out_records_the_others_must_be_in_order(steps: list[int]) -> None:
    with pytest.raises(KafkaError, match="cannot be read"):
        read(_stepping(steps, last_step=6))


@pytest.mark.parametrize("codec", _CODECS[1:])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_batch_that_is_too_large_unpacked_or_cannot_be_is_one_record_too_large(
    codec: int, is_damaged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_room", memoryview(bytearray(50_000)))
    good = batch([(0, b"k", b"v" * 40_000, [])], codec, first_offset=7)
    bad = batch([(5, b"k", bytes(1000) if is_damaged else bytes(30_000), [])] * 2, codec, first_offset=8)
    if is_damaged:
        bad = bad[:-20]
    found = read_all([good, bad, good])
    assert found.offset.tolist() == [7, 8, 7]
    assert [value[:9] for value in found.values] == [b"v" * 9, b"2 records", b"v" * 9]
    assert found.values.lengths().tolist() == [40_000, LARGEST_RECORD + 1, 40_000]
    assert found.keys[1] == b""


def test_a_batch_of_absurdly_many_records_is_one_record_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_reader, "_MOST_RECORDS", 2)
    found = read_all([batch([(0, b"k", b"v", [])] * n) for n in (2, 3)])
    assert found.values.lengths().tolist() == [1, 1, LARGEST_RECORD + 1]


@given(st.binary(max_size=200), st.binary(max_size=100), st.integers(0, 220))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_unpacked_or_not(data: bytes, noise: bytes, at: int) -> None:
    """In Snappy, lengths come from whoever wrote the blocks."""
    for begin in (b"", snappy_encode(data), bytes(snappy_encode(data, xerial_compatible=False))):
        packed = begin[:at] + noise
        found = unpacking.unpack(DefaultRecordBatch.CODEC_SNAPPY, packed)
        assert found is None or isinstance(found, bytes)
    assert unpacking.unpack(DefaultRecordBatch.CODEC_SNAPPY, snappy_encode(data * 500)) == data * 500


def read_all(batches: list[bytes]) -> Records:
    """Batches, also such as aiokafka would not take."""
    reader = BatchReader()
    for raw in batches:
        reader.add(raw)
    return reader.records(0)
