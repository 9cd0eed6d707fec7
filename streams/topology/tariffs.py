"""The rows of `tariffs` and `baselines` that a topology declares, and how they differ from those that are there."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import msgspec

from schemas.economics import BaselineRow, TariffRow
from schemas.times import utc_offset_ms
from streams.topology.economics import METERING, Downtime, Economics, Energy, Labour, Reagent, Scrap, Tariff
from streams.topology.model import Topology
from streams.topology.problems import matching

Row = TypeVar("Row", TariffRow, BaselineRow)

_MINUTE_MS = 60_000


class Rows(msgspec.Struct, frozen=True):
    """Rows of both tables."""

    tariffs: tuple[TariffRow, ...] = ()
    baselines: tuple[BaselineRow, ...] = ()


def declared(topology: Topology) -> Rows:
    """What a topology declares, valid for ever. A topology that holds together, as `load` gives it."""
    economics = topology.economics
    if economics is None:
        return Rows()
    offset = utc_offset_ms(economics.utc_offset) // _MINUTE_MS
    tariffs = tuple(row for tariff in economics.tariffs for row in _tariff(topology, economics, tariff, offset))
    baseline = economics.baseline
    if baseline is None:
        return Rows(tariffs)
    row = BaselineRow(
        topology=topology.topology,
        site=topology.site,
        currency=economics.currency,
        output=tuple(matching(economics.output, topology.assets)),
        hours_per_year=economics.hours_per_year,
        utc_offset_minutes=offset,
        first_day=baseline.first_day or "",
        last_day=baseline.last_day or "",
        money_per_good=baseline.money_per_good,
        good_per_hour=baseline.good_per_hour,
    )
    return Rows(tariffs, (row,))


def changes(live: Rows, wanted: Rows, now: int) -> Rows:
    """The rows to write, at `now` (epoch ms), so that `wanted` is valid: the ended ones, with their end, and the new.

    The first price of a tariff, and the first baseline, hold for all the time before, of which nobody has said
    otherwise; what takes the place of something else holds from now on. `live` are all rows that were ever written.
    """
    known = {row.tariff for row in live.tariffs}
    return Rows(
        (*_ended(live.tariffs, wanted.tariffs, now),
         *(_from(row, now if row.tariff in known else 0) for row in _missing(live.tariffs, wanted.tariffs))),
        (*_ended(live.baselines, wanted.baselines, now),
         *(_from(row, now if live.baselines else 0) for row in _missing(live.baselines, wanted.baselines))),
    )  # fmt: skip


def _ended(live: Sequence[Row], wanted: Sequence[Row], now: int) -> Iterator[Row]:
    keep = set(wanted)
    for row in live:
        if row.valid_to is None and _from(row, 0) not in keep:
            yield msgspec.structs.replace(row, valid_to=now)


def _missing(live: Sequence[Row], wanted: Sequence[Row]) -> Iterator[Row]:
    there = {_from(row, 0) for row in live if row.valid_to is None}
    yield from (row for row in wanted if row not in there)


def _from(row: Row, moment: int) -> Row:
    return msgspec.structs.replace(row, valid_from=moment)


def _tariff(topology: Topology, economics: Economics, tariff: Tariff, offset: int) -> Iterator[TariffRow]:
    common = TariffRow(
        topology=topology.topology,
        site=topology.site,
        tariff=tariff.name,
        kind=type(tariff).__struct_config__.tag,  # type: ignore[arg-type]
        utc_offset_minutes=offset,
        unit="h",
        price=tariff.price,
        currency=economics.currency,
    )
    if isinstance(tariff, Labour):
        for shift, people in tariff.people.items():
            yield msgspec.structs.replace(common, shift=shift, people=people)
        return
    for asset in matching(tariff.assets, topology.assets):
        of_asset = msgspec.structs.replace(common, asset=asset, line=_line(topology, asset))
        match tariff:
            case Energy() | Reagent():
                for metric in metered(topology, asset, tariff.metrics):
                    metering = METERING[topology.metrics[metric].unit]
                    for start, end, price in tariff.prices():
                        yield msgspec.structs.replace(
                            of_asset,
                            metric=metric,
                            window=economics.window or "",
                            per_hour=metering.per_hour,
                            start_minute=start,
                            end_minute=end,
                            unit=metering.unit,
                            price=price,
                        )
            case Scrap():
                for product, price in {"": tariff.price, **tariff.products}.items():
                    yield msgspec.structs.replace(of_asset, product=product, unit="item", price=price)
            case Downtime():
                yield of_asset


def metered(topology: Topology, asset: str, metrics: Collection[str]) -> list[str]:
    """The metrics of an asset that patterns match; an asset may leave open what it sends."""
    return matching(metrics, topology.assets[asset].metrics or topology.metrics)


def _line(topology: Topology, asset: str) -> str:
    lines = {} if topology.production is None else topology.production.lines
    return next((line for line, assets in lines.items() if asset in assets), "")
