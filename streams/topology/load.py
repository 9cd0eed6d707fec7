"""From a YAML file to a topology that holds together, or to what is wrong with it."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from schemas.durations import decode_hook
from schemas.errors import TopologyError
from streams.topology import document, explain, validate
from streams.topology.model import Topology
from streams.topology.problems import Problem


class Checked(NamedTuple):
    """A file that was looked at. `topology` is None where it has errors; problems may be warnings alone."""

    topology: Topology | None
    problems: list[Problem]


def load(file: Path) -> Topology:
    """The topology in `file`. Raises TopologyError with the first mistake on one line, and how many more there are."""
    topology, problems = check(file)
    if topology is not None:
        return topology
    errors = [problem for problem in problems if problem.level == "error"]
    more = f" (and {len(errors) - 1} more: `headrace topology validate {file}` lists them)" if len(errors) > 1 else ""
    raise TopologyError(describe(file, errors[0]) + more)


def check(file: Path) -> Checked:
    """Everything that is wrong with `file`, in the order of its lines."""
    read = document.read(file)
    if isinstance(read, Problem):
        return Checked(None, [read])
    if read.data is None:
        return Checked(None, [Problem((), "is empty; a topology needs at least topology, site and sources")])
    try:
        topology = msgspec.convert(read.data, Topology, dec_hook=decode_hook)
    except msgspec.ValidationError:
        problems = explain.problems(read.data, Topology)
        return Checked(None, _with_lines(problems, read))
    problems = _with_lines(validate.problems(topology), read)
    return Checked(None if any(problem.level == "error" for problem in problems) else topology, problems)


def describe(file: Path, problem: Problem) -> str:
    """`tower_plant.yaml:12: detectors[2].deadband: …`, as editors and terminals link it."""
    line = "" if problem.line is None else f":{problem.line}"
    return f"{file}{line}: {problem}"


def _with_lines(problems: list[Problem], read: document.Document) -> list[Problem]:
    placed = [msgspec.structs.replace(problem, line=read.line(problem.path)) for problem in problems]
    return sorted(placed, key=lambda problem: problem.line or 0)
