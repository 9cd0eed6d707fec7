"""Tokens of pages are in the client's hands."""

import base64
from typing import Any

import pytest

from sinks.epcis.archive import Archive
from sinks.epcis.filters import query
from sinks.epcis.problems import Problem


class Asked:
    """Stands for ClickHouse: keeps what it is asked."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []

    def execute(self, sql: str, values: dict[str, Any], settings: dict[str, Any]) -> list[Any]:
        self.values.append(values)
        return []


def token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "given",
    [
        "", "x", "ü", "%00", token("{}"), token('["1", "a", 0, null]'), token('[1, "a", 0]'),
        token(f'[{1 << 60}, "a", 0, 1]'), token('[1, "a", 0, -5]'), token(f'[1, "a", {-(1 << 50)}, null]'),
        token("[" * 5_000),
    ],
)  # fmt: skip
def test_a_token_that_was_not_given_is_refused(given: str) -> None:
    asked: Any = Asked()
    with pytest.raises(Problem, match="nextPageToken is none that this service has given"):
        Archive(asked, "t").events("88.118.8", query([("nextPageToken", given)]))
    assert asked.values == []


def test_a_token_says_where_to_go_on_and_not_whose_events() -> None:
    asked: Any = Asked()
    made_up = token("[1770000000000, \"x') OR enterprise != ('\", 0, 7]")
    Archive(asked, "t").events("88.118.8", query([("nextPageToken", made_up), ("perPage", "100")]))
    [values] = asked.values
    assert (values["topology"], values["enterprise"], values["limit"]) == ("t", "88.118.8", 8)
    assert values["cursor"] == (1_770_000_000_000, "x') OR enterprise != ('", 0)
