"""A real browser, and the screen's process, for tests."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, sync_playwright

from infra.local.ports import free_ports
from streams.settings import Address
from tests.end_to_end.plant import Plant

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screens"
WALL = (1920, 1080)
PHONE = (390, 844)
_CHROMIUM = ROOT / ".tools" / "chromium"
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_LARGE = ".huge, .factor-figure, .count-figure"
_Result = TypeVar("_Result")


def aside(work: Callable[[], _Result]) -> _Result:
    """Do what runs an event loop of its own: Playwright's occupies this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


class ScreenProcess:
    """`headrace screen`, running."""

    def __init__(self, plant: Plant, *arguments: str, address: Address | None = None) -> None:
        self.address = address or Address("127.0.0.1", next(free_ports()))
        self.log = plant.folder / "screen.log"
        environment = {**plant.environment}
        environment.pop("PYTEST_CURRENT_TEST", None)  # by which NiceGUI takes itself to be under test
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams", "screen", "--address", str(self.address), *arguments],
                env=environment, stdout=subprocess.PIPE, stderr=output, text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line != f"screen at http://{self.address}\n":
            self.kill()
            raise AssertionError(f"{line}{self.log.read_text()[-3000:]}")

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.address}/"

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self._process.kill()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Visitor:
    """A browser that notes which hosts it asks, and what goes wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        context.set_default_timeout(120_000)  # for what hangs: the machine may be busy
        context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def open(self, url: str) -> Page:
        """Open the page, and wait until it shows how old the data is."""
        page = self._context.new_page()
        page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))
        page.goto(url)
        page.wait_for_selector("body[data-freshness]")
        return page


@contextmanager
def browser(size: tuple[int, int] = WALL, language: str = "en") -> Iterator[Visitor]:
    """A browser window of a size in pixels."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale=language)
        try:
            yield Visitor(context)
        finally:
            context.close()
            chromium.close()


def figures(page: Page) -> dict[str, str]:
    """What the page shows, by name of the figure."""
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-figure]')]"
        ".map(element => [element.dataset.figure, element.textContent.trim()]))"
    )
    return found


def fill(page: Page, figure: str) -> None:
    """Have all large figures of the page be the same one."""
    page.evaluate(f"document.querySelectorAll('{_LARGE}').forEach(it => {{ it.textContent = '{figure}' }})")


def cut_off(page: Page) -> list[str]:
    """Figures that do not fit into their places, or push others out of their panels."""
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll('{_LARGE}')]"
        ".filter(figure => figure.scrollWidth > figure.clientWidth).map(figure => figure.dataset.figure)"
    )
    return found + overflowing(page)


def overflowing(page: Page) -> list[str]:
    """Panels whose content does not fit into them."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.panel, .panel .body')]"
        ".filter(panel => panel.scrollHeight > panel.clientHeight + 1 || panel.scrollWidth > panel.clientWidth + 1)"
        ".map(panel => panel.closest('.panel').dataset.panel)"
    )
    return found
