"""`headrace dlq`: what could not be accepted, and its way back after a fix."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import topics
from schemas.errors import UserError
from schemas.events import Reason, Scope
from schemas.results import DeadLetter
from streams import dead_letters
from streams.cli.feeding import run_until_signal
from streams.cli.options import Seconds, data_option, load_topology, topology_option
from streams.dead_letters import Group, Outcome
from streams.letter_replay import LetterReplay, Report
from streams.log_lookup import LogLookup
from streams.settings import Settings
from streams.topology.apply import admin_client

_UNREADABLE: Final = (Reason.EMPTY, Reason.TOO_LARGE, Reason.MALFORMED)
"""Reasons for which a whole record is refused."""
_SHOWN: Final = 160
"""Characters of a sample's payload."""
_MEANINGS: Final = {
    Outcome.GONE: "the source topic no longer holds the record, and a dead letter has only its beginning",
    Outcome.REFUSED_AGAIN: "the topology does not take it now; an unreadable record goes only if --reason names why",
    Outcome.NOT_REPLAYABLE: "`more` stands for refusals that were not listed; or the topology lacks the source",
}

T = TypeVar("T")
_topic = click.option(
    "--topic",
    type=click.Choice([topic.name for topic in topics.TOPICS.values() if topic.direction == "in"]),
    help="Only those of this source topic.",
)
_reason = click.option(
    "--reason", type=click.Choice([reason.value for reason in Reason]), metavar="REASON",
    help="Only those for this reason, such as unknown_asset.",
)  # fmt: skip


@click.group()
def dlq() -> None:
    """Look at dead letters, and send back what was refused once the cause is mended."""


@dlq.command("list", epilog="Example: headrace dlq list --topology infra/topologies/tower_plant.yaml --since 24h")
@topology_option
@data_option
@_topic
@_reason
@click.option("--since", type=Seconds(), help="Only records that came in the last 24h, say.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def show(
    topology_file: Path | None, data: Path, topic: str | None, reason: str | None, since: float | None, as_json: bool
) -> None:
    """Count the dead letters of a topology by source topic and reason, with a sample of each.

    They are read from the topic dead.letters, which keeps them as long as the topology's results; ClickHouse has them
    in headrace.dead_letters for a year.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings).topology
    earliest = 0.0 if since is None else (time.time() - since) * 1000

    async def count(log: LogLookup) -> list[Group]:
        wanted = _selected(dead_letters.letters(log, topology), topic, reason)
        return await dead_letters.groups(letter async for letter in wanted if letter.ts >= earliest)

    found = _read(settings, count)
    if as_json:
        click.echo(msgspec.json.encode({"topology": topology, "groups": found}).decode())
    else:
        _print_groups(topology, found)


@dlq.command("replay", epilog="Example: headrace dlq replay --topology plant.yaml --reason unknown_asset --dry-run")
@topology_option
@data_option
@_topic
@_reason
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
def replay(topology_file: Path | None, data: Path, topic: str | None, reason: str | None, dry_run: bool) -> None:
    """Send back what was refused, each exactly once, after a fix: an asset was declared, a limit was changed.

    What the topology takes now is fetched from its source topic and sent there again, to the same partition and under
    the same key. Only the refused part is sent: of a frame the refused events, of an event the refused fields; the rest
    was accepted. What was sent is remembered, so that it is safe to run this again, also after it was killed.

    Let the workers have the new topology first. To them these are records like any other: a reading that is older by
    now than its window's lateness is late. Other topologies that read the same source topic read them, too.

    Left out and counted: what the topology would refuse again; records that the source topic no longer holds; letters
    with the reason `more`. Records that could not be read at all are sent only if --reason names it (empty, too_large,
    malformed).
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)

    async def read(log: LogLookup) -> list[DeadLetter]:
        found = _selected(dead_letters.letters(log, topology.topology), topic, reason)
        return [msgspec.structs.replace(letter, payload="", detail="") async for letter in found]

    letters = _read(settings, read)
    work = LetterReplay(settings.client_options(), topology, whole_records=reason in _UNREADABLE, dry_run=dry_run)
    try:
        complete = run_until_signal(work.run(letters))
    finally:
        _print_report(work.report, dry_run)
    if not complete:
        raise SystemExit(130)


def _read(settings: Settings, look: Callable[[LogLookup], Coroutine[Any, Any, T]]) -> T:
    options = settings.client_options()

    async def run() -> T:
        async with LogLookup(options) as log:
            return await look(log)

    with admin_client(options):  # says in one line where Kafka does not answer
        pass
    try:
        return asyncio.run(run())
    except KafkaError as error:
        raise UserError(f"the dead letters cannot be read: {error}") from None


async def _selected(
    found: AsyncIterator[DeadLetter], topic: str | None, reason: str | None
) -> AsyncIterator[DeadLetter]:
    async for letter in found:
        if topic in (None, letter.topic) and reason in (None, letter.reason):
            yield letter


def _print_groups(topology: str, found: Sequence[Group]) -> None:
    console = Console(highlight=False)
    if found:
        table = Table("topic, reason", "letters", "first, last (UTC)", "the last one", show_lines=True)
        for group in found:
            scopes = "".join(f"\n{group.scopes[scope]:,} {scope}" for scope in Scope if group.scopes[scope])
            table.add_row(
                f"{group.topic}\n{group.reason}", f"{group.count:,}{scopes}",
                f"{_time(group.first)}\n{_time(group.last)}", _sample(group.sample),
            )  # fmt: skip
        console.print(table)
    console.print(f"{sum(group.count for group in found):,} dead letters of {topology}")


def _sample(letter: DeadLetter) -> Text:
    """Text and not markup: what was refused may hold anything."""
    place = f"{letter.topic}/{letter.partition}/{letter.offset}" + (f" [{letter.index}]" if letter.index else "")
    payload = letter.payload if len(letter.payload) <= _SHOWN else f"{letter.payload[:_SHOWN]}…"
    lines = (f"{place}: {letter.detail}", payload)
    return Text("\n".join("".join(sign if sign.isprintable() else "·" for sign in line) for line in lines))


def _print_report(report: Report, dry_run: bool) -> None:
    console = Console(highlight=False)
    outcomes = [outcome for outcome in Outcome if any(key[2] == outcome for key in report.letters)]
    if report.letters:
        titles = ("to replay" if dry_run and outcome == Outcome.REPLAYED else outcome for outcome in outcomes)
        table = Table("topic", "reason", *titles)
        for topic, reason in sorted({key[:2] for key in report.letters}):
            table.add_row(topic, reason, *(f"{report.letters[topic, reason, outcome]:,}" for outcome in outcomes))
        console.print(table)
    for outcome in outcomes:
        if outcome in _MEANINGS:
            console.print(f"{outcome}: {_MEANINGS[outcome]}", soft_wrap=True)
    replayed = sum(count for (_, _, outcome), count in report.letters.items() if outcome == Outcome.REPLAYED)
    sent = "would be sent (dry run)" if dry_run else "sent"
    console.print(f"{report.messages:,} messages {sent} for {replayed:,} of {report.letters.total():,} dead letters")


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
