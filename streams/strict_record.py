"""Records of which one that is understood in part must not be acted on: all of it decodes, or none."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from schemas.errors import EventError
from schemas.events import LARGEST_RECORD, Reason

T = TypeVar("T")


def strict(decode: Callable[[bytes], T], value: bytes) -> T | EventError:
    """What a record says, or why it says nothing."""
    if not value:
        return EventError(Reason.EMPTY, "the message has no bytes")
    if len(value) > LARGEST_RECORD:
        return EventError(Reason.TOO_LARGE, f"the message has {len(value)} bytes; allowed are {LARGEST_RECORD}")
    try:
        return decode(value)
    except msgspec.ValidationError as error:
        return EventError(Reason.WRONG_TYPE, str(error))
    except (ValueError, RecursionError) as error:
        return EventError(Reason.MALFORMED, str(error))
