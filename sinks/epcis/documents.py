"""What clients send: an EPCISDocument with events, or one event."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from schemas.codec import encode
from schemas.epcis_hash import event_id
from schemas.epcis_rules import checked
from schemas.errors import EventError
from schemas.trace import Capture
from sinks.epcis.problems import Problem, not_built

MOST_EVENTS: Final = 1_000
"""Events of a request."""
MOST_BYTES: Final = 10 << 20
"""Of the body of a request."""
MOST_EVENT_BYTES: Final = 900_000
"""Of an event with its context: the topic takes messages of 1 MiB."""
_MOST_SENT_BYTES: Final = 2 * MOST_BYTES
"""Of all events of a request: each has the context of the document, which is sent once."""
_DOCUMENTS: Final = {
    "EPCISDocument": ("epcisBody", "eventList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
}
"""Where the events are. What a query answers with can be captured elsewhere as it is."""
_MOST_TOLD: Final = 100
_SHOWN: Final = 300


class Message:
    """An event on its way to `trace.events`."""

    def __init__(self, enterprise: str, event: Any) -> None:
        self.value = encode(Capture(enterprise=enterprise, event=event))
        self.id = ""
        """Its hash id; empty where it violates something."""
        self.faults = ["an event is a JSON object"]
        """What it violates."""
        if isinstance(event, dict):
            found, self.faults = checked(event)
            if found is not None and not self.faults:
                try:
                    self.id = event_id(event)
                except EventError as error:  # an extension whose prefix nobody declares
                    self.faults = [error.detail]
        if len(self.value) > MOST_EVENT_BYTES:
            raise Problem(
                413,
                "CaptureLimitExceededException",
                f"an event has {len(self.value)} bytes, at most {MOST_EVENT_BYTES}",
            )

    @property
    def fault(self) -> str:
        """The same in a line."""
        return "; ".join(one[:_SHOWN] for one in self.faults[:10])


def messages(enterprise: str, body: bytes, *, document: bool) -> list[Message]:
    """The events of a body, a document or a single event, each with the document's `@context` before its own.

    Problem where the body is neither, or has too many or too large events.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise invalid(f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise invalid("the body is no JSON object")
    events = _events(found) if document else [found]
    sent: list[Message] = []
    size = 0
    try:
        for event in events:
            sent.append(Message(enterprise, event))
            size += len(sent[-1].value)
            if size > _MOST_SENT_BYTES:
                detail = f"the events have more than {_MOST_SENT_BYTES} bytes, each with the document's context"
                raise Problem(413, "CaptureLimitExceededException", detail)
    except RecursionError:
        raise invalid("objects stand in each other too deep") from None
    return sent


def refuse_faulty(found: Sequence[Message]) -> None:
    """Problem that tells of each event which rules it breaks, by its place; nothing where none does."""
    faulty = [f"eventList[{place}]: {one.fault}" for place, one in enumerate(found) if one.faults]
    if faulty:
        more = f"\n{len(faulty) - _MOST_TOLD} more" if len(faulty) > _MOST_TOLD else ""
        raise invalid("\n".join(faulty[:_MOST_TOLD]) + more)


def invalid(detail: str) -> Problem:
    """What was sent is not EPCIS 2.0."""
    return Problem(400, "ValidationException", detail)


def _events(document: Mapping[str, Any]) -> list[Any]:
    kind, version = document.get("type"), str(document.get("schemaVersion"))
    if not isinstance(kind, str) or kind not in _DOCUMENTS:
        raise invalid("the body is no EPCISDocument; POST a single event to /events")
    if version.split(".")[0] != "2":
        raise invalid(f"schemaVersion is {version[:20]!r}: this is EPCIS 2.0")
    if document.get("epcisHeader"):
        raise not_built("master data in epcisHeader are")
    events: Any = document
    for name in _DOCUMENTS[kind]:
        events = events.get(name) if isinstance(events, dict) else None
    if not isinstance(events, list) or not events:
        raise invalid(f"{'.'.join(_DOCUMENTS[kind])} is no list of events")
    if len(events) > MOST_EVENTS:
        raise Problem(413, "CaptureLimitExceededException", f"{len(events)} events, at most {MOST_EVENTS} in a request")
    return [_with_context(document.get("@context"), event) for event in events]


def _with_context(context: Any, event: Any) -> Any:
    if context is None or not isinstance(event, dict):
        return event
    own = event.get("@context")
    return event | {"@context": context if own is None else [*_list(context), *_list(own)]}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
