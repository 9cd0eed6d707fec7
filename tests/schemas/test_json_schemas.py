from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from schemas import json_schemas
from schemas.alarm_actions import Action, AlarmAction, Condition, Level
from schemas.codec import SCHEMA_VERSION, schema_id
from schemas.events import FLAGS, Event, Judgement, Reason, Scope
from schemas.feedback import Feedback
from schemas.logistics import LogisticsEvent
from schemas.process_acks import ProcessAck
from schemas.production import ProductionEvent, Tick
from schemas.quality import QualityEvent
from schemas.results import Adjustment, Aggregate, Alarm, Anomaly, DeadLetter
from schemas.trace import TraceMessage

STRUCT: dict[str, type[msgspec.Struct]] = {
    "event": Event,
    "process_ack": ProcessAck,
    "feedback": Feedback,
    "aggregate": Aggregate,
    "anomaly": Anomaly,
    "alarm": Alarm,
    "alarm_action": AlarmAction,
    "adjustment": Adjustment,
    "dead_letter": DeadLetter,
}
GOLDEN = Path(__file__).with_name("golden")


def object_of(kind: str) -> dict[str, Any]:
    schema = json_schemas.schema(kind)
    described: dict[str, Any] = schema["$defs"]["Event"] if kind == "event" else schema
    return described


def test_the_committed_schemas_are_those_that_the_code_generates() -> None:
    committed = {file.name: file.read_bytes() for file in json_schemas.FOLDER.iterdir()}
    assert committed == json_schemas.generate(), "run `python -m schemas`"


@pytest.mark.parametrize("union", [ProductionEvent, QualityEvent, LogisticsEvent], ids=str)
def test_every_number_of_an_event_of_the_shop_floor_is_bounded_on_both_sides(union: Any) -> None:
    assert list(_unbounded(msgspec.json.schema(union))) == []


def _unbounded(schema: Any, name: str = "") -> Iterator[str]:
    """Numbers that a column of 64 bits, or a sum of many, would not hold. Times are checked where they are read."""
    if isinstance(schema, list):
        for part in schema:
            yield from _unbounded(part, name)
    elif isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and name not in ("ts", "departed"):
            low = {"minimum", "exclusiveMinimum"} & schema.keys()
            if not low or "maximum" not in schema:
                yield name
        for key, part in schema.items():
            yield from _unbounded(part, name if key in ("anyOf", "items", "prefixItems") else key)


def test_writing_creates_the_folder_and_every_file(tmp_path: Path) -> None:
    json_schemas.write(tmp_path / "json")
    assert {file.name for file in (tmp_path / "json").iterdir()} == {f"{kind}.v1.json" for kind in SCHEMA_VERSION}


@pytest.mark.parametrize("kind", SCHEMA_VERSION)
def test_a_schema_names_itself_as_the_messages_name_it(kind: str) -> None:
    schema = json_schemas.schema(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == schema_id(kind)
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("kind", STRUCT)
def test_a_schema_has_every_field_with_a_description(kind: str) -> None:
    described = object_of(kind)
    assert list(described["properties"]) == list(STRUCT[kind].__struct_fields__)
    for field, property_ in described["properties"].items():
        assert property_["description"], field


@pytest.mark.parametrize("kind", ["aggregate", "anomaly", "alarm", "adjustment", "dead_letter"])
def test_every_field_of_a_result_is_required_that_its_first_version_had(kind: str) -> None:
    described = object_of(kind)
    added = {"anomaly": ["incident"]}.get(kind, [])
    assert [*described["required"], *added] == list(described["properties"])


@pytest.mark.parametrize("kind", ["aggregate", "anomaly", "alarm", "adjustment", "dead_letter"])
def test_a_golden_message_has_the_fields_and_types_of_its_schema(kind: str) -> None:
    types = {"integer": int, "number": float, "string": str, "boolean": bool, "null": type(None)}
    message = msgspec.json.decode((GOLDEN / f"{kind}.v{SCHEMA_VERSION[kind]}.json").read_bytes())
    properties = object_of(kind)["properties"]
    assert list(message) == object_of(kind)["required"]
    for field, value in message.items():
        property_ = properties[field]
        if "enum" in property_:
            assert value in property_["enum"]
        else:
            allowed = property_.get("anyOf", [property_])
            assert type(value) in {types[one["type"]] for one in allowed}, field


def test_the_schema_of_events_covers_one_object_and_an_array_of_them() -> None:
    one, several = json_schemas.schema("event")["anyOf"]
    assert one == {"$ref": "#/$defs/Event"}
    assert several == {"type": "array", "items": one, "minItems": 1}


def test_what_is_said_beyond_the_types_is_what_the_decoder_holds() -> None:
    event = object_of("event")["properties"]
    assert event["flags"]["anyOf"][0]["additionalProperties"]["enum"] == list(FLAGS)
    judgement = json_schemas.schema("event")["$defs"]["Judgement"]
    assert judgement["required"] == list(judgement["properties"]) == list(Judgement.__struct_fields__)
    letter = object_of("dead_letter")["properties"]
    assert letter["reason"]["examples"] == list(Reason)
    assert letter["scope"]["enum"] == list(Scope)


@pytest.mark.parametrize("part", [Condition, Level, ProcessAck])
def test_the_schema_of_alarm_actions_names_every_action_and_describes_its_parts(part: type[msgspec.Struct]) -> None:
    schema = json_schemas.schema("alarm_action")
    assert set(schema["properties"]["action"]["enum"]) == set(get_args(Action))
    described = schema["$defs"][part.__name__]
    assert list(described["properties"]) == list(part.__struct_fields__)
    assert all(property_["description"] for property_ in described["properties"].values())
    assert described.get("additionalProperties", True) is (part is ProcessAck)


@pytest.mark.parametrize(
    ("kind", "union"),
    [
        ("production_event", ProductionEvent),
        ("quality_event", QualityEvent),
        ("logistics_event", LogisticsEvent),
        ("trace_message", TraceMessage),
    ],
)
def test_the_schema_of_a_shop_floor_topic_has_every_kind_of_its_events(kind: str, union: Any) -> None:
    schema = json_schemas.schema(kind)
    structs = get_args(union)
    assert {one["$ref"] for one in schema["anyOf"]} == {f"#/$defs/{struct.__name__}" for struct in structs}
    for struct in structs:
        described = schema["$defs"][struct.__name__]
        assert set(described["properties"]) == {"kind", *struct.__struct_fields__}
        whose = {"enterprise"} if kind == "trace_message" else {"ts", "site", "asset"}
        assert struct is Tick or whose <= set(described["required"])
        assert described["additionalProperties"] is False
    for described in schema["$defs"].values():
        assert all(property_["description"] for property_ in described["properties"].values())
