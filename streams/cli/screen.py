"""`headrace screen`: show the plant to everybody, until told to stop."""

import asyncio
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import click

from schemas.errors import SinkError, UserError
from schemas.times import utc_offset_ms
from sinks.bigscreen import server
from sinks.bigscreen.plant import Asset, Emission, Limit, Plant, Servers
from streams import login
from streams.cli.long_running import check_free, log_level_option, set_up_logging
from streams.cli.options import Seconds, data_option, load_topology, topology_option
from streams.compute.compliance.packs import PERIODS
from streams.compute.detectors.limit import Limit as LimitDetector
from streams.settings import Address, Settings
from streams.topology.model import Topology, Window


@click.command(epilog="Example: headrace screen --topology infra/topologies/tower_plant.yaml")
@topology_option
@data_option
@click.option("--address", help="Where it listens; default: HEADRACE_SCREEN or 127.0.0.1:8700.")
@click.option(
    "--stale-after",
    type=Seconds(),
    default="15s",
    show_default=True,
    help="Data older than this turns the screen grey.",
)
@click.option("--enterprise", metavar="PREFIX", help="Show this enterprise's codes, events and scans alone.")
@log_level_option
def screen(
    topology_file: Path | None,
    data: Path,
    address: str | None,
    stale_after: float,
    enterprise: str | None,
    log_level: str,
) -> None:
    """Show equipment, emissions, production, quality, logistics and codes on one page, with alarms to acknowledge.

    Whoever reaches the page may acknowledge and shelve alarms: it listens on this machine alone unless told otherwise,
    and belongs behind a reverse proxy with log-in where others are to see it.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    if settings.clickhouse is None:
        raise UserError("the screen reads ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    if topology.sinks.clickhouse is None or not topology.sinks.clickhouse.readings:
        raise UserError("the screen shows the newest readings: the topology must have sinks.clickhouse.readings")
    plant = plant_of(topology, enterprise)
    listen = Address.parse(address) if address else settings.screen
    servers = Servers(
        clickhouse=settings.clickhouse, kafka=settings.client_options(), host=listen.host.strip("[]"), port=listen.port
    )
    check_free(listen, "the screen", "--address")
    asyncio.run(login.answering(settings.client_options()))
    set_up_logging(log_level)
    try:
        server.run(plant, servers, stale_after, lambda: click.echo(f"screen at http://{listen}"))
    except SinkError as error:
        raise UserError(str(error)) from error


def plant_of(topology: Topology, enterprise: str | None = None) -> Plant:
    """What the screen has to know of a topology. UserError where it has no such enterprise."""
    prefixes = tuple(one.prefix for one in topology.trace.enterprises) if topology.trace else ()
    if enterprise is not None and enterprise not in prefixes:
        raise UserError(f"--enterprise {enterprise}: the topology declares {', '.join(prefixes) or 'none'}")
    clock = topology.production or topology.compliance
    return Plant(
        topology=topology.topology,
        site=topology.site,
        utc_offset_ms=utc_offset_ms(clock.utc_offset),
        assets=tuple(
            Asset(name=name, kind=asset.kind, metrics=asset.metrics)
            for name, asset in topology.assets.items()
            if asset.metrics  # a store or an inspection place measures nothing, so that it has no state to show
        ),
        units={name: metric.unit for name, metric in topology.metrics.items()},
        emissions=tuple(
            Emission(
                rule=rule.name,
                metric=rule.metric,
                assets=tuple(name for name, metric in _series(topology, (rule.metric,), rule.assets)),
                limit=rule.limits[min(rule.limits, key=PERIODS.index)],
            )
            for rule in topology.compliance.rules
        ),
        limits=_limits(topology),
        window=_shortest(topology.windows),
        longest_shelf_ms=int(topology.alarm_system.longest_shelf),
        production=topology.production is not None,
        quality=topology.quality is not None,
        logistics=topology.logistics is not None,
        enterprises=(enterprise,) if enterprise else prefixes,
        tenant=enterprise,
    )


def _limits(topology: Topology) -> tuple[Limit, ...]:
    """What alarms and limit detectors watch, each once."""
    watched = [(alarm.metrics, alarm.assets, alarm.low, alarm.high) for alarm in topology.alarms]
    watched += [
        (detector.metrics, detector.assets, detector.low, detector.high)
        for detector in topology.detectors
        if isinstance(detector, LimitDetector)
    ]
    found = (
        Limit(asset=asset, metric=metric, low=low, high=high)
        for metrics, assets, low, high in watched
        for asset, metric in _series(topology, metrics, assets)
    )
    return tuple(dict.fromkeys(found))


def _series(topology: Topology, metrics: Iterable[str], assets: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Declared (asset, metric) that fit patterns of both."""
    metrics, assets = tuple(metrics), tuple(assets)
    for name, asset in topology.assets.items():
        if any(fnmatchcase(name, pattern) for pattern in assets):
            for metric in asset.metrics:
                if any(fnmatchcase(metric, pattern) for pattern in metrics):
                    yield name, metric


def _shortest(windows: tuple[Window, ...]) -> str:
    """The shortest window that does not overlap the next."""
    tumbling = [window for window in windows if window.advance in (None, window.size)]
    return min(tumbling, key=lambda window: window.size).name if tumbling else ""
