"""Tokens by which an enterprise is known."""

import pytest

from schemas.errors import SettingsError
from sinks.tokens import Tokens, make


def test_an_enterprise_is_known_by_each_of_its_tokens_and_by_no_other() -> None:
    (first, entry), (second, other), (stranger, _) = make("88.118.8"), make("88.118.8"), make("6901234")
    tokens = Tokens.parse(f"{entry}\n{other}")
    assert tokens.enterprise(f"Bearer {first}") == tokens.enterprise(f"bearer  {second} ") == "88.118.8"
    for wrong in (
        None,
        "",
        first,
        f"Basic {first}",
        f"Bearer {stranger}",
        f"Bearer {entry}",
        "Bearer ",
        f"Bearer {first}x",
    ):
        assert tokens.enterprise(wrong) is None


def test_what_is_written_down_does_not_hold_the_token() -> None:
    token, entry = make("6901234")
    assert len(token) >= 43
    assert token not in entry


@pytest.mark.parametrize("text", ["88.118.8", "88.118.8:abc", f"nobody:{'0' * 64}", f"88.118.8:{'G' * 64}"])
def test_a_malformed_entry_is_named_by_its_place_and_not_quoted(text: str) -> None:
    with pytest.raises(SettingsError, match="entry 2") as told:
        Tokens.parse(f"{make('6901234')[1]} {text}")
    assert text not in str(told.value)


def test_a_token_is_not_that_of_two_enterprises() -> None:
    _, entry = make("6901234")
    with pytest.raises(SettingsError, match="entry 2"):
        Tokens.parse(f"{entry} {entry}")
