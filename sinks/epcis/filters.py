"""The query language of EPCIS 2.0 (8.2.7.1) as conditions of SQL. What is not here is refused, not ignored."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.epc import item_key
from schemas.errors import EventError
from schemas.times import parse_time
from sinks.epcis.problems import bad_parameter

MOST_PER_PAGE: Final = 1_000
_PER_PAGE: Final = 30
_MOST_VALUES: Final = 1_000
TYPES: Final = (
    "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent",
)  # fmt: skip
_HASH: Final = re.compile(r"ni:///sha-256;([0-9a-f]{64})(\?ver=CBV2\.0)?")

_TIMES: Final = {
    "GE_eventTime": "ts >= fromUnixTimestamp64Milli(%(GE_eventTime)s)",
    "LT_eventTime": "ts < fromUnixTimestamp64Milli(%(LT_eventTime)s)",
    "GE_recordTime": "recorded_at >= fromUnixTimestamp64Milli(%(GE_recordTime)s)",
    "LT_recordTime": "recorded_at < fromUnixTimestamp64Milli(%(LT_recordTime)s)",
}
_WORDS: Final = {
    "eventType": "type IN %(eventType)s",
    "eventTypes": "type IN %(eventTypes)s",
    "EQ_action": "action IN %(EQ_action)s",
    "EQ_bizStep": "biz_step IN %(EQ_bizStep)s",
    "EQ_disposition": "disposition IN %(EQ_disposition)s",
    "EQ_readPoint": "read_point IN %(EQ_readPoint)s",
    "EQ_bizLocation": "biz_location IN %(EQ_bizLocation)s",
    "EQ_transformationID": "transformation IN %(EQ_transformationID)s",
    "EQ_eventID": "(event IN %(hashes)s OR event_id IN %(EQ_eventID)s)",
}
_ROLES: Final = {
    "MATCH_epc": ("epc", "child"),
    "MATCH_parentID": ("parent",),
    "MATCH_inputEPC": ("input",),
    "MATCH_outputEPC": ("output",),
    "MATCH_anyEPC": ("epc", "child", "parent", "input", "output"),
    "MATCH_epcClass": ("epc", "child"),
    "MATCH_inputEPCClass": ("input",),
    "MATCH_outputEPCClass": ("output",),
    "MATCH_anyEPCClass": ("epc", "child", "input", "output"),
}
_OF_ITEMS: Final = """(ts, event) IN (
    SELECT ts, event FROM headrace_store.trace_items
    WHERE topology = %(topology)s AND enterprise = %(enterprise)s AND item IN %(NAME)s AND role IN %(NAME_roles)s
)"""
_DECLARED: Final = "EXISTS_errorDeclaration"
_PAGING: Final = ("orderBy", "orderDirection", "eventCountLimit", "perPage", "nextPageToken")
PARAMETERS: Final = (*_WORDS, *_TIMES, *_ROLES, _DECLARED, *_PAGING)
"""Everything that may be asked."""

_VOCABULARIES: Final = {
    "EQ_bizStep": ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-", "cbv:BizStep-"),
    "EQ_disposition": ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-", "cbv:Disp-"),
}
"""What a word of the Core Business Vocabulary is short for: events may be written either way."""


class Query(NamedTuple):
    """What is asked for."""

    conditions: list[str]
    values: dict[str, Any]
    """Of the parameters in the conditions."""
    by_record_time: bool = False
    descending: bool = True
    per_page: int = _PER_PAGE
    most: int | None = None
    """Events in all pages together."""
    token: str | None = None
    """Where the page begins."""


def query(parameters: Sequence[tuple[str, str]]) -> Query:
    """The query of a URL's parameters. Problem that names the parameter which is not understood."""
    given = dict(parameters)
    for name in given:
        if name not in PARAMETERS:
            raise bad_parameter(f"{name[:100]} is not supported; there are {', '.join(PARAMETERS)}")
        if [one for one, _ in parameters].count(name) > 1:
            raise bad_parameter(f"{name} is given twice; alternatives are separated by |")
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name in _TIMES:
            conditions.append(_TIMES[name])
            values[name] = _time(name, text)
        elif name in _WORDS:
            conditions.append(_WORDS[name])
            values[name] = _words(name, text)
        elif name in _ROLES:
            conditions.append(_OF_ITEMS.replace("NAME", name))
            values[name] = _items(name, text)
            values[f"{name}_roles"] = _ROLES[name]
        elif name == _DECLARED:
            if text not in ("", "true"):
                raise bad_parameter(f"{name} takes no value: it is there or it is not")
            conditions.append("error_at IS NOT NULL")
    if "EQ_eventID" in given:
        values["hashes"] = [match[1] for one in values["EQ_eventID"] if (match := _HASH.fullmatch(one))] or [""]
    return Query(
        conditions=conditions,
        values=values,
        by_record_time=_choice(given, "orderBy", ("eventTime", "recordTime")) == "recordTime",
        descending=_choice(given, "orderDirection", ("DESC", "ASC")) == "DESC",
        per_page=min(_number(given, "perPage") or _PER_PAGE, MOST_PER_PAGE),
        most=_number(given, "eventCountLimit"),
        token=given.get("nextPageToken"),
    )


def _time(name: str, text: str) -> int:
    try:
        return parse_time(text.replace(" ", "+"))  # a plus sign that nobody has encoded
    except EventError as error:
        raise bad_parameter(f"{name}: {error.detail}") from None


def _words(name: str, text: str) -> list[str]:
    words = _split(name, text)
    if name in ("eventType", "eventTypes") and (wrong := set(words) - set(TYPES)):
        raise bad_parameter(f"{name}: {min(wrong)[:100]} is none of {', '.join(TYPES)}")
    forms = _VOCABULARIES.get(name, ())
    bare = [next((word.removeprefix(one) for one in forms if word.startswith(one)), word) for word in words]
    return [*words, *bare, *(one + word for one in forms for word in bare if ":" not in word)]


def _items(name: str, text: str) -> list[str]:
    uris = _split(name, text)
    for uri in uris:
        if uri.startswith("urn:epc:idpat:") and "Class" not in name:
            raise bad_parameter(f"{name}: patterns such as {uri[:100]} are not supported")
    return [item_key(uri) for uri in uris]


def _split(name: str, text: str) -> list[str]:
    values = text.split("|")
    if not all(values) or len(values) > _MOST_VALUES:
        raise bad_parameter(f"{name} takes 1 to {_MOST_VALUES} values with | between them")
    return values


def _choice(given: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name, allowed[0])
    if value not in allowed:
        raise bad_parameter(f"{name} is {value[:100]!r}; there are {', '.join(allowed)}")
    return value


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not int(text):
        raise bad_parameter(f"{name} is {text[:100]!r}, and has to be a number above 0")
    return int(text)
