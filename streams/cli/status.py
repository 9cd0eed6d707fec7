"""`headrace status`: rate, lag, watermark, open windows and readiness in one screen."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infra.local import stack
from streams.cli.options import data_option
from streams.scrape import Metrics, scrape
from streams.settings import DEFAULT_METRICS, Address, Settings
from streams.telemetry import OUTCOMES


@click.command(epilog="Example: headrace status --watch")
@data_option
@click.option("--metrics", help="Address of a worker's /metrics; default: HEADRACE_METRICS or 127.0.0.1:9464.")
@click.option("--watch", is_flag=True, help="Refresh every second until Ctrl-C.")
def status(data: Path, metrics: str | None, watch: bool) -> None:
    """Show the local stack and a worker: rate, lag, watermark, open windows, readiness.

    Exit code 1 where the worker does not answer or is not ready.
    """
    address = Address.parse(metrics) if metrics else _address(data)
    before = scrape(address)
    with Live(console=Console(), auto_refresh=False) as live:
        while True:
            time.sleep(1)
            now = scrape(address)
            live.update(Group(_stack_line(data), _worker(address, before, now)), refresh=True)
            if not watch:
                break
            before = now
    if now is None or not now.ready:
        raise click.exceptions.Exit(1)


def _address(data: Path) -> Address:
    if stack.find(data) is None:
        return Address.parse(DEFAULT_METRICS)
    return Settings.from_environment(data=data).metrics


def _stack_line(data: Path) -> Text:
    found = stack.find(data)
    if found is None:
        return Text(f"no local stack in {data}")
    return Text("  ".join(f"{part.name} {part.state} on port {part.port}" for part in found.parts))


def _worker(address: Address, before: Metrics | None, now: Metrics | None) -> Text | Group:
    if now is None:
        return Text(f"no worker answers at http://{address}/metrics", style="red")
    rate = now.total("headrace_events_total") - before.total("headrace_events_total") if before else 0.0
    counts = "  ".join(f"{one} {now.total('headrace_events_total', outcome=one):,.0f}" for one in OUTCOMES)
    table = Table("topic", "partition", "lag", "watermark", "open windows")
    for sample in sorted(now.all("headrace_windows_open"), key=lambda one: sorted(one.labels.items())):
        lag = now.total("headrace_consumer_lag", **sample.labels)
        watermark = now.total("headrace_watermark_seconds", **sample.labels)
        seen = f"{datetime.fromtimestamp(watermark, UTC):%Y-%m-%d %H:%M:%S}" if watermark else "-"
        table.add_row(sample.labels["topic"], sample.labels["partition"], f"{lag:,.0f}", seen, f"{sample.value:,.0f}")
    return Group(
        Text("ready", style="green") if now.ready else Text("not ready", style="red"),
        Text(f"{rate:,.0f} events/s  {counts}  lag {now.total('headrace_consumer_lag'):,.0f}"),
        table,
    )
