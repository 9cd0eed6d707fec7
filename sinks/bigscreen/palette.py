"""Colours and symbols. What is normal is grey; colour says that somebody has to act (ISA-101), and never says it alone:
each state has a symbol and a word as well. The colours are those of Okabe and Ito, which most colour-blind people can
tell apart. The style sheet has them by the names of the tones.
"""

from typing import Final, Literal, NamedTuple

Tone = Literal["normal", "quiet", "unknown", "low", "medium", "high", "critical"]

COLOURS: Final[dict[Tone, str]] = {
    "normal": "#c3ccd6",
    "quiet": "#7f8b98",
    "unknown": "#56616d",
    "low": "#56b4e9",
    "medium": "#f0e442",
    "high": "#e69f00",
    "critical": "#ee6c1d",
}
"""The vermilion of the palette, lightened for a dark ground."""
GRID: Final = "#2a333d"
TEXT: Final = "#8f9ba8"


class Sign(NamedTuple):
    """How something looks: a Material symbol and a tone."""

    icon: str
    tone: Tone


STATES: Final[dict[str, Sign]] = {
    "running": Sign("play_arrow", "normal"),
    "idle": Sign("pause", "quiet"),
    "setup": Sign("build", "quiet"),
    "maintenance": Sign("engineering", "quiet"),
    "break": Sign("free_breakfast", "quiet"),
    "off": Sign("power_settings_new", "quiet"),
    "stopped": Sign("stop", "medium"),
    "fault": Sign("close", "high"),
}
"""By what machines report; a plant's own words have the sign below."""
OTHER_STATE: Final = Sign("circle", "normal")
NOT_MEASURED: Final = Sign("tune", "quiet")
NO_DATA: Final = Sign("cloud_off", "unknown")

PRIORITIES: Final[dict[str, Sign]] = {
    "critical": Sign("dangerous", "critical"),
    "high": Sign("warning", "high"),
    "medium": Sign("error", "medium"),
    "low": Sign("info", "low"),
}
"""An octagon, a triangle, a circle with an exclamation mark, a circle with an i."""
SEVERITIES: Final[dict[str, Sign]] = {
    "critical": Sign("warning", "high"),
    "warning": Sign("error", "medium"),
    "info": Sign("info", "quiet"),
}
"""The most severe first."""
FINE: Final = Sign("check", "quiet")
URGENCY: Final[tuple[Tone, ...]] = ("critical", "high", "medium", "low", "normal", "quiet", "unknown")


def most_urgent(*signs: Sign) -> Sign:
    """The one that asks most of people."""
    return min(signs, key=lambda sign: URGENCY.index(sign.tone))
