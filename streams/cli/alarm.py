"""`headrace alarm`: what stands, and what an operator does about it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.alarm_actions import LONGEST_REASON, Action, AlarmAction
from schemas.codec import encode
from schemas.durations import Duration
from schemas.errors import UserError
from schemas.events import LONGEST_NAME
from schemas.topics import ALARM_ACTIONS
from streams.cli.operator import clickhouse, login_name, send
from streams.cli.options import Seconds, data_option, load_topology, topology_option
from streams.settings import Settings
from streams.topology.model import Topology

_STANDING: Final = """
SELECT
    alarm, name, site, asset, metric, priority, state, active = 1, toUnixTimestamp64Milli(raised_at), `limit`,
    transition, toUnixTimestamp64Milli(ts), `by`, reason, toUnixTimestamp64Milli(until)
FROM headrace.alarms_standing WHERE topology = %(topology)s
ORDER BY indexOf(['critical', 'high', 'medium', 'low'], priority), raised_at DESC, alarm
"""
_STYLES: Final = {"critical": "red", "high": "yellow"}
_id = click.argument("alarm_id", metavar="ALARM_ID")


class Standing(msgspec.Struct, frozen=True):
    """An alarm that is not normal, as `list --json` prints it. Times are epoch milliseconds, UTC."""

    alarm: str
    name: str
    site: str
    asset: str
    metric: str
    priority: str
    state: str
    active: bool
    raised_at: int | None
    limit: float | None
    transition: str
    ts: int
    by: str
    reason: str
    until: int | None


class _Known(NamedTuple):
    name: str
    site: str
    asset: str


def _operator_options(command: Callable[..., None]) -> Callable[..., None]:
    """What every action has."""
    for option in (
        data_option,
        topology_option,
        click.option("--reason", required=True, help="Why; it is in the alarm's history."),
        click.option("--by", help="Who; default: the login name."),
    ):
        command = option(command)
    return command


@click.group()
def alarm() -> None:
    """Look at standing alarms, acknowledge them, and put them on a shelf for a while.

    An action is a message on the topic alarm.actions. It is carried out when a worker reads it: `headrace alarm list`
    shows what came of it. One that does not fit the alarm's state by then is a dead letter (`headrace dlq list`).
    """


@alarm.command("list", epilog="Example: headrace alarm list --topology infra/topologies/tower_plant.yaml")
@topology_option
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def show(topology_file: Path | None, data: Path, as_json: bool) -> None:
    """Show the alarms of a topology that are not normal, the most urgent first."""
    settings = Settings.from_environment(data=data)
    topology = _topology(topology_file, settings)
    with clickhouse(settings, "alarms") as client:
        rows = client.execute(_STANDING, {"topology": topology.topology})
    found = [
        msgspec.convert(dict(zip(Standing.__struct_fields__, row, strict=True)), Standing, strict=False) for row in rows
    ]
    if as_json:
        click.echo(msgspec.json.encode({"topology": topology.topology, "alarms": found}).decode())
    else:
        _print_alarms(topology.topology, found)


@alarm.command(epilog="Example: headrace alarm ack 0123456789abcdef01234567 --reason 'reagent valve reopened'")
@_id
@_operator_options
def ack(alarm_id: str, by: str | None, reason: str, topology_file: Path | None, data: Path) -> None:
    """Acknowledge an alarm: somebody has seen it and acts. `headrace alarm list` shows the ids.

    An alarm whose condition has gone off is normal afterwards, a latching one, too.
    """
    _send("acknowledge", alarm_id, by, reason, topology_file, data)


@alarm.command(epilog="Example: headrace alarm shelve 0123456789abcdef01234567 --for 30m --reason 'probe is cleaned'")
@_id
@click.option("--for", "seconds", type=Seconds(), required=True, help="How long, such as 30m; the topology has a most.")
@_operator_options
def shelve(alarm_id: str, seconds: float, by: str | None, reason: str, topology_file: Path | None, data: Path) -> None:
    """Take an alarm out of sight for a while. Afterwards it is what its condition then says."""
    _send("shelve", alarm_id, by, reason, topology_file, data, Duration(int(seconds * 1000)))


@alarm.command(epilog="Example: headrace alarm unshelve 0123456789abcdef01234567 --reason 'probe is clean'")
@_id
@_operator_options
def unshelve(alarm_id: str, by: str | None, reason: str, topology_file: Path | None, data: Path) -> None:
    """Bring an alarm back from the shelf before its time."""
    _send("unshelve", alarm_id, by, reason, topology_file, data)


def _send(
    word: Action,
    alarm_id: str,
    by: str | None,
    reason: str,
    topology_file: Path | None,
    data: Path,
    shelf: Duration | None = None,
) -> None:
    settings = Settings.from_environment(data=data)
    topology = _topology(topology_file, settings)
    by = by or login_name()
    if not reason or len(reason) > LONGEST_REASON or len(by) > LONGEST_NAME:
        raise UserError(f"--reason takes 1 to {LONGEST_REASON} characters, --by at most {LONGEST_NAME}")
    if shelf is not None and shelf > topology.alarm_system.longest_shelf:
        raise UserError(f"--for {shelf} is too long: the longest shelf is {topology.alarm_system.longest_shelf}")
    known = _look_up(settings, topology.topology, alarm_id)
    action = AlarmAction(word, topology.topology, alarm_id, by, reason, None if shelf is None else int(shelf))
    send(settings, ALARM_ACTIONS.name, f"{known.site}/{known.asset}", encode(action))
    click.echo(f"{word} sent for {known.name} of {known.site}/{known.asset}, by {by}")


def _topology(file: Path | None, settings: Settings) -> Topology:
    topology = load_topology(file, settings)
    if not topology.alarms:
        raise UserError(f"topology {topology.topology} declares no alarms")
    return topology


def _look_up(settings: Settings, topology: str, alarm_id: str) -> _Known:
    """The alarm's name and what makes up its key."""
    with clickhouse(settings, "alarms") as client:
        rows = client.execute(
            "SELECT name, site, asset FROM headrace.alarms WHERE topology = %(topology)s AND alarm = %(alarm)s LIMIT 1",
            {"topology": topology, "alarm": alarm_id},
        )
    if not rows:
        raise UserError(f"no alarm {alarm_id} of {topology} has ever come on: `headrace alarm list` shows the ids")
    return _Known(*rows[0])


def _print_alarms(topology: str, found: Sequence[Standing]) -> None:
    console = Console(highlight=False)
    if found:
        table = Table("alarm", "what", "last", show_lines=True)
        table.columns[0].no_wrap = True  # the id is there to be copied
        for one in found:
            condition = "on" if one.active else "off"
            head = f"{one.alarm}\n{one.priority}\n{one.state}\ncondition {condition}"
            last = f"{one.transition} by {one.by} {_time(one.ts)}\n{one.reason}"
            table.add_row(
                Text(head, _STYLES.get(one.priority, "")),
                _text(f"{one.name}\n{one.site}/{one.asset}\n{one.metric}\nraised {_time(one.raised_at)}"),
                _text(last if one.until is None else f"{last}\nuntil {_time(one.until)}"),
            )
        console.print(table)
    console.print(f"{len(found):,} alarms of {topology} are not normal; times are UTC")


def _text(text: str) -> Text:
    """Text and not markup: names and reasons may hold anything."""
    return Text("\n".join("".join(sign if sign.isprintable() else "·" for sign in line) for line in text.split("\n")))


def _time(ms: int | None) -> str:
    return "" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
