"""Durations as people write them (`250ms`, `10s`, `5m`, `1h`, `7d`), held as whole milliseconds."""

import re
from typing import Any

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_FORM = re.compile(r"([0-9]{1,13})(ms|s|m|h|d)")


class Duration(int):
    """Milliseconds. Decoded from text such as `10s` wherever a topology asks for a duration."""

    @classmethod
    def parse(cls, text: object) -> "Duration":
        """Read `10s`; ValueError says what is allowed."""
        match = _FORM.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(f"{text!r} is no duration: write a whole number and a unit (ms, s, m, h, d), such as 10s")
        duration = cls(int(match[1]) * _UNITS_MS[match[2]])
        if duration > _LONGEST:
            raise ValueError(f"{text} is too long: the longest duration is {_LONGEST}")
        return duration

    def __str__(self) -> str:
        for unit in ("d", "h", "m", "s"):
            if self and self % _UNITS_MS[unit] == 0:
                return f"{self // _UNITS_MS[unit]}{unit}"
        return f"{int(self)}ms"


_LONGEST = Duration(36_500 * _UNITS_MS["d"])


def decode_hook(type_: type, value: Any) -> Any:
    """msgspec's hook for the types of this package that JSON and YAML do not know."""
    if type_ is Duration:
        return Duration.parse(value)
    raise NotImplementedError(f"no decoding for {type_.__name__}")
