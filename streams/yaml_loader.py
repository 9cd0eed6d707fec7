"""How YAML files are read, whatever they declare.

Scalars follow the core schema of YAML 1.2 with decimal numbers only: `no`, `on`, `1_000`, `0o17`, `12:30` and
`2020-01-01` are text, as their writers mean them, and a number with a leading zero is text because readers disagree
whether it is octal. Refused are a key that stands twice in one mapping, and tags that make anything but text.
"""

import math
import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader without the surprises of YAML 1.1. Raises yaml.YAMLError."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own way: a table of the class)

    def compose_mapping_node(self, anchor: Any) -> MappingNode:
        node: MappingNode = super().compose_mapping_node(anchor)
        first: dict[tuple[str, str], Node] = {}
        for key, _ in node.value:
            if isinstance(key, ScalarNode) and (seen := first.setdefault((key.tag, key.value), key)) is not key:
                line = seen.start_mark.line + 1
                raise ConstructorError(None, None, f"{key.value!r} stands here and on line {line}", key.start_mark)
        return node

    def compose_node(self, parent: Any, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if (tag := getattr(event, "tag", None)) not in _TAGS:
            shown = repr(tag).replace("tag:yaml.org,2002:", "!!")
            raise ConstructorError(None, None, f"the tag {shown} is not known here; leave it out", event.start_mark)
        node: Node | None = super().compose_node(parent, index)
        return node

    def flatten_mapping(self, node: MappingNode) -> None:
        super().flatten_mapping(node)
        # Of each key the last alone, which holds: a mapping merged with itself again and again would fill the memory.
        last = {
            (key.tag, key.value) if isinstance(key, ScalarNode) else id(key): (key, value) for key, value in node.value
        }
        node.value = list(last.values())

    def construct_scalar(self, node: ScalarNode | MappingNode) -> Any:
        text = super().construct_scalar(node)
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise ConstructorError(
                None, None, f"{text[:40]!r} holds half of a surrogate pair: write the character itself", node.start_mark
            )
        return text

    def construct_finite(self, node: ScalarNode) -> float:
        number = float(node.value)
        if not math.isfinite(number):
            raise ConstructorError(None, None, f"{node.value[:40]} is larger than any number here", node.start_mark)
        return number


_TAGS = (None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map")))
"""Those that a value may be given: none that makes it anything else than it would be, or text."""

_SCALARS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]*|(?=\.[0-9]))(\.[0-9]*)?([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
)
for _name, _form, _first in _SCALARS:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_form})$"), _first)
Loader.add_constructor("tag:yaml.org,2002:float", Loader.construct_finite)
