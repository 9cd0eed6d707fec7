"""The rows of `tariffs` and `baselines` that a topology declares, and how they differ from those that are there."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from schemas.economics import BaselineRow, TariffRow
from schemas.times import utc_offset_ms
from streams.compute.production.spec import DAY_MINUTES
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


class Changes(NamedTuple):
    """Rows to write."""

    ended: Rows
    """Rows that are there and valid no more, with their end."""
    new: Rows


def changes(live: Rows, wanted: Rows, now: int) -> Changes:
    """What to write at `now` (epoch ms) so that `wanted` is valid. `live` are all rows that were ever written.

    The first price of a tariff, and the first baseline, hold for all the time before, of which nobody has said
    otherwise; what takes the place of something else holds from now on.
    """
    priced = {row.tariff for row in live.tariffs}
    return Changes(
        Rows(_ended(live.tariffs, wanted.tariffs, now), _ended(live.baselines, wanted.baselines, now)),
        Rows(
            tuple(_from(row, now if row.tariff in priced else 0) for row in _missing(live.tariffs, wanted.tariffs)),
            tuple(_from(row, now if live.baselines else 0) for row in _missing(live.baselines, wanted.baselines)),
        ),
    )


def lines(rows: Rows) -> list[str]:
    """Rows for people, one a line."""
    return [_priced(row) for row in rows.tariffs] + [_compared(row) for row in rows.baselines]


def _priced(row: TariffRow) -> str:
    what = " ".join(word for word in (row.asset, row.metric, row.product, row.shift) if word)
    people = f" {row.people:g} people" if row.people else ""
    whole_day = (row.start_minute, row.end_minute) == (0, DAY_MINUTES)
    hours = "" if whole_day else f" {_clock(row.start_minute)}-{_clock(row.end_minute)}"
    return f"{row.tariff}: {what}{people}{hours} {row.price:g} {row.currency}/{row.unit}"


def _compared(row: BaselineRow) -> str:
    what = f"{row.first_day} to {row.last_day}"
    if not row.first_day:
        what = f"{row.money_per_good:g} {row.currency} per good item, {row.good_per_hour:g} per hour"
    return f"baseline: {what}; output of {', '.join(row.output)}; {row.hours_per_year:g} hours a year"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _ended(live: Sequence[Row], wanted: Sequence[Row], now: int) -> tuple[Row, ...]:
    valid = [row for row in live if row.valid_to is None]
    return tuple(msgspec.structs.replace(row, valid_to=now) for row in valid if _from(row, 0) not in wanted)


def _missing(live: Sequence[Row], wanted: Sequence[Row]) -> list[Row]:
    valid = {_from(row, 0) for row in live if row.valid_to is None}
    return [row for row in wanted if row not in valid]


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
                of_item = msgspec.structs.replace(of_asset, unit="item")
                yield msgspec.structs.replace(of_item, other_products=tuple(sorted(tariff.products)))
                for product, price in tariff.products.items():
                    yield msgspec.structs.replace(of_item, product=product, price=price)
            case Downtime():
                yield of_asset


def metered(topology: Topology, asset: str, metrics: Collection[str]) -> list[str]:
    """The metrics of an asset that patterns match; an asset may leave open what it sends."""
    return matching(metrics, topology.assets[asset].metrics or topology.metrics)


def _line(topology: Topology, asset: str) -> str:
    lines = {} if topology.production is None else topology.production.lines
    return next((line for line, assets in lines.items() if asset in assets), "")
