"""Rule packs: what each body of rules asks of an average before it may be judged. Data; the code is in `periods`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

Period = Literal["half_hour", "hour", "day", "month"]
PERIODS: Final[tuple[Period, ...]] = get_args(Period)

PackName = Literal["cn-hj75-2017", "eu-ied", "us-part75"]


class Substitution(NamedTuple):
    """What stands in for the emitted mass of an hour that was not measured."""

    capture: float
    """Smallest share of the quarter's hours that must have been measured, 0 to 1."""
    longest_gap: int | None
    """Hours; None for a gap of any length."""
    hours: int
    """The largest of so many measured hours before the gap is taken."""


class Pack(NamedTuple):
    """One body of rules."""

    version: str
    """In every verdict, with the name of the pack."""
    about: str
    periods: tuple[Period, ...]
    """From the shortest, which is made of minutes, each of the one before."""
    minutes: int
    """Valid minutes that the shortest period needs."""
    quadrants: bool = False
    """Instead of a number of minutes: a valid one in each quarter of an hour in which the unit ran."""
    hours: int | None = None
    """Valid hours that a day needs."""
    days: int | None = None
    """Valid days that a month needs."""
    february_days: int | None = None
    """The same for February."""
    discarded: int | None = None
    """Half-hours of a day, at most, that are not valid although the plant ran."""
    air_oxygen: float = 21.0
    """Oxygen of air, % by volume, in the correction to reference oxygen."""
    confidence: Mapping[str, float] | None = None
    """By metric: the share of the limit that is subtracted as the confidence interval of a measurement; None where
    nothing is subtracted."""
    substitutions: tuple[Substitution, ...] = ()
    """The first that fits is taken. Empty where the pack has no rule for emitted mass."""


PACKS: Final[Mapping[PackName, Pack]] = MappingProxyType(
    {
        "cn-hj75-2017": Pack(
            version="2017",
            about="HJ 75-2017 and HJ 76-2017, monitoring of stationary sources",
            periods=("hour", "day", "month"),
            minutes=45,
            hours=20,
            days=25,
            february_days=23,
            substitutions=(Substitution(0.90, 24, 180), Substitution(0.90, None, 720), Substitution(0.75, None, 2160)),
        ),
        "eu-ied": Pack(
            version="2010/75/EU",
            about="Directive 2010/75/EU (IED), annex VI, parts 6 and 8",
            periods=("half_hour", "day"),
            minutes=20,  # two thirds of the period, as EN 17255-1 has it for short-term averages
            discarded=5,
            confidence=MappingProxyType(
                {"co": 0.10, "so2": 0.20, "nox": 0.20, "pm": 0.30, "toc": 0.30, "hcl": 0.40, "hf": 0.40}
            ),
        ),
        "us-part75": Pack(
            version="75.10(d)",
            about="40 CFR part 75, section 75.10(d)",
            periods=("hour",),
            minutes=0,
            quadrants=True,
            air_oxygen=20.9,
        ),
    }
)
