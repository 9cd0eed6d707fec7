"""Every reason why plain data does not decode into a type, each with the path of the value that is to blame.

msgspec reports the first mistake and names no key of a mapping (`$.metrics[...].low`). Where decoding failed, this
walks down the type and decodes the parts one by one until the smallest that fails is found.
"""

import reprlib
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import inspect

from schemas.durations import Duration, decode_hook
from streams.topology.problems import Problem, Where, did_you_mean


def problems(value: Any, type_: Any, path: Where = ()) -> list[Problem]:
    """What keeps `value` from decoding into `type_`; empty where it decodes."""
    try:
        msgspec.convert(value, type_, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        return list(_within(value, type_, path)) or [Problem(path, _sentence(error, value, type_))]
    return []


def _within(value: Any, type_: Any, path: Where) -> Iterator[Problem]:
    """Problems of the parts of `value`; none where it is to blame as a whole."""
    if get_origin(type_) is Annotated:
        type_ = get_args(type_)[0]
    if isinstance(value, list) and get_origin(type_) is tuple:
        for index, item in enumerate(value):
            yield from problems(item, get_args(type_)[0], (*path, index))
    elif isinstance(value, dict) and get_origin(type_) is dict:
        key_type, value_type = get_args(type_)
        for key, item in value.items():
            yield from problems(key, key_type, (*path, str(key)))
            yield from problems(item, value_type, (*path, str(key)))
    elif isinstance(value, dict) and (structs := _structs(type_)):
        yield from _within_struct(value, structs, path)


def _structs(type_: Any) -> list[type[msgspec.Struct]]:
    """The struct, or the structs of a union, that `type_` stands for."""
    members = get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)
    return [member for member in members if isinstance(member, type) and issubclass(member, msgspec.Struct)]


def _within_struct(value: dict[Any, Any], structs: list[type[msgspec.Struct]], path: Where) -> Iterator[Problem]:
    tag_field = structs[0].__struct_config__.tag_field
    struct = structs[0]
    if tag_field is not None:
        by_tag = {str(member.__struct_config__.tag): member for member in structs}
        tag = value.get(tag_field)
        if tag_field not in value:
            yield Problem(path, f"{tag_field} is missing; allowed are {', '.join(by_tag)}")
            return
        if not isinstance(tag, str) or tag not in by_tag:
            hint = did_you_mean(str(tag), list(by_tag))
            yield Problem((*path, tag_field), f"is {_shown(tag)}{hint}; allowed are {', '.join(by_tag)}")
            return
        struct = by_tag[tag]
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, item in value.items():
        if key in fields:
            yield from problems(item, fields[key].type, (*path, key))
        elif key != tag_field:
            hint = did_you_mean(str(key), list(fields))
            yield Problem((*path, str(key)), f"is not known here{hint}; allowed are {', '.join(fields)}")
    for name, field in fields.items():
        if field.required and name not in value:
            yield Problem(path, f"{name} is missing; it is {_allowed(inspect.type_info(field.type))}")


def _sentence(error: msgspec.ValidationError, value: Any, type_: Any) -> str:
    if isinstance(error.__cause__, ValueError):  # a check of our own: its words are meant for people
        return str(error.__cause__)
    return f"is {_shown(value)}; allowed is {_allowed(inspect.type_info(type_))}"


def _shown(value: Any) -> str:
    """A value in a few characters, whatever its size."""
    match value:
        case None:
            return "empty"
        case True | False:
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return reprlib.repr(value)


def _allowed(kind: inspect.Type) -> str:
    """A type in words."""
    match kind:
        case inspect.IntType(ge=low, le=high) if low is not None and high is not None:
            return f"a whole number from {low} to {high}"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(pattern=None):
            return "text"
        case inspect.StrType(pattern=pattern):
            return f"text of the form {pattern}"
        case inspect.LiteralType(values=values):
            return " or ".join(map(str, values))
        case inspect.CustomType(cls=cls) if cls is Duration:
            return "a duration such as 10s"
        case inspect.VarTupleType(item_type=item):
            return f"a list, each {_allowed(item)}"
        case inspect.UnionType(types=types):
            return " or ".join(dict.fromkeys(_allowed(t) for t in types if not isinstance(t, inspect.NoneType)))
        case inspect.DictType() | inspect.StructType():
            return "a mapping"
    return type(kind).__name__.removesuffix("Type").lower()
