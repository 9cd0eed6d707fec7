"""`headrace outlets`: bring alarms to Alertmanager and to a webhook until told to stop."""

from contextlib import AsyncExitStack
from pathlib import Path

import click
from prometheus_client import CollectorRegistry, disable_created_metrics, start_http_server

from schemas.errors import SettingsError, UserError
from sinks.alertmanager.outlet import Alertmanager
from sinks.webhook import signature
from sinks.webhook.outlet import Webhook
from streams.cli.feeding import run_until_signal
from streams.cli.long_running import check_free, log_level_option, set_up_logging
from streams.cli.options import data_option, load_topology, topology_option
from streams.outlet_telemetry import OutletTelemetry
from streams.outlets import Outlets
from streams.settings import Address, Settings
from streams.topology import rights
from streams.topology.apply import admin_client
from streams.topology.model import Topology


@click.command(epilog="Example: headrace outlets --topology plant.yaml")
@topology_option
@data_option
@click.option("--metrics", help="Address of /metrics; default: HEADRACE_OUTLETS_METRICS or 127.0.0.1:9465.")
@log_level_option
def outlets(topology_file: Path | None, data: Path, metrics: str | None, log_level: str) -> None:
    """Bring alarms to the outlets that a topology declares: sinks.alertmanager, sinks.webhook.

    Alertmanager is shown the standing alarms, the webhook is told of every transition, once or more. Start as many as
    you like: they share the partitions of the topic `alarms`.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    if topology.sinks.alertmanager is None and topology.sinks.webhook is None:
        raise UserError("the topology declares no outlet: sinks.alertmanager or sinks.webhook")
    authorization = settings.outlet_logins.alertmanager_authorization()
    signing_keys = _signing_keys(topology, settings)
    address = Address.parse(metrics) if metrics else settings.outlets_metrics
    check_free(address)
    set_up_logging(log_level)
    with admin_client(settings.client_options()) as client:
        rights.check_outlets(client, topology)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    telemetry = OutletTelemetry(CollectorRegistry())
    start_http_server(address.port, address.host.strip("[]"), telemetry.registry)
    run_until_signal(_run(topology, settings, telemetry, authorization, signing_keys))


def _signing_keys(topology: Topology, settings: Settings) -> list[bytes]:
    secret = settings.outlet_logins.webhook_secret
    if topology.sinks.webhook is None:
        return []
    if not secret:
        raise SettingsError("the topology declares a webhook: set HEADRACE_WEBHOOK_SECRET, its requests are signed")
    return signature.keys(secret)


async def _run(
    topology: Topology,
    settings: Settings,
    telemetry: OutletTelemetry,
    authorization: str | None,
    signing_keys: list[bytes],
) -> None:
    sinks = topology.sinks
    async with AsyncExitStack() as stack:
        board = channel = None
        if sinks.alertmanager is not None:
            board = Alertmanager(sinks.alertmanager.urls, telemetry, authorization=authorization)
        if sinks.webhook is not None:
            channel = await stack.enter_async_context(Webhook.open(sinks.webhook.url, signing_keys, telemetry))
        await Outlets(settings.client_options(), topology.topology, telemetry, board, channel).run()
