"""A YAML file as plain data that still knows on which line each value stands."""

from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from streams.topology.problems import Problem, Where
from streams.yaml_loader import Loader


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
        loader = Loader(text)
        root = loader.get_single_node()
        return Document(None if root is None else loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line
        return Problem((), _in_words(error, text, line), line=None if line is None else line + 1)
    except yaml.YAMLError as error:  # a character that YAML does not allow
        return Problem((), f"is not YAML: {' '.join(str(error).split())}")
    except RecursionError:
        return Problem((), "is not a topology: it is nested too deeply")


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
