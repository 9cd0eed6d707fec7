"""What a rule may say, and what it is told where it says something else."""

from typing import Any

import msgspec
import pytest

from schemas.times import utc_offset_ms
from streams.compute.compliance.packs import PACKS
from streams.compute.compliance.rule import Compliance, Rule
from tests.streams.compute.compliance.stacks import rule

CHINA, EUROPE, AMERICA = PACKS


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (rule(CHINA, limits={}), "limits is empty"),
        (rule(CHINA, limits={"half_hour": 1}), "limits has half_hour, which cn-hj75-2017 does not judge"),
        (rule(AMERICA, limits={"day": 1}), "limits has day, which us-part75 does not judge"),
        (rule(CHINA, limits={"hour": 0}), "must be above 0"),
        (rule(CHINA, limits={"hour": float("nan")}), "must be above 0"),
        (rule(CHINA, limits={"hour": 1}, oxygen={"metric": "o2", "reference": 21}), "must be below 21, that of air"),
        (rule(EUROPE, limits={"day": 1}, flow="flow"), "eu-ied has no rule for emitted mass"),
        (rule(EUROPE, limits={"day": 1}) | {"metric": "hg"}, "eu-ied has none for hg; give it here"),
        (rule(CHINA, limits={"hour": 1}, assets=[]), "assets must name at least one"),
        (rule(AMERICA, limits={"hour": 1}, changes={"minutes": 3}), "us-part75 has no minutes to change"),
        (rule(CHINA, limits={"hour": 1}, changes={"discarded": 3}), "cn-hj75-2017 has no discarded to change"),
        (rule(EUROPE, limits={"day": 1}, changes={"minutes": 31}), "a half-hour has no more"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(declared: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(declared, Rule)


def test_changes_of_a_pack_show_in_its_version() -> None:
    plain = msgspec.convert(rule(CHINA, limits={"hour": 1}), Rule).rules()
    changed = msgspec.convert(rule(CHINA, limits={"hour": 1}, changes={"hours": 18}), Rule).rules()
    assert (plain.version, plain.hours) == ("2017", 20)
    assert (changed.version, changed.hours, changed.minutes) == ("2017+local", 18, 45)


@pytest.mark.parametrize(
    ("text", "minutes"), [("+08:00", 480), ("-05:00", -300), ("+05:30", 330), ("-03:30", -210), ("+00:00", 0)]
)
def test_an_offset_from_utc_is_read(text: str, minutes: int) -> None:
    assert utc_offset_ms(msgspec.convert({"utc_offset": text}, Compliance).utc_offset) == minutes * 60_000


@pytest.mark.parametrize("text", ["08:00", "+8:00", "+15:00", "+05:45", "Z", "+08:00\n"])
def test_an_offset_of_no_whole_half_hour_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"utc_offset": text}, Compliance)
