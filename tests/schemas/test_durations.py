import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.durations import Duration, decode_hook

LONGEST = 36_500 * 86_400_000
REFUSED = ["", "10", "s", "-1s", "+1s", "1.5s", "10 s", " 10s", "10s ", "10s\n", "1w", "10S", "1h30m", "١٠s"]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("250ms", 250),
        ("10s", 10_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
        ("7d", 604_800_000),
        ("0s", 0),
        ("007s", 7_000),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, ms: int) -> None:
    assert Duration.parse(text) == ms


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0ms"), (1, "1ms"), (999, "999ms"), (1_000, "1s"), (90_000, "90s"), (60_000, "1m"), (86_400_000, "1d")],
)
def test_a_duration_prints_in_the_largest_unit_that_leaves_a_whole_number(ms: int, text: str) -> None:
    assert str(Duration(ms)) == text


@given(st.integers(0, LONGEST))
def test_what_is_printed_reads_back_as_the_same_duration(ms: int) -> None:
    assert Duration.parse(str(Duration(ms))) == ms


@pytest.mark.parametrize("text", ["36501d", f"{LONGEST + 1}ms", "9999999999999d"])
def test_a_duration_beyond_a_hundred_years_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is too long: the longest duration is 36500d"):
        Duration.parse(text)


@pytest.mark.parametrize("text", [*REFUSED, "9" * 5000 + "s", None, 10, 10.0, True, b"10s", ["10s"]])
def test_anything_else_is_refused_with_what_is_allowed(text: object) -> None:
    with pytest.raises(ValueError, match=r"is no duration: write a whole number and a unit \(ms, s, m, h, d\)"):
        Duration.parse(text)


def test_msgspec_decodes_durations_and_says_where_one_is_wrong() -> None:
    decoded = msgspec.convert({"a": "10s"}, dict[str, Duration], dec_hook=decode_hook)
    assert decoded == {"a": 10_000}
    assert type(decoded["a"]) is Duration
    with pytest.raises(msgspec.ValidationError, match=r"'10' is no duration.* - at `\$\[\.\.\.\]`"):
        msgspec.convert({"a": "10"}, dict[str, Duration], dec_hook=decode_hook)


def test_the_hook_knows_no_other_type() -> None:
    with pytest.raises(NotImplementedError, match="complex"):
        decode_hook(complex, "1")
