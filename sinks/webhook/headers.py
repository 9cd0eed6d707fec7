"""The headers of a transition on its way: CloudEvents 1.0.2 over HTTP, binary content mode, and the signature.

The attributes are those that the message has in Kafka, so that a consumer drops a repeat by the same id wherever it
came from.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from schemas.codec import constant_headers
from schemas.results import Alarm
from sinks.webhook import signature

_PRINTABLE = "".join(chr(sign) for sign in range(0x21, 0x7F) if chr(sign) not in '"%')
"""What stands for itself in the value of a header; all else is percent-encoded (CloudEvents HTTP binding, 3.1.3.2)."""


def headers_of(alarm: Alarm, body: bytes, signing_keys: Sequence[bytes], now: int) -> dict[str, str]:
    """All headers of one attempt at `now`, in seconds since the epoch."""
    constant = constant_headers("alarm", alarm.topology, alarm.topic, alarm.partition)
    attributes = {name: value.decode() for name, value in constant}
    time = datetime.fromtimestamp(alarm.ts / 1000, UTC).isoformat(timespec="milliseconds")
    attributes |= {"ce_id": alarm.id, "ce_time": time}
    return {
        **{name.replace("_", "-"): quote(value, safe=_PRINTABLE) for name, value in attributes.items()},
        "webhook-id": quote(alarm.id, safe=_PRINTABLE),
        "webhook-timestamp": str(now),
        "webhook-signature": signature.sign(signing_keys, quote(alarm.id, safe=_PRINTABLE), now, body),
    }
