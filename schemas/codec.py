"""Bytes on the wire: results as JSON, with their CloudEvents attributes as Kafka headers (binary content mode).

The attributes follow the Kafka protocol binding of CloudEvents 1.0.2: `ce_` headers beside the data, `content-type`
for the data itself.
"""

from typing import Final

import msgspec

from schemas.results import SCHEMA_VERSION, Aggregate, Anomaly, DeadLetter

Result = Aggregate | Anomaly | DeadLetter
Headers = list[tuple[str, bytes]]

_KIND: Final[dict[type[Result], str]] = {Aggregate: "aggregate", Anomaly: "anomaly", DeadLetter: "dead_letter"}

encode = msgspec.json.Encoder().encode


def kind_of(result: type[Result]) -> str:
    """The name under which a result's schema is published."""
    return _KIND[result]


def constant_headers(kind: str, topology: str, topic: str, partition: int) -> Headers:
    """The headers that all results of one kind from one source partition share; `ce_id` comes per message."""
    version = SCHEMA_VERSION[kind]
    return [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_type", f"headrace.{kind}.v{version}".encode()),
        ("ce_source", f"/headrace/{topology}/{topic}/{partition}".encode()),
        ("ce_dataschema", f"/schemas/{kind}.v{version}.json".encode()),
    ]


def id_header(id_: str) -> tuple[str, bytes]:
    """The header by which a consumer drops a repeat."""
    return ("ce_id", id_.encode())
