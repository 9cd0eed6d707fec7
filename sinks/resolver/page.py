"""The page for whoever scans a code with a phone: one verdict in large type, then what may be told of the item.

No script, no picture, no other host: the page works on any phone and tells nobody else who has read what.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Final

from sinks.resolver.record import Record
from sinks.resolver.words import Words

_STYLE: Final = (Path(__file__).parent / "static" / "page.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The Content-Security-Policy of the page."""

_TICK: Final = "M7 12.5l3.5 3.5L17 9"
_CROSS: Final = "M8.5 8.5l7 7m0-7l-7 7"
_BAR: Final = "M7.5 12h9"
_MARK: Final = "M12 7v6m0 3.2v.3"
_ASK: Final = "M9.3 9.6a2.7 2.7 0 1 1 3.9 2.4c-.8.4-1.2.9-1.2 1.7m0 2.6v.2"
_SIGNS: Final = {
    "genuine": ("good", _TICK),
    "recalled": ("warn", _MARK),
    "void": ("bad", _BAR),
    "unknown": ("bad", _ASK),
    "forged": ("bad", _CROSS),
    "mistyped": ("quiet", _ASK),
    "limited": ("quiet", _MARK),
    "unavailable": ("quiet", _MARK),
}
"""Tone and symbol of each verdict: with the word that is three ways to tell it."""
_DOUBTFUL: Final = ("unknown", "forged", "void")


def of_record(record: Record, words: Words, utc_offset_ms: int) -> str:
    """The page of a code that was read. Days are those of the plant."""
    name = record.enterprise.name if record.enterprise else words("somebody")

    def day(time: datetime) -> str:
        return (time + timedelta(milliseconds=utc_offset_ms)).strftime("%Y-%m-%d")

    sections = []
    if record.status in _DOUBTFUL:
        numbers = (1, 2, 3) if record.status == "void" else (1, 2, 3, 4)  # a void code was not typed wrongly
        steps = "".join(f"<li>{escape(words(f'doubt.{number}', name=name))}</li>" for number in numbers)
        sections.append(_section(words("doubt"), f"<ol>{steps}</ol>", "alert bad"))
    if record.status in ("genuine", "recalled", "void"):
        sections.append(_recall(record, words, name, day))
    sections.append(f"<section><dl>{''.join(_facts(record, words, day))}</dl></section>")
    if record.status in ("genuine", "recalled"):
        text = escape(words("certificate.text", name=name))
        sections.append(_section(words("certificate"), f"<p>{text}</p>", id_="certificate"))
    return _page(record.status, words(f"{record.status}.about", name=name), sections, words)


def of_refusal(verdict: str, words: Words, seconds: int = 0) -> str:
    """The page where there is no record: mistyped, limited (for so many seconds) or unavailable."""
    return _page(verdict, words(f"{verdict}.about", seconds=seconds), (), words)


def _recall(record: Record, words: Words, name: str, day: Callable[[datetime], str]) -> str:
    if record.archive == "unavailable":
        return _section(words("recall"), f"<p>{escape(words('recall.unavailable'))}</p>", "alert quiet", "recall")
    if record.recalled_at is None:
        return _section(words("recall"), f"<p>{escape(words('recall.none'))}</p>", id_="recall")
    text = words("recall.since", since=day(record.recalled_at), name=name)
    return _section(words("recall"), f"<p>{escape(text)}</p>", "alert warn", "recall")


def _facts(record: Record, words: Words, day: Callable[[datetime], str]) -> Iterator[str]:
    if record.enterprise:
        yield _fact(words("enterprise" if record.minted_at else "claimed"), record.enterprise.name)
    yield _fact(words("product"), record.product)
    if record.made_at:
        yield _fact(words("made"), day(record.made_at))
    if record.minted_at:
        yield _fact(words("minted"), day(record.minted_at))
    if record.void:
        yield _fact(words("voided"), day(record.void.since))
        yield _fact(words("reason"), record.void.reason)
    if record.disposition and record.status != "recalled":
        yield _fact(words("disposition"), words.disposition(record.disposition))
    if record.warranty:
        since, until = day(record.warranty.since), record.warranty.until
        told = words("warranty.until", since=since, until=day(until)) if until else words("warranty.since", since=since)
        yield _fact(words("warranty"), told)
    parts = "".join(f"<span>{escape(part)}</span>" for part in record.code.replace("/", "/\n").split("\n"))
    yield f'<dt>{escape(words("code"))}</dt><dd class="code">{parts}</dd>'


def _fact(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"


def _section(title: str, html: str, class_: str = "", id_: str = "") -> str:
    attributes = (f' class="{class_}"' if class_ else "") + (f' id="{id_}"' if id_ else "")
    return f"<section{attributes}><h2>{escape(title)}</h2>{html}</section>"


def _page(verdict: str, about: str, sections: Iterable[str], words: Words) -> str:
    tone, sign = _SIGNS[verdict]
    other = "en" if words.language == "zh" else "zh"
    title = escape(words(verdict))
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{title}</title><style>{_STYLE}</style></head><body><main>'
        f'<nav><a href="?lang={other}" hreflang="{other}" lang="{other}">{escape(words("other"))}</a></nav>'
        f'<header class="verdict {tone}" data-verdict="{verdict}">'
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="10.5"/><path d="{sign}"/></svg>'
        f"<div><h1>{title}</h1><p>{escape(about)}</p></div></header>"
        f"{''.join(sections)}</main></body></html>"
    )
