"""`headrace resolver`: tell whoever reads a code whether it is genuine, until told to stop."""

import asyncio
import ipaddress
from pathlib import Path

import click
from prometheus_client import CollectorRegistry, disable_created_metrics, start_http_server

from schemas.codes import parse_product
from schemas.errors import UserError
from schemas.times import utc_offset_ms
from sinks.resolver import server
from sinks.resolver.enterprises import Enterprise, Enterprises
from sinks.resolver.limits import Rates
from sinks.resolver.web import Site
from sinks.tokens import Tokens
from streams import login
from streams.cli.codes import domain_option
from streams.cli.long_running import check_free, log_level_option, set_up_logging
from streams.cli.options import data_option, load_topology, topology_option
from streams.compute.codes import KeyRing
from streams.resolver_telemetry import ResolverTelemetry
from streams.settings import Address, Settings, code_keys_of, tokens_of
from streams.topology.model import Topology

_PER_MINUTE = click.IntRange(1, 10_000_000)


def _check_addresses(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    for value in values:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise click.BadParameter(f"{value!r} is no IP address", ctx, param) from None
    return frozenset(values)


@click.command(epilog="Example: headrace resolver --domain id.example.com --trusted-proxy 127.0.0.1")
@topology_option
@data_option
@click.option("--address", help="Where it listens; default: HEADRACE_RESOLVER or 127.0.0.1:8800.")
@click.option("--metrics", help="Address of /metrics; default: HEADRACE_RESOLVER_METRICS or 127.0.0.1:9466.")
@domain_option
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    callback=_check_addresses,
    help="Address of a reverse proxy whose X-Forwarded-For is believed, as far as its last entry. May be repeated.",
)
@click.option(
    "--lookups", type=_PER_MINUTE, default=Rates.lookups, show_default=True, help="Of a client in a minute, at most."
)
@click.option(
    "--failures",
    type=_PER_MINUTE,
    default=Rates.failures,
    show_default=True,
    help="Of a client in a minute: codes that are mistyped, forged or unknown.",
)
@click.option(
    "--failures-of-prefix",
    type=_PER_MINUTE,
    default=Rates.failures_of_prefix,
    show_default=True,
    help="Of all clients together, for each enterprise.",
)
@log_level_option
def resolver(
    topology_file: Path | None,
    data: Path,
    address: str | None,
    metrics: str | None,
    domain: str,
    proxies: frozenset[str],
    lookups: int,
    failures: int,
    failures_of_prefix: int,
    log_level: str,
) -> None:
    """Answer GET /resolve/<code>, and a code's own link: JSON for programs, a page for phones.

    The keys are in HEADRACE_CODE_KEYS, the enterprises' tokens for their archive in HEADRACE_TOKENS. It listens on this
    machine alone unless told otherwise, and belongs behind a reverse proxy with TLS.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    keys = KeyRing.parse(code_keys_of())
    if settings.clickhouse is None:
        raise UserError("the resolver reads ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    if topology.trace is None:
        raise UserError(f"topology {topology.topology} has no codes to resolve: it does not declare `trace`")
    listen = Address.parse(address) if address else settings.resolver
    measured = Address.parse(metrics) if metrics else settings.resolver_metrics
    setup = server.Setup(
        topology=topology.topology,
        enterprises=_enterprises(topology),
        verify=keys.verify,
        tokens=Tokens.parse(tokens_of()),
        rates=Rates(lookups=lookups, failures=failures, failures_of_prefix=failures_of_prefix),
        site=Site(domain=domain, utc_offset_ms=_utc_offset_ms(topology), proxies=proxies),
    )
    servers = server.Servers(
        clickhouse=settings.clickhouse, kafka=settings.client_options(), host=listen.host.strip("[]"), port=listen.port
    )
    check_free(listen, "the resolver", "--address")
    check_free(measured)
    asyncio.run(login.answering(settings.client_options()))
    set_up_logging(log_level)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    telemetry = ResolverTelemetry(CollectorRegistry())
    start_http_server(measured.port, measured.host.strip("[]"), telemetry.registry)
    server.run(setup, servers, telemetry, lambda: click.echo(f"resolver at http://{listen}"))


def _enterprises(topology: Topology) -> Enterprises:
    return Enterprises(
        Enterprise(one.prefix, one.name, frozenset(map(parse_product, one.products)), one.warranty)
        for one in (topology.trace.enterprises if topology.trace else ())
    )


def _utc_offset_ms(topology: Topology) -> int:
    """Of the plant's days, as on its screen."""
    return utc_offset_ms((topology.production or topology.compliance).utc_offset)
