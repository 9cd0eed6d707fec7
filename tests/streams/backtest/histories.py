"""Small histories for the tests of the backtest."""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from streams.backtest.history import FileHistory, plain_mapping
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.robust_z import RobustZ

SPIKE = RobustZ(name="spike", metrics=("*",), window=5)
HIGH = Limit(name="high", metrics=("*",), high=50.0)


def time(second: int) -> str:
    return f"2024-01-01 00:{second // 60:02}:{second % 60:02}"


def spiky(size: int = 20, spike: int = 12) -> list[list[str]]:
    """Rows of a value that goes up and down a little and once a lot."""
    return [[time(n), "99.5" if n == spike else str(10 + n % 3)] for n in range(size)]


def write_csv(file: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = ("timestamp", "value")) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(",".join(map(str, row)) for row in (header, *rows)) + "\n")
    return file


def plain(file: Path) -> FileHistory:
    """The history of a file without a topology."""
    return FileHistory(file, PurePath(file.name), plain_mapping(file, None, (), "iso"), "")
