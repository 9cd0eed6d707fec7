"""`headrace picking`: pick lists for cutting orders, and how far they have been picked."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from schemas.codec import encode
from schemas.errors import UserError
from schemas.events import LARGEST_RECORD, LONGEST_NAME
from schemas.logistics import PickLine, PickList
from schemas.topics import LOGISTICS_EVENTS
from streams.cli.operator import clickhouse, login_name, send
from streams.cli.options import Seconds, data_option, load_topology, topology_option
from streams.compute.logistics.spec import Logistics
from streams.picking.orders import read_orders
from streams.picking.patterns import Saw
from streams.picking.plan import Bin, PickPlan, plan
from streams.settings import Settings
from streams.topology.model import Topology

_STOCK: Final = """
SELECT bin, section, grade, length_mm, heat, pieces FROM headrace.stock
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(store)s ORDER BY bin
"""
_RESERVED: Final = """
SELECT bin, `order`, open FROM headrace.pick_progress
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(store)s AND open > 0
"""
_ORDERS: Final = """
SELECT `order`, asset, formatDateTime(ts, '%%F %%T'), concat(picked, ' of ', pieces), wrong,
    concat(waste_mm, ' mm, ', round(100 * waste_share, 2), ' %%')
FROM headrace.picking
WHERE topology = %(topology)s AND site = %(site)s ORDER BY ts DESC, `order` LIMIT 100
"""
_BINS: Final = """
SELECT asset, bin, concat(section, ' ', grade, ' ', length_mm, ' mm heat ', heat), concat(picked, ' of ', pieces)
FROM headrace.pick_progress
WHERE topology = %(topology)s AND site = %(site)s AND `order` = %(order)s ORDER BY asset, bin
"""
_WRONG: Final = """
SELECT formatDateTime(ts, '%%F %%T'), reason FROM headrace.picks
WHERE topology = %(topology)s AND site = %(site)s AND `order` = %(order)s AND verdict != 'right'
ORDER BY ts DESC LIMIT 20
"""
_by = click.option("--by", help="Who plans; default: the login name.")
_store = click.option("--store", help="The yard or rack; needed where the topology declares more than one.")


class _Plant(NamedTuple):
    settings: Settings
    topology: Topology
    logistics: Logistics


@click.group()
def picking() -> None:
    """Plan what robots fetch for cutting orders, and see how far they are.

    A pick list is an event on the topic logistics.events. From then on each pick of its order is checked against it.
    """


@picking.command("plan", epilog="Example: headrace picking plan orders.csv --store yard-1")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_store
@click.option(
    "--seconds", type=Seconds(), default="5s", show_default=True, help="Longest search for each kind of steel."
)
@click.option("--dry-run", is_flag=True, help="Show the plan and send nothing.")
@_by
@topology_option
@data_option
def plan_orders(
    file: Path,
    store: str | None,
    seconds: float,
    dry_run: bool,
    by: str | None,
    topology_file: Path | None,
    data: Path,
) -> None:
    """Make a pick list with the least waste for each cutting order in FILE, and send it.

    FILE is CSV with the columns order, section, grade, length_mm, quantity; or JSON or YAML, one order or a list, as
    {order: T-17, demands: [{section: L100x8, grade: Q355B, length_mm: 5900, quantity: 4}]}. What lists of other orders
    are still to take is left alone. An order that has a list gets a new one: name what is still to be cut.
    """
    if seconds < 1:
        raise UserError("--seconds takes at least 1s")
    plant = _plant(topology_file, data)
    place = _the_store(plant, store)
    orders = read_orders(file.name, file.read_bytes())
    maker = _maker(by)
    cutting = plant.logistics.cutting
    saw = Saw(cutting.kerf_mm, cutting.reusable_mm, cutting.handling_mm)
    bins = _free(plant, place, {one.order for one in orders})
    plans = []
    for one in orders:
        plans.append(plan(one, bins, saw, seconds))
        bins = _without(bins, plans[-1].lines)
    messages = [_message(plant, place, one.order, one.lines, one.waste_mm, maker) for one in plans]
    for found, message in zip(plans, messages, strict=True):
        _print_plan(found)
        if not dry_run:
            _send(plant, place, message)
    click.echo(f"{len(plans):,} pick lists {'not sent: --dry-run' if dry_run else f'sent for {place}, by {maker}'}")


@picking.command(epilog="Example: headrace picking cancel T-17 --store yard-1")
@click.argument("order")
@_store
@_by
@topology_option
@data_option
def cancel(order: str, store: str | None, by: str | None, topology_file: Path | None, data: Path) -> None:
    """Take back the pick list of ORDER: what it was still to take is free again."""
    plant = _plant(topology_file, data)
    place = _the_store(plant, store)
    if place not in {row[0] for row in _query(plant, _BINS, order=order)}:
        raise UserError(f"order {order} has no pick list in {place}: `headrace picking show` shows those that have")
    _send(plant, place, _message(plant, place, order, (), 0, _maker(by)))
    click.echo(f"pick list of {order} cancelled in {place}")


@picking.command(epilog="Example: headrace picking show T-17")
@click.argument("order", required=False)
@topology_option
@data_option
def show(order: str | None, topology_file: Path | None, data: Path) -> None:
    """Show how far cutting orders have been picked; with ORDER, bin by bin, and what was picked wrongly."""
    plant = _plant(topology_file, data)
    console = _console()
    if order is None:
        heads = ("order", "store", "list made, UTC", "picked", "wrong", "waste")
        console.print(_table(heads, _query(plant, _ORDERS)))
        return
    bins = _query(plant, _BINS, order=order)
    if not bins:
        raise UserError(f"order {order} has no pick list: `headrace picking show` shows those that have")
    console.print(_table(("store", "bin", "pieces of", "picked"), bins))
    wrong = _query(plant, _WRONG, order=order)
    console.print(_table(("at, UTC", "wrong pick"), wrong) if wrong else "no wrong pick")


def _plant(topology_file: Path | None, data: Path) -> _Plant:
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    if topology.logistics is None:
        raise UserError(f"topology {topology.topology} declares no logistics")
    return _Plant(settings, topology, topology.logistics)


def _the_store(plant: _Plant, given: str | None) -> str:
    declared = plant.logistics.stores
    if given is None and len(declared) == 1:
        return declared[0]
    if given is None or (declared and given not in declared):
        raise UserError(f"--store takes one of {', '.join(declared) or 'the stores of the events'}")
    return given


def _maker(by: str | None) -> str:
    by = by or login_name()
    if len(by) > LONGEST_NAME:
        raise UserError(f"--by takes at most {LONGEST_NAME} characters")
    return by


def _query(plant: _Plant, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    names = {"topology": plant.topology.topology, "site": plant.topology.site}
    with clickhouse(plant.settings, "stock and pick lists") as client:
        rows: list[tuple[Any, ...]] = client.execute(sql, names | parameters)
    return rows


def _free(plant: _Plant, store: str, planned: set[str]) -> list[Bin]:
    """The bins of a store, without what lists of orders that are not planned now are still to take."""
    bins = [Bin(*row) for row in _query(plant, _STOCK, store=store)]
    if not bins:
        raise UserError(f"{store} has no stock: nothing has arrived there on {LOGISTICS_EVENTS.name}")
    reserved: dict[str, int] = {}
    for name, order, pieces in _query(plant, _RESERVED, store=store):
        if order not in planned:
            reserved[name] = reserved.get(name, 0) + pieces
    return [one._replace(pieces=max(0, one.pieces - reserved.get(one.name, 0))) for one in bins]


def _without(bins: Sequence[Bin], lines: Sequence[PickLine]) -> list[Bin]:
    taken: dict[str, int] = {}
    for line in lines:
        taken[line.bin] = taken.get(line.bin, 0) + line.pieces
    return [one._replace(pieces=one.pieces - taken.get(one.name, 0)) for one in bins]


def _message(plant: _Plant, store: str, order: str, lines: tuple[PickLine, ...], waste_mm: int, by: str) -> bytes:
    made = PickList(
        ts=time.time_ns() // 1_000_000, site=plant.topology.site, asset=store, order=order, lines=lines,
        waste_mm=waste_mm, by=by,
    )  # fmt: skip
    message = encode(made)
    if len(message) > LARGEST_RECORD:
        raise UserError(f"order {order}: a pick list of {len(lines):,} lines is too large to send; split the order")
    return message


def _send(plant: _Plant, store: str, message: bytes) -> None:
    send(plant.settings, LOGISTICS_EVENTS.name, f"{plant.topology.site}/{store}", message)


def _print_plan(found: PickPlan) -> None:
    console = _console()
    console.print(_text(f"order {found.order}"))
    console.print(_table(("bin", "pieces", "of", "cut, mm"), [
        (line.bin, line.pieces, f"{line.section} {line.grade} {line.length_mm} mm heat {line.heat}", _cuts(line))
        for line in found.lines
    ]))  # fmt: skip
    used = found.wanted_mm + found.waste_mm
    console.print(
        f"waste {found.waste_mm / 1000:,.3f} m, {found.waste_mm / used:.2%} of what is used up; with handling at most "
        f"{found.gap_mm / 1000:,.3f} m above the best plan"
    )
    for (section, grade, length), pieces in sorted(found.rests.items()):
        console.print(_text(f"back to stock: {pieces} of {section} {grade} {length} mm"))


def _cuts(line: PickLine) -> str:
    return ", ".join(f"{number} x {length}" for length, number in Counter(line.cuts_mm).items())


def _console() -> Console:
    return Console(highlight=False, markup=False)  # names may hold anything


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    table = Table()
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    return table


def _text(value: Any) -> str:
    return "".join(sign if sign.isprintable() else "·" for sign in str(value))
