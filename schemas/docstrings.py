"""The docstrings of fields: string literals that stand below a field of a class, which Python itself does not keep."""

import ast
import inspect
import textwrap
from itertools import pairwise


def of_class(class_: type) -> str:
    """The docstring of a class as one line."""
    return _one_line(class_.__doc__ or "")


def of_fields(class_: type) -> dict[str, str]:
    """Field, or member of an enum, to its docstring as one line; those of base classes included."""
    found: dict[str, str] = {}
    for base in reversed(class_.__mro__):
        for field, literal in pairwise(_body(base)):
            match field, literal:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = _one_line(text)
    return found


def _body(class_: type) -> list[ast.stmt]:
    try:
        source = inspect.getsource(class_)
    except (OSError, TypeError):  # it is not written in Python
        return []
    match ast.parse(textwrap.dedent(source)).body:
        case [ast.ClassDef(body=body)]:
            return body
    return []


def _one_line(text: str) -> str:
    return " ".join(text.split())
