"""Which topic and which column mapping each file gets."""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from schemas.errors import UserError
from streams.replay.files import format_of, named_errors, plain_name
from streams.replay.lines import read_events
from streams.replay.refusals import Refusals
from streams.replay.rows import RowEvents
from streams.replay.stretch import Stretch
from streams.topology.mapping import Replay
from streams.topology.model import Topology


class History(NamedTuple):
    """One file and how it is to be read."""

    path: Path
    topic: str
    mapping: Replay | None
    """None for NDJSON that holds events already."""
    site: str

    def read(self, refusals: Refusals) -> Iterator[Stretch]:
        """The file's events. Raises UserError for a file that cannot be read."""
        if self.mapping is None:
            return read_events(self.path, refusals)
        return RowEvents(self.path, self.mapping, self.site, refusals).read()


def plan(
    files: Sequence[Path], topology: Topology, mapping: str | None = None, topic: str | None = None
) -> list[History]:
    """Decide for every file before the first event is sent.

    `mapping` names one of the topology's `replays` for all files; without it the one whose `files` pattern the file's
    name matches is taken. `topic` is for files that hold events already. Raises UserError for a file that is absent or
    of an unknown kind, and where the mapping or topic is unknown, missing or ambiguous.
    """
    if mapping is not None and mapping not in topology.replays:
        raise UserError(f"topology {topology.topology} has no mapping {mapping}; it has {_names(topology.replays)}")
    if topic is not None and topic not in topology.sources:
        raise UserError(f"topology {topology.topology} reads no topic {topic}; it reads {_names(topology.sources)}")
    histories = []
    for path in files:
        with named_errors(path):
            if not path.is_file():
                raise UserError(f"{path}: no such file")
        holds = format_of(path)
        name = mapping if mapping is not None else _matching(path, topology)
        if name is not None:
            found = topology.replays[name]
            histories.append(History(path, topic or found.topic, found, topology.site))
        elif holds == "ndjson":
            histories.append(History(path, topic or _only_topic(path, topology), None, topology.site))
        else:
            raise UserError(
                f"no mapping of topology {topology.topology} is for {path.name}: "
                f"name one with --mapping ({_names(topology.replays)})"
            )
    return histories


def _matching(path: Path, topology: Topology) -> str | None:
    names = [name for name, replay in topology.replays.items() if fnmatchcase(plain_name(path), replay.files)]
    if len(names) > 1:
        raise UserError(f"mappings {', '.join(names)} are all for {path.name}: choose one with --mapping")
    return names[0] if names else None


def _only_topic(path: Path, topology: Topology) -> str:
    if len(topology.sources) > 1:
        raise UserError(f"{path.name} holds events: say with --topic where to ({_names(topology.sources)})")
    return next(iter(topology.sources))


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
