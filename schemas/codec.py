"""Bytes on the wire: results as JSON, with their CloudEvents attributes as Kafka headers (binary content mode).

The attributes follow the Kafka protocol binding of CloudEvents 1.0.2: `ce_` headers beside the data, `content-type`
for the data itself.
"""

from typing import Final

import msgspec

Headers = list[tuple[str, bytes]]

SCHEMA_VERSION: Final = {
    "event": 1, "aggregate": 1, "anomaly": 1, "alarm": 1, "alarm_action": 1, "adjustment": 1, "process_ack": 1,
    "feedback": 1, "dead_letter": 1, "production_event": 1, "quality_event": 1, "logistics_event": 1,
    "trace_message": 1,
}  # fmt: skip
"""Version of each kind of message."""

ID_HEADER: Final = "ce_id"
"""The header by which a consumer drops a repeat; it comes after the constant ones."""

encode = msgspec.json.Encoder().encode


def schema_id(kind: str) -> str:
    """The URI that names the JSON Schema of a kind of message, as it stands in the schema itself."""
    return f"urn:headrace:schema:{kind}:{SCHEMA_VERSION[kind]}"


def constant_headers(kind: str, topology: str, topic: str, partition: int) -> Headers:
    """The headers that all results of one kind from one source partition share; `ce_id` comes per message."""
    return [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_type", f"headrace.{kind}.v{SCHEMA_VERSION[kind]}".encode()),
        ("ce_source", f"/headrace/{topology}/{topic}/{partition}".encode()),
        ("ce_dataschema", schema_id(kind).encode()),
    ]


def id_header(id_: str) -> tuple[str, bytes]:
    """The last header of a result."""
    return (ID_HEADER, id_.encode())
