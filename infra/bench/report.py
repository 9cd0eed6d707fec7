"""What the benchmarks print and keep: tables on the screen, JSON, and Markdown such as `RESULTS.md`, a section for each
benchmark."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from infra.bench import machine

RESULTS = Path(__file__).with_name("RESULTS.md")

_HEAD = """\
# Results of the benchmarks

Written by `headrace bench windows|latency|scale --record`; every section says what it ran on.
"""


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is text, the others are numbers."""
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=not place)
    for row in rows:
        table.add_row(*row)
    Console(width=None if Console().is_terminal else 200).print(table)


def save_json(file: Path, benchmark: str, results: object, ran_on: Mapping[str, str] | None = None) -> None:
    """Write results with the description of the machine."""
    document = {"benchmark": benchmark, "machine": ran_on or machine.describe(), "results": results}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def record(
    section: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: str,
    file: Path = RESULTS,
    ran_on: Mapping[str, str] | None = None,
    head: str = _HEAD,
) -> None:
    """Put a section below the `head` of a file in the place of the one of the same name; others stay."""
    if ran_on is None:
        ran_on = machine.describe()
    told = "".join(f"- {name}: {value}\n" for name, value in ran_on.items())
    lines = ["| " + " | ".join(columns) + " |", "|---" + "|---:" * (len(columns) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    text = f"## {section}\n\n{notes.strip()}\n\n" + "\n".join(lines) + f"\n\n{told}".rstrip("\n") + "\n"
    sections = _sections(file.read_text() if file.exists() else "")
    sections[section] = text
    file.write_text("\n".join([head, *sections.values()]))


def _sections(text: str) -> dict[str, str]:
    """The sections of a file by their names."""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0][3:]: part.rstrip("\n") + "\n" for part in parts}
