"""NDJSON that holds events already."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from streams.replay.plan import History
from tests.streams.replay.sending import Replayed, write_text

FIRST = '{"ts": 1704067200000, "site": "mill", "asset": "saw-1", "values": {"current": 1.5}, "extra": [1, 2]}'
SECOND = '{"ts":"2024-01-01T08:00:01.5+08:00","site":"mill","asset":"säge-2","values":{},"state":"idle"}'


def events_file(path: Path, *lines: str) -> History:
    return History(write_text(path, "\n".join(lines)), "machine.events", None, "elsewhere")


@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl", "a.ndjson.gz"])
def test_events_pass_byte_for_byte_under_their_own_site_and_asset(tmp_path: Path, name: str) -> None:
    sent = Replayed([events_file(tmp_path / name, FIRST, "", f"  {SECOND}")])
    assert sent.messages == [
        ("machine.events", b"mill/saw-1", FIRST.encode()),
        ("machine.events", "mill/säge-2".encode(), SECOND.encode()),
    ]
    assert (sent.totals.first_ts, sent.totals.latest_ts) == (1704067200000, 1704067201500)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"ts": 1, "site": "mill", "asset": "saw-1", "values": {"current": "1.5"}}',
        '{"ts": 1, "site": "mill", "values": {"current": 1.5}}',
        '{"ts": "noon", "site": "mill", "asset": "saw-1", "values": {}}',
        '{"ts": "2024-01-01T00:00:00", "site": "mill", "asset": "saw-1", "values": {}}',
        FIRST + SECOND,
        '{"ts": 253402300800000, "site": "mill", "asset": "saw-1", "values": {}}',
        '{"ts": -62135596800001, "site": "mill", "asset": "saw-1", "values": {}}',
        '{"ts": "0001-01-01T00:00:00+14:00", "site": "mill", "asset": "saw-1", "values": {}}',
        FIRST.replace("[1, 2]", "[" * 100_000),
    ],
)
def test_a_line_that_is_no_event_is_an_error_or_skipped_and_counted(tmp_path: Path, line: str) -> None:
    history = events_file(tmp_path / "a.ndjson", FIRST, line, SECOND)
    with pytest.raises(UserError, match=r"a\.ndjson: row 2: no event: [^\n]*$"):
        Replayed([history])
    sent = Replayed([history], skip=True)
    assert [value for _, _, value in sent.messages] == [FIRST.encode(), SECOND.encode()]
    assert sent.refusals.count == 1
