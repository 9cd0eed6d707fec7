"""The published JSON Schemas (2020-12), generated from the structs; `python -m schemas` writes them to `json/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from schemas import docstrings
from schemas.alarm_actions import AlarmAction, Condition, Level
from schemas.codec import SCHEMA_VERSION, schema_id
from schemas.events import FLAGS, LARGEST_VALUE, LONGEST_NAME, Event, Judgement, Reason, Scope
from schemas.feedback import Feedback
from schemas.logistics import LogisticsEvent, PickLine
from schemas.process_acks import ProcessAck
from schemas.production import ProductionEvent
from schemas.quality import QualityEvent
from schemas.results import Adjustment, Aggregate, Alarm, Anomaly, DeadLetter
from schemas.topics import TOPICS
from schemas.trace import Span, TraceMessage

FOLDER: Final = Path(__file__).with_name("json")

_STRUCT: Final[dict[str, type[msgspec.Struct]]] = {
    "event": Event,
    "aggregate": Aggregate,
    "anomaly": Anomaly,
    "alarm": Alarm,
    "alarm_action": AlarmAction,
    "adjustment": Adjustment,
    "process_ack": ProcessAck,
    "feedback": Feedback,
    "dead_letter": DeadLetter,
}

_PARTS_OF_ACTIONS: Final[tuple[type[msgspec.Struct], ...]] = (Condition, Level, ProcessAck)

_UNION: Final[dict[str, Any]] = {
    "production_event": ProductionEvent,
    "quality_event": QualityEvent,
    "logistics_event": LogisticsEvent,
    "trace_message": TraceMessage,
}
"""Kinds of message of which each is one of several structs, told apart by its field `kind`."""

_PARTS_OF_UNIONS: Final[dict[str, tuple[type[msgspec.Struct], ...]]] = {
    "logistics_event": (PickLine,),
    "trace_message": (Span,),
}

_NAME: Final = {"minLength": 1, "maxLength": LONGEST_NAME}

_SHARPER: Final[dict[str, dict[str, Any]]] = {
    "event": {
        "ts": {"anyOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]},
        "site": {"type": "string", **_NAME},
        "asset": {"type": "string", **_NAME},
        "values": {
            "type": "object",
            "propertyNames": _NAME,
            "additionalProperties": {"type": "number", "minimum": -LARGEST_VALUE, "maximum": LARGEST_VALUE},
            "default": {},
        },
        "flags": {
            "anyOf": [{"type": "object", "additionalProperties": {"enum": list(FLAGS)}}, {"type": "null"}],
            "default": None,
        },
        "state": {"anyOf": [{"type": "string", **_NAME}, {"type": "null"}], "default": None},
    },
    "dead_letter": {
        "reason": {"type": "string", "examples": list(Reason)},
        "scope": {"enum": list(Scope)},
    },
}
"""Fields of which more is known than their types say."""

_NOT_EMPTY: Final = [
    {"required": ["values"], "properties": {"values": {"minProperties": 1}}},
    {"required": ["state"], "properties": {"state": {"type": "string"}}},
    {"required": ["feedback"], "properties": {"feedback": {"$ref": "#/$defs/Judgement"}}},
]
"""What an event must have: a value, a state or feedback."""


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of message; that of events covers one object and an array of them (a frame)."""
    if kind in _UNION:
        return _union_schema(kind)
    struct = _STRUCT[kind]
    [_], components = msgspec.json.schema_components([struct])
    title = struct.__name__
    described = _described(struct, components.pop(title), _SHARPER.get(kind, {}))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_id(kind)}
    if kind == "alarm_action":
        parts = {part.__name__: _described(part, components[part.__name__], {}) for part in _PARTS_OF_ACTIONS}
        return {**head, **described, "$defs": parts}
    if kind != "event":
        return {**head, **described}
    one = {"$ref": f"#/$defs/{title}"}
    return {
        **head,
        "title": "Message of a source topic",
        "description": "One event, or a frame of several.",
        "anyOf": [one, {"type": "array", "items": one, "minItems": 1}],
        "$defs": {
            title: {**described, "anyOf": _NOT_EMPTY},
            Judgement.__name__: _described(Judgement, components[Judgement.__name__], {}),
        },
    }


def _union_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of message that is one of several structs."""
    [topic] = [topic.name for topic in TOPICS.values() if topic.schema == kind]
    structs = [*get_args(_UNION[kind]), *_PARTS_OF_UNIONS.get(kind, ())]
    [derived], components = msgspec.json.schema_components([_UNION[kind]])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id(kind),
        "title": f"Message of {topic}",
        "description": "One object, of the kind that its field `kind` names.",
        **derived,
        "$defs": {one.__name__: _described(one, components[one.__name__], {}) for one in structs},
    }


def _described(
    struct: type[msgspec.Struct], derived: Mapping[str, Any], sharper: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What msgspec derives of a struct, with its docstrings."""
    docs = {"kind": "Which kind of event this is.", **docstrings.of_fields(struct)}
    properties = {
        field: {"description": docs[field], **sharper.get(field, property_)}
        for field, property_ in derived["properties"].items()
    }
    return {**derived, "description": docstrings.of_class(struct), "properties": properties}


def generate() -> dict[str, bytes]:
    """File name to content, for every kind of message."""
    return {
        f"{kind}.v{version}.json": msgspec.json.format(msgspec.json.encode(schema(kind))) + b"\n"
        for kind, version in SCHEMA_VERSION.items()
    }


def write(folder: Path = FOLDER) -> None:
    """Write every file of `generate`."""
    folder.mkdir(exist_ok=True)
    for name, content in generate().items():
        (folder / name).write_bytes(content)
