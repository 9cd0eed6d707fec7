"""Who is at the browser, and in which language: kept in cookies of the browser, for it is asked once."""

import json
from urllib.parse import quote, unquote

from nicegui import Client

from sinks.bigscreen.words import LANGUAGES
from sinks.languages import preferred

_NAME = "headrace_name"
_LANGUAGE = "headrace_language"
_YEAR_SECONDS = 365 * 86_400


class Person:
    """Whoever looks at one page."""

    def __init__(self, client: Client) -> None:
        self._client = client
        request = client.request
        self.name = unquote(request.cookies.get(_NAME, ""))
        """Empty where it was not given yet."""
        language = request.cookies.get(_LANGUAGE, "")
        self.language = language if language in LANGUAGES else preferred(request.headers.get("accept-language", ""))

    def call(self, name: str) -> None:
        """Keep a name."""
        self.name = name
        self._keep(_NAME, name)

    def speak(self, language: str) -> None:
        """Keep a language, and load the page in it."""
        self._keep(_LANGUAGE, language)
        self._client.run_javascript("location.reload()")

    def _keep(self, cookie: str, text: str) -> None:
        crumb = f"{cookie}={quote(text, safe='')}; max-age={_YEAR_SECONDS}; path=/; samesite=strict"
        self._client.run_javascript(f"document.cookie = {json.dumps(crumb)}")
