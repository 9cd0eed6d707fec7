"""The published JSON Schemas (2020-12), generated from the structs; `python -m schemas` writes them to `json/`."""

from pathlib import Path
from typing import Any, Final

import msgspec

from schemas import docstrings
from schemas.codec import SCHEMA_VERSION, schema_id
from schemas.events import FLAGS, LARGEST_VALUE, LONGEST_NAME, Event, Reason, Scope
from schemas.process_acks import ProcessAck
from schemas.results import Adjustment, Aggregate, Anomaly, DeadLetter

FOLDER: Final = Path(__file__).with_name("json")

_STRUCT: Final[dict[str, type[msgspec.Struct]]] = {
    "event": Event,
    "process_ack": ProcessAck,
    "aggregate": Aggregate,
    "anomaly": Anomaly,
    "adjustment": Adjustment,
    "dead_letter": DeadLetter,
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
]
"""What an event must have: a value or a state."""


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of message; that of events covers one object and an array of them (a frame)."""
    struct = _STRUCT[kind]
    [_], components = msgspec.json.schema_components([struct])
    title = struct.__name__
    described = {**components[title], "description": docstrings.of_class(struct)}
    docs = docstrings.of_fields(struct)
    described["properties"] = {
        field: {"description": docs[field], **_SHARPER.get(kind, {}).get(field, derived)}
        for field, derived in described["properties"].items()
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_id(kind)}
    if kind != "event":
        return {**head, **described}
    one = {"$ref": f"#/$defs/{title}"}
    return {
        **head,
        "title": "Message of a source topic",
        "description": "One event, or a frame of several.",
        "anyOf": [one, {"type": "array", "items": one, "minItems": 1}],
        "$defs": {title: {**described, "anyOf": _NOT_EMPTY}},
    }


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
