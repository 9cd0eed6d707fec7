"""A YAML file as plain data that still knows on which line each value stands.

Scalars follow the core schema of YAML 1.2 with decimal numbers only: `no`, `on`, `1_000`, `0o17`, `12:30` and
`2020-01-01` are text, as their writers mean them, and a number with a leading zero is text because readers disagree
whether it is octal. A key that stands twice in one mapping is refused.
"""

import math
import re
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from streams.topology.problems import Problem, Where


class Document:
    """The data of one YAML file and the way back from a path to a line."""

    def __init__(self, data: Any, root: Node | None) -> None:
        self.data = data
        self._root = root

    def line(self, path: Where) -> int | None:
        """The line, counted from 1, on which `path` stands; that of its nearest parent if the file lacks it."""
        node, line = self._root, 1 if self._root is None else self._root.start_mark.line + 1
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            mark, node = found
            line = mark.start_mark.line + 1
        return line


def read(file: Path) -> Document | Problem:
    """Read `file`, or say in one problem why it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Problem((), "there is no such file")
    except IsADirectoryError:
        return Problem((), "is a directory; name the topology file in it")
    except OSError as error:
        return Problem((), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return Problem((), f"is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}")
    return parse(text)


def parse(text: str) -> Document | Problem:
    """Parse YAML, or say in one problem why it is none."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return Document(None if root is None else loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line
        return Problem((), _in_words(error, text, line), line=None if line is None else line + 1)
    except yaml.YAMLError as error:  # a character that YAML does not allow
        return Problem((), f"is not YAML: {' '.join(str(error).split())}")
    except RecursionError:
        return Problem((), "is not a topology: it is nested too deeply")


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without the surprises of YAML 1.1."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own way: a table of the class)

    def compose_mapping_node(self, anchor: Any) -> MappingNode:
        node: MappingNode = super().compose_mapping_node(anchor)
        first: dict[tuple[str, str], Node] = {}
        for key, _ in node.value:
            if isinstance(key, ScalarNode) and (seen := first.setdefault((key.tag, key.value), key)) is not key:
                line = seen.start_mark.line + 1
                raise ConstructorError(None, None, f"{key.value!r} stands here and on line {line}", key.start_mark)
        return node

    def construct_finite(self, node: ScalarNode) -> float:
        number = float(node.value)
        if not math.isfinite(number):
            raise ConstructorError(None, None, f"{node.value[:40]} is larger than any number here", node.start_mark)
        return number


_SCALARS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]*|(?=\.[0-9]))(\.[0-9]*)?([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
)
for _name, _form, _first in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_form})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_finite)


def _child(node: Node | None, step: str | int) -> tuple[Node, Node] | None:
    """Where a child is written (its key, if it has one) and the child."""
    if isinstance(node, MappingNode):
        # Merged keys (<<) come first, so the last of a name is the one that holds.
        for key, value in reversed(node.value):
            if isinstance(key, ScalarNode) and key.value == str(step):
                return key, value
    elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _in_words(error: yaml.MarkedYAMLError, text: str, line: int | None) -> str:
    """What PyYAML found, with the remedy where it is plain."""
    problem = error.problem or error.context or "a mistake"
    if isinstance(error, ConstructorError):
        return problem
    lines = text.splitlines()
    if line is not None and line < len(lines):
        written = lines[line]
        if "\t" in written[: len(written) - len(written.lstrip())]:
            return "is not YAML: the line is indented with a tab; use spaces"
    return f"is not YAML: {problem}"
