"""What the screen does not send, and what it does not understand."""

import asyncio

import msgspec
import pytest

from schemas.errors import UserError
from schemas.results import Alarm
from sinks.bigscreen.actions import Actions
from sinks.bigscreen.feed import decoded
from tests.sinks.bigscreen.known import alarm

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("by", "reason", "for_ms", "says"),
    [
        (" ", "seen", None, "a name of 1 to"),
        ("x" * 201, "seen", None, "a name of 1 to"),
        ("Wang Fang", "", None, "a reason of 1 to"),
        ("Wang Fang", "x" * 1001, None, "a reason of 1 to"),
        ("Wang Fang", "probe", HOUR + 1, "the longest shelf is 60 minutes"),
    ],
)
def test_what_the_topic_would_refuse_is_not_sent(by: str, reason: str, for_ms: int | None, says: str) -> None:
    actions = Actions({"bootstrap_servers": ["127.0.0.1:1"]}, HOUR)
    with pytest.raises(UserError, match=says):
        asyncio.run(actions.send(alarm("a", 1), "shelve", by, reason, for_ms))


def test_a_foreign_message_is_left_out_and_its_neighbours_are_not(caplog: pytest.LogCaptureFixture) -> None:
    good = alarm("a", 1)
    assert [*decoded([b"{", msgspec.json.encode(good), b'{"id": 1}'], Alarm)] == [good]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
