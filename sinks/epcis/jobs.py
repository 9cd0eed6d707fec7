"""Capture jobs, which are kept nowhere: an id says where in the log the events of the job are.

A job is over when the workers have committed the last of its events: the rows are in ClickHouse then. What they refused
is among the dead letters, which are found by their offsets and by the enterprise, so that a made-up id shows nothing
of others.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

_ID: Final = re.compile(r"(r|p)(\d{1,5})-(\d{1,13})((?:-\d{1,18}x\d{1,4}){1,64})")
_MOST: Final = 1_000
"""Events of a job."""


@dataclass(frozen=True)
class Job:
    """Where the events of a request are: stretches of one partition of `trace.events`, each a first offset and a
    number."""

    proceed: bool
    """Whether events that break rules were sent, too, for the workers to refuse."""
    partition: int
    created: int
    """Epoch milliseconds."""
    stretches: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        stretches = "".join(f"-{first}x{count}" for first, count in self.stretches)
        return f"{'p' if self.proceed else 'r'}{self.partition}-{self.created}{stretches}"

    @property
    def offsets(self) -> list[int]:
        """Of its events, in their order."""
        return [offset for first, count in self.stretches for offset in range(first, first + count)]

    def state(self, *, running: bool, errors: list[dict[str, Any]]) -> dict[str, Any]:
        """As the OpenAPI document describes it."""
        return {
            "captureID": str(self),
            "createdAt": datetime.fromtimestamp(self.created / 1000, UTC).isoformat(timespec="milliseconds"),
            "running": running,
            "success": not errors,
            "captureErrorBehaviour": "proceed" if self.proceed else "rollback",
            "errors": errors,
        }


def parse(text: str) -> Job | None:
    """The job of an id; None if it is none."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    pairs = [stretch.split("x") for stretch in match[4].split("-")[1:]]
    job = Job(match[1] == "p", int(match[2]), int(match[3]), tuple((int(first), int(count)) for first, count in pairs))
    return job if 0 < sum(count for _, count in job.stretches) <= _MOST else None
