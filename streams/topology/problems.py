"""What can be wrong with a topology file: where, and in one sentence why."""

import json
import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

Where = tuple[str | int, ...]
"""Keys and indices from the root of the document."""

_LONGEST_WORD = 100
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Problem(msgspec.Struct, frozen=True):
    """One thing to mend, or with level `warning` to think about."""

    path: Where
    message: str
    line: int | None = None
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{render(self.path)}: {self.message}" if self.path else self.message


def render(path: Where) -> str:
    """The path as people write it: `detectors[2].deadband`, `sources["machine.events"].partitions`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def did_you_mean(word: str, known: list[str]) -> str:
    """` (did you mean 'deadband'?)`, or nothing where no known word is near."""
    near = get_close_matches(word, known, n=1) if len(word) <= _LONGEST_WORD else ()  # takes the square of its length
    return f" (did you mean {near[0]!r}?)" if near else ""


def undeclared(where: Where, what: str, name: str, known: Collection[str]) -> Problem:
    """Something is named that is not there."""
    declared = ", ".join(known) if len(known) <= 12 else f"{len(known)} others"
    return Problem(
        where, f"{what} {name!r} is not declared{did_you_mean(name, list(known))}; declared: {declared or '-'}"
    )


def unmatched(where: Where, what: str, patterns: tuple[str, ...], known: Collection[str]) -> Iterator[Problem]:
    """Patterns that match nothing. A topology that declares none of a kind leaves open what will come."""
    for index, pattern in enumerate(patterns):
        if known and not matching((pattern,), known):
            hint = did_you_mean(pattern, list(known))
            yield Problem((*where, index), f"{pattern!r} matches no declared {what}{hint}")


def matching(patterns: Collection[str], names: Collection[str]) -> list[str]:
    """Those of the names that match one of the patterns."""
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
