"""What the screen says, in each of its languages."""

from collections.abc import Mapping
from typing import Final

from sinks.bigscreen.words_en import ENGLISH
from sinks.bigscreen.words_zh import CHINESE


class Words:
    """The words of one language."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with what stands in its braces filled in. KeyError if there is none."""
        return self._words[key].format(**values) if values else self._words[key]

    def name(self, group: str, name: str) -> str:
        """A name out of the data, such as that of a metric, in the language if its dictionary has it."""
        return self._words.get(f"{group}.{name}", name)


LANGUAGES: Final = {"en": Words("en", ENGLISH), "zh": Words("zh", CHINESE)}


def preferred(accepted: str) -> str:
    """The language that a browser wants: the first of its `Accept-Language` that there is, else English."""
    for wish in accepted.split(","):
        language = wish.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "en"
