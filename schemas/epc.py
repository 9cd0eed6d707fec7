"""Names of things in EPCIS events: EPC URNs and GS1 Digital Links, and the one form that they are compared in.

The canonical form is a constrained GS1 Digital Link at id.gs1.org (CBV 2.0, 8.9): the key and its finest qualifier, no
query. So `urn:epc:id:sgtin:4012345.012345.12` and `https://shop.example/01/04012345123456/10/L1/21/12?x=1` are both
`https://id.gs1.org/01/04012345123456/21/12`. URNs are those of the EPC Tag Data Standard 2.0.
"""

import re
from contextlib import suppress
from typing import Final, NamedTuple

from schemas.codes import gtin_check_digit, parse, path_of
from schemas.errors import CodeError

_CANONICAL: Final = "https://id.gs1.org/"


class _Urn(NamedTuple):
    """How the parts of a URN become a Digital Link. The first part is the GS1 company prefix."""

    key: str
    """Application identifier, and what stands before the number."""
    digits: int
    """Of prefix and reference together; 0 where the length is free and there is no check digit."""
    indicator: bool = False
    """Whether the reference's first digit goes before the prefix."""
    rest: str = ""
    """What stands between number and the rest, which is the URN's last part."""


_URNS: Final = {
    "sgtin": _Urn("01/", 13, indicator=True, rest="/21/"),
    "lgtin": _Urn("01/", 13, indicator=True, rest="/10/"),
    "upui": _Urn("01/", 13, indicator=True, rest="/235/"),
    "itip": _Urn("8006/", 13, indicator=True, rest="/21/"),
    "sscc": _Urn("00/", 17, indicator=True),
    "sgln": _Urn("414/", 12, rest="/254/"),
    "pgln": _Urn("417/", 12),
    "grai": _Urn("8003/0", 12),
    "gdti": _Urn("253/", 12),
    "sgcn": _Urn("255/", 12),
    "gsrn": _Urn("8018/", 17),
    "gsrnp": _Urn("8017/", 17),
    "gsin": _Urn("402/", 16),
    "giai": _Urn("8004/", 0),
    "ginc": _Urn("401/", 0),
    "cpi": _Urn("8010/", 0, rest="/8011/"),
}
_FORM: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):([0-9]{6,12})\.(.*)")
_VALUES: Final = {
    "00": re.compile(r"\d{18}"),
    "01": re.compile(r"\d{8}|\d{12,14}"),
    "253": re.compile(r"\d{13}.{0,17}"),
    "255": re.compile(r"\d{13,25}"),
    "401": re.compile(r"\d{4}.{1,26}"),
    "402": re.compile(r"\d{17}"),
    "414": re.compile(r"\d{13}"),
    "417": re.compile(r"\d{13}"),
    "8003": re.compile(r"\d{14}.{0,16}"),
    "8004": re.compile(r"\d{4}.{1,26}"),
    "8006": re.compile(r"\d{18}"),
    "8010": re.compile(r"\d{4}.{1,26}"),
    "8017": re.compile(r"\d{18}"),
    "8018": re.compile(r"\d{18}"),
}
"""Application identifiers that are keys of a Digital Link, and what their values look like."""
_FINEST: Final = {"01": ("21", "10", "235"), "414": ("254",), "8006": ("21", "10"), "8010": ("8011",)}
"""Their qualifiers, the finest first."""
_ENCODED: Final = {ord(sign): f"%{ord(sign):02X}" for sign in "!()*+,:"}
"""Signs that a URN may hold and a Digital Link may not."""


def canonical(uri: str) -> str:
    """The canonical form of a GS1 key's URI; any other text as it is."""
    if uri.startswith("urn:epc:"):
        return _of_urn(uri) or uri
    if _is_link(uri):
        return _of_link(uri) or uri
    return uri


def item_key(uri: str) -> str:
    """What an item is found by, whatever the domain: `01/…/21/…`, the text of a code, or the URI as it is."""
    if _is_link(uri):
        with suppress(CodeError):
            return str(parse(uri))
    return canonical(uri).removeprefix(_CANONICAL)


def _is_link(uri: str) -> bool:
    return uri[:8].lower().startswith(("https://", "http://"))  # labels say HTTPS


def _of_urn(uri: str) -> str | None:
    match = _FORM.fullmatch(uri)
    if match is None or match[2] not in _URNS:
        return None
    pattern, (kind, prefix, tail), form = match[1] == "idpat", match.groups()[1:], _URNS[match[2]]
    parts = tail.split(".", 1)
    if kind == "itip":
        if tail.count(".") < 2:
            return None
        item, piece, total, *last = tail.split(".", 3)
        parts = [item, *last]
    reference, rest = parts[0], parts[1] if len(parts) > 1 else ""
    if form.indicator:
        prefix, reference = reference[:1] + prefix, reference[1:]
    number = prefix + reference
    if form.digits:
        if len(number) != form.digits or not number.isdecimal():
            return None
        check = gtin_check_digit(number)
        number += check
    if kind == "itip":
        number += piece + total
    link = f"{_CANONICAL}{form.key}{number.translate(_ENCODED)}"
    if pattern or not rest or (kind == "sgln" and rest == "0"):
        return link
    return f"{link}{form.rest}{rest.translate(_ENCODED)}"


def _of_link(uri: str) -> str | None:
    segments = path_of(uri).split("/")[1:]
    for at in range(len(segments) - 2, -1, -1):
        key, value = segments[at], segments[at + 1]
        if key in _VALUES and _VALUES[key].fullmatch(value):
            break
    else:
        return None
    if key == "01":
        value = value.zfill(14)
    given = dict(zip(segments[at + 2 :: 2], segments[at + 3 :: 2], strict=False))
    finest = next((one for one in _FINEST.get(key, ()) if one in given), None)
    return f"{_CANONICAL}{key}/{value}" + (f"/{finest}/{given[finest]}" if finest else "")
