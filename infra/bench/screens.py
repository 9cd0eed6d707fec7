"""`headrace bench screens`: what browsers at the plant's screen cost the pipeline.

The simulated plant sends at a steady rate, with nobody looking and with many, in turns. What the pipeline's processes
use is read from /proc, so that whatever else runs on the machine weighs little on it.
"""

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import httpx
import socketio

from infra.bench.arena import Arena, Progress, arena
from infra.bench.control import TOPOLOGY
from infra.bench.measure import Gauge
from infra.bench.metrics import Metrics
from infra.bench.worker import PROJECT, Worker, free_address, stop
from schemas.errors import UserError

ROUNDS: Final = 2
_READY_SECONDS: Final = 120.0
_WARM_UP_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Outcome:
    """One turn. CPU in seconds per second of the run."""

    browsers: int
    events: int
    seconds: float
    worker: float
    """Of the worker and its publisher."""
    servers: float
    """Of Kafka and ClickHouse."""
    screen: float
    """Of the screen's own process; 0 where there is none."""
    latency: float
    """Mean time of an event from Kafka to the sinks, seconds."""


def run(browsers: int, rate: int, seconds: float, progress: Progress) -> list[Outcome]:
    """Take turns: nobody, then `browsers` of them. Raises UserError where a part fails."""
    outcomes = []
    with arena(progress) as place:
        file = place.apply("tower_plant", TOPOLOGY.read_text())
        with Worker(place, file, "worker") as worker:
            worker.wait_for("readiness", lambda metrics: metrics.get("headrace_ready") == 1.0, _READY_SECONDS)
            for count in (0, browsers) * ROUNDS:
                outcomes.append(_turn(place, worker, str(file), count, rate, seconds))
                progress(f"{count} browsers: {outcomes[-1].worker:.2f} CPUs of the worker")
    return outcomes


def _turn(place: Arena, worker: Worker, file: str, browsers: int, rate: int, seconds: float) -> Outcome:
    simulate = [
        "simulate", "--topology", file, "--rate", str(rate), "--duration", f"{seconds + _WARM_UP_SECONDS:g}s",
    ]  # fmt: skip
    with ExitStack() as started:
        pids = {"worker": worker.process.pid, **{part.name: part.pid or 0 for part in place.stack.parts}}
        if browsers:
            process, address = started.enter_context(_screen(place, file))
            pids["screen"] = process.pid
            started.enter_context(_visitors(address, browsers))
        plant = started.enter_context(_program(place, simulate))
        time.sleep(_WARM_UP_SECONDS)
        gauges = {name: started.enter_context(Gauge(pid)) for name, pid in pids.items()}
        before, begin = worker.metrics(), time.time()
        plant.wait()
        after, end = worker.metrics(), time.time()
        used = {name: (gauge.cpu_until(end) - gauge.cpu_until(begin)) / (end - begin) for name, gauge in gauges.items()}
    return Outcome(
        browsers=browsers,
        events=int(after["headrace_events_total"] - before["headrace_events_total"]),
        seconds=end - begin,
        worker=used.pop("worker"),
        screen=used.pop("screen", 0.0),
        servers=sum(used.values()),
        latency=_mean_latency(before, after),
    )


def _mean_latency(before: Metrics, after: Metrics) -> float:
    name = "headrace_event_latency_seconds"
    count = after.get(f"{name}_count", 0.0) - before.get(f"{name}_count", 0.0)
    return (after.get(f"{name}_sum", 0.0) - before.get(f"{name}_sum", 0.0)) / max(count, 1.0)


@contextmanager
def _program(place: Arena, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A verb of headrace, while it runs."""
    with (place.folder / f"{arguments[0]}.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", *arguments], env=place.environment, cwd=PROJECT,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process
    finally:
        stop(process)


@contextmanager
def _screen(place: Arena, file: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The screen, when it answers, and its address."""
    address = free_address()
    with _program(place, ["screen", "--topology", file, "--address", address]) as process:
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise UserError("the screen does not answer")
            time.sleep(0.2)
        yield process, address


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/").is_success
    except httpx.TransportError:
        return False


@contextmanager
def _visitors(address: str, browsers: int) -> Iterator[None]:
    """So many browsers, as far as the screen can tell: each loads the page, and takes what its web socket brings."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        clients = asyncio.run_coroutine_threadsafe(_visit(address, browsers), loop).result()
        yield
        asyncio.run_coroutine_threadsafe(_leave(clients), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _visit(address: str, browsers: int) -> list[socketio.AsyncClient]:
    clients = []
    async with httpx.AsyncClient() as http:
        for _ in range(browsers):
            page = (await http.get(f"http://{address}/")).text
            found = re.search(r"'client_id': '([\w-]+)'", page)
            if found is None:
                raise UserError("the screen's page has no client id")
            client = socketio.AsyncClient()
            query = f"client_id={found[1]}&next_message_id=0&tab_id={uuid4()}&document_id={uuid4()}"
            await client.connect(
                f"http://{address}?{query}&implicit_handshake=true",
                transports=["websocket"],
                socketio_path="/_nicegui_ws/socket.io",
            )
            clients.append(client)
    return clients


async def _leave(clients: Sequence[socketio.AsyncClient]) -> None:
    for client in clients:
        await client.disconnect()
