"""What the screen says, in each of its languages."""

from typing import Final

from sinks import languages
from sinks.bigscreen.words_en import ENGLISH
from sinks.bigscreen.words_zh import CHINESE


class Words(languages.Words):
    """The words of one language, and its names for what is in the data."""

    def name(self, group: str, name: str) -> str:
        """A name out of the data, such as that of a metric, in the language if its dictionary has it."""
        return self._words.get(f"{group}.{name}", name)


LANGUAGES: Final = {"en": Words("en", ENGLISH), "zh": Words("zh", CHINESE)}
