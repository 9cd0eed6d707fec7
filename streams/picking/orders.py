"""Cutting orders, as files have them."""

import csv
import io
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from schemas.errors import UserError
from schemas.shop_floor import Name
from streams.yaml_loader import Loader

_COLUMNS = ("order", "section", "grade", "length_mm", "quantity")


class Demand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Equal pieces that an order wants."""

    section: Name
    """Section of the steel, such as L100x8."""
    grade: Name
    """Its grade."""
    length_mm: Annotated[int, Meta(ge=1, le=100_000)]
    """Length of a piece, mm."""
    quantity: Annotated[int, Meta(ge=1, le=100_000)]
    """How many."""


class CuttingOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be cut under one number."""

    order: Name
    """Number of the order."""
    demands: Annotated[tuple[Demand, ...], Meta(min_length=1)]
    """What it wants."""


def read_orders(name: str, content: bytes) -> list[CuttingOrder]:
    """The orders of a file: `.csv` with a header, `.json` or `.yaml` with one order or a list of them.

    Orders come as they first stand in the file. UserError if it has none, or is none.
    """
    suffix = name.rpartition(".")[2].lower()
    try:
        if suffix == "csv":
            found = msgspec.convert(_rows(content), list[CuttingOrder], strict=False)
        elif suffix in ("json", "yaml", "yml"):
            given = msgspec.json.decode(content) if suffix == "json" else yaml.load(content, Loader)  # noqa: S506
            found = msgspec.convert(given if isinstance(given, list) else [given], list[CuttingOrder])
        else:
            raise UserError(f"{name}: cutting orders are read from .csv, .json and .yaml")
    except (msgspec.MsgspecError, yaml.YAMLError, csv.Error, RecursionError, ValueError) as error:
        raise UserError(f"{name}: {' '.join(str(error).split())}") from error
    if not found:
        raise UserError(f"{name} holds no cutting order")
    numbers = [one.order for one in found]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise UserError(f"{name} has order {twice} twice: put its demands together")
    return found


def _rows(content: bytes) -> list[dict[str, Any]]:
    """One order for each number, with a demand for each row."""
    table = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
    if sorted(table.fieldnames or ()) != sorted(_COLUMNS):
        raise ValueError(f"the header must name {', '.join(_COLUMNS)}, each once")
    orders: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        orders.setdefault(row.pop("order") or "", []).append(row)
    return [{"order": order, "demands": demands} for order, demands in orders.items()]
