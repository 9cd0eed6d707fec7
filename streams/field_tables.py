"""Markdown tables of the fields of structs: what can be written in a topology file, for the reference."""

from collections.abc import Container, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from schemas import docstrings
from schemas.durations import Duration
from streams.compute.detectors.base import Spec


def structs(root: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """`root` and every struct that can stand below it, outermost first; without the kinds of detectors."""
    found: list[type[msgspec.Struct]] = []
    waiting = [inspect.type_info(root)]
    for kind in waiting:
        if isinstance(kind, inspect.StructType) and kind.cls not in found and not issubclass(kind.cls, Spec):
            found.append(kind.cls)
            waiting += (field.type for field in kind.fields)
        waiting += _parts(kind)
    return found


def rows(struct: type[msgspec.Struct], left_out: Container[str] = ()) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and docstring of each field of a struct, that of the field's struct where it has none."""
    kind = inspect.type_info(struct)
    if not isinstance(kind, inspect.StructType):
        raise TypeError(f"{struct} is no struct")
    docs = docstrings.of_fields(struct)
    for field in kind.fields:
        if field.name not in left_out:
            about = docs.get(field.name) or _about_structs(field.type)
            yield f"`{field.encode_name}`", type_name(field.type), _default(field), about


def type_name(kind: inspect.Type) -> str:
    """A type as people say it, with a link where it is a struct. TypeError for one that topologies do not use."""
    match kind:
        case inspect.StrType():
            return "text"
        case inspect.BoolType():
            return "true or false"
        case inspect.FloatType():
            return "number"
        case inspect.IntType(ge=low, le=high):
            return "whole number" if low is None or high is None else f"whole number, {low} to {high}"
        case inspect.CustomType(cls=cls) if cls is Duration:
            return "duration"
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
        case inspect.VarTupleType(item_type=item):
            return f"list of {type_name(item)}"
        case inspect.DictType(key_type=key, value_type=value):
            return f"map of {type_name(key)} to {type_name(value)}"
        case inspect.StructType(cls=cls) if issubclass(cls, Spec):
            return "[detector](#detectors)"
        case inspect.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case inspect.UnionType(types=types):
            names = [type_name(one) for one in types if not isinstance(one, inspect.NoneType)]
            return " or ".join(dict.fromkeys(names))
    raise TypeError(f"no name for {kind}")


def _about_structs(kind: inspect.Type) -> str:
    """What the structs in a type are for: enough for a field that has no docstring of its own."""
    if isinstance(kind, inspect.StructType):
        return "" if issubclass(kind.cls, Spec) else docstrings.of_class(kind.cls)
    return " ".join(filter(None, map(_about_structs, _parts(kind))))


def _parts(kind: inspect.Type) -> list[inspect.Type]:
    match kind:
        case inspect.VarTupleType(item_type=item):
            return [item]
        case inspect.DictType(value_type=value):
            return [value]
        case inspect.UnionType(types=types):
            return list(types)
    return []


def _default(field: inspect.Field) -> str:
    """What holds where the field is left out."""
    if field.required:
        return "**required**"
    default: Any = field.default
    match default:
        case msgspec.UNSET | msgspec.NODEFAULT | None | () | "" | msgspec.Struct():
            return ""
        case Duration():
            return f"`{default}`"
        case _:
            return f"`{msgspec.json.encode(default).decode().strip(chr(34))}`"
