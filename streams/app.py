"""The Faust app of a worker: one agent per source topic, the source service, and the web port.

Faust gives the app, its agents, channels, services, web server and signals. Its own Kafka consumer and tables stay
off: offsets, windows and checkpoints are this product's, see `docs/ARCHITECTURE.md`.
"""

from typing import Any

import faust
from faust.app.base import BootStrategy as FaustBootStrategy
from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, disable_created_metrics, generate_latest

from schemas.topics import group_id
from streams.pipe import Sockets
from streams.settings import Address, Settings
from streams.source import Delivery, Source
from streams.telemetry import Telemetry
from streams.topology.model import Topology

_CHUNKS_WAITING = 4
_CONTENT_TYPE = CONTENT_TYPE_LATEST.partition("; charset")[0]
"""aiohttp adds the charset itself."""


class _BootStrategy(FaustBootStrategy):
    enable_kafka = False

    def tables(self) -> list[Any]:
        return []


class App(faust.App):
    """A Faust app without Faust's Kafka consumer, producer and tables."""

    BootStrategy = _BootStrategy

    def _create_directories(self) -> None:
        """None: nothing of this app is kept in files."""

    async def on_started_init_extra_services(self) -> None:
        """Let the channels flow: they start suspended, waiting for a consumer that this app does not have."""
        self.flow_control.resume()
        await super().on_started_init_extra_services()


def build(topology: Topology, settings: Settings, metrics: Address, publisher: Sockets, instance: str | None) -> App:
    """The app that runs `topology`; results go to the publisher at the other end of the connection.

    `metrics` is where /metrics and /ready are served; `instance` names this worker across restarts.
    """
    app = App(
        group_id(topology.topology),
        broker=f"kafka://{settings.kafka.split(',')[0]}",
        store="memory://",
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_bind=metrics.host,
        web_host=metrics.host,
        web_port=metrics.port,
        stream_wait_empty=False,
    )
    disable_created_metrics()  # type: ignore[no-untyped-call]
    telemetry = Telemetry(CollectorRegistry(), topology)
    source = Source(topology, settings.client_options(), publisher, telemetry, instance)
    telemetry.ready_if(source.is_ready)
    source.channels = {topic: _agent(app, source, topic) for topic in topology.inputs}
    _pages(app, source, telemetry.registry)

    app.service(source)
    return app


def _agent(app: App, source: Source, topic: str) -> Any:
    channel = app.channel(maxsize=_CHUNKS_WAITING)

    @app.agent(channel, name=topic)
    async def process(deliveries: faust.StreamT[Delivery]) -> None:
        async for delivery in deliveries:
            await source.process(delivery)

    return channel


def _pages(app: App, source: Source, registry: CollectorRegistry) -> None:
    @app.page("/metrics", name="metrics")
    async def metrics(self: View, request: Request) -> Response:
        return self.bytes(generate_latest(registry), content_type=_CONTENT_TYPE)

    @app.page("/ready", name="ready")
    async def ready(self: View, request: Request) -> Response:
        return self.text("ready\n" if source.is_ready() else "not ready\n", status=200 if source.is_ready() else 503)
