"""The languages that people are spoken to in, on the screen and by the resolver."""

from collections.abc import Mapping
from typing import Final

NAMES: Final = ("en", "zh")


class Words:
    """The words of one language."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with what stands in its braces filled in. KeyError if there is none."""
        return self._words[key].format(**values) if values else self._words[key]


def preferred(accepted: str) -> str:
    """The language that a browser wants: the first of its `Accept-Language` that there is, else English."""
    for wish in accepted.split(","):
        language = wish.split(";")[0].strip().lower()[:2]
        if language in NAMES:
            return language
    return "en"
