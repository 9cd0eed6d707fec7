"""`headrace codes`: the codes of items."""

import re
import time
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from clickhouse_driver import Client

from schemas.alarm_actions import LONGEST_REASON
from schemas.codec import encode
from schemas.codes import SERIALS, parse, parse_product
from schemas.errors import CodeError, UserError
from schemas.events import LONGEST_NAME
from schemas.topics import TRACE_EVENTS
from schemas.trace import Mint, Span, Void
from streams.cli.operator import clickhouse, login_name, send
from streams.cli.options import data_option, load_topology, topology_option
from streams.compute.codes import KeyRing
from streams.settings import Settings, code_keys_of
from streams.topology.model import Topology

_MOST_LABELS: Final = 10_000
_PATIENCE: Final = 15.0
_LOOK_AGAIN: Final = 0.1
_NEXT: Final = """
SELECT if(count() = 0, 0, max(last) + 1) FROM headrace.code_ranges
WHERE topology = %(topology)s AND product = %(product)s
"""
_MINTED: Final = """
SELECT 1 FROM headrace.code_ranges
WHERE topology = %(topology)s AND product = %(product)s AND first = %(first)s AND last = %(last)s
    AND toUnixTimestamp64Milli(ts) = %(ts)s
"""
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*")


def _check_domain(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not _HOST.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no host, or host and path", ctx, param)
    return value


domain_option = click.option(
    "--domain",
    envvar="HEADRACE_CODE_DOMAIN",
    default="id.example.com",
    show_default=True,
    callback=_check_domain,
    help="Host of the resolver, with a path if it has one.",
)


@click.group()
def codes() -> None:
    """Codes of items: one item, one code that nobody can guess.

    The keys are in HEADRACE_CODE_KEYS or the file that HEADRACE_CODE_KEYS_FILE names.
    """


@codes.command(epilog="Example: headrace codes show 88.118.8/TP-1001/0000003KABPVQXMQGCV3")
@click.argument("text", metavar="CODE")
@domain_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def show(text: str, domain: str, as_json: bool) -> None:
    """Take a code apart, in its text or URI form, and say whether it is genuine.

    Exit code 1 for one that is not: mistyped (told without a key), or forged, or made with a key that is not here.
    """
    keys = KeyRing.parse(code_keys_of())
    try:
        code = parse(text)
    except CodeError as error:
        raise UserError(str(error)) from None
    if not keys.verify(code):
        raise UserError(f"{code} is forged, or was made with a key that is not in HEADRACE_CODE_KEYS")
    about = {"code": str(code), "product": code.product, "serial": code.serial, "key": code.key}
    about["link"] = code.link(domain)
    if as_json:
        click.echo(msgspec.json.encode(about).decode())
    else:
        for name, value in about.items():
            click.echo(f"{name:8} {value}")


@codes.command(
    epilog="Example: headrace codes label --product 88.118.8/TP-1001 --first 0 --count 24 --out labels --sheet a4"
)
@click.option("--product", required=True, help="Such as 88.118.8/TP-1001, or a GTIN.")
@click.option("--first", type=click.IntRange(0, SERIALS - 1), required=True, help="First serial.")
@click.option("--count", type=click.IntRange(1, _MOST_LABELS), default=1, show_default=True, help="How many.")
@click.option("--key", help="Id of the key of the range; default: the newest.")
@domain_option
@click.option("--sheet", type=click.Choice(["a4", "roll"]), default="a4", show_default=True, help="Paper.")
@click.option("--format", "kind", type=click.Choice(["svg", "png"]), default="svg", show_default=True, help="Files.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the pages.")
def label(product: str, first: int, count: int, key: str | None, domain: str, sheet: str, kind: str, out: Path) -> None:
    """Draw labels: QR symbol and text, 24 on a page of A4 (4 x 6), or one on each page of a roll (50 x 50 mm)."""
    from streams import labels  # takes a while

    keys = KeyRing.parse(code_keys_of())
    found = list(keys.codes(_product(product), _serials(first, count), key or keys.newest))
    try:
        files = labels.write_sheets(found, domain, labels.SHEETS[sheet], "png" if kind == "png" else "svg", out)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{len(found):,} labels, {found[0]} to {found[-1]}, on {len(files)} pages in {out}")


@codes.command(epilog="Example: headrace codes mint --product 88.118.8/TP-1001 --count 1000000")
@click.option("--product", required=True, help="Such as 88.118.8/TP-1001, or a GTIN.")
@click.option("--count", type=click.IntRange(1, SERIALS), required=True, help="How many.")
@click.option("--first", type=click.IntRange(0, SERIALS - 1), help="First serial; default: behind the last one.")
@click.option("--key", help="Id of the key to make them with; default: the newest.")
@topology_option
@data_option
def mint(product: str, count: int, first: int | None, key: str | None, topology_file: Path | None, data: Path) -> None:
    """Give out codes for a product: one message, however many. Waits until they are archived.

    Without --first the last serial is looked up in ClickHouse.
    """
    keys = KeyRing.parse(code_keys_of())
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    product = _product(product)
    enterprise = _enterprise(topology, product)
    with clickhouse(settings, "codes") as client:
        asked = {"topology": topology.topology, "product": product}
        if first is None:
            [(first,)] = client.execute(_NEXT, asked)
        serials = _serials(first, count)
        used = (keys.code(product, first) if key is None else next(keys.codes(product, serials, key))).key
        message = Mint(enterprise=enterprise, ts=_now(), product=product, first=first, count=count, key=used)
        send(settings, TRACE_EVENTS.name, enterprise, encode(message))
        if not _archived(client, _MINTED, {**asked, "first": first, "last": serials[-1], "ts": message.ts}):
            raise UserError(
                f"sent, and not archived within {_PATIENCE:.0f} s: either no worker runs, or it was refused "
                "(headrace dlq list)"
            )
    click.echo(f"{count:,} codes of {product} minted, serials {first} to {serials[-1]}, key {used}")


@codes.command(epilog="Example: headrace codes void 88.118.8/TP-1001/0000003KABPVQXMQGCV3 --reason 'label torn'")
@click.argument("texts", nargs=-1, metavar="[CODE]...")
@click.option("--product", help="Void a range of this product, in place of single codes.")
@click.option("--first", type=click.IntRange(0, SERIALS - 1), help="First serial of the range.")
@click.option("--count", type=click.IntRange(1, SERIALS), help="How many.")
@click.option("--by", help="Who says so; default: the login name.")
@click.option("--reason", required=True, help="Why; whoever scans such a code may be told.")
@topology_option
@data_option
def void(
    texts: tuple[str, ...],
    product: str | None,
    first: int | None,
    count: int | None,
    by: str | None,
    reason: str,
    topology_file: Path | None,
    data: Path,
) -> None:
    """Say that codes are worth nothing from now on: lost, stolen, misprinted. There is no way back.

    It is carried out when a worker reads it; what was never minted is a dead letter (`headrace dlq list`).
    """
    by = by or login_name()
    if not 0 < len(reason) <= LONGEST_REASON or len(by) > LONGEST_NAME:
        raise UserError(f"--reason takes 1 to {LONGEST_REASON} characters, --by at most {LONGEST_NAME}")
    of_range = [one is not None for one in (product, first, count)]
    if bool(texts) == any(of_range) or any(of_range) != all(of_range):
        raise UserError("name codes, or a range with --product, --first and --count")
    spans: dict[str, list[Span]] = {}
    if product is not None and first is not None and count is not None:
        spans[_product(product)] = [Span(first, len(_serials(first, count)))]
    for text in texts:
        try:
            code = parse(text)
        except CodeError as error:
            raise UserError(str(error)) from None
        spans.setdefault(code.product, []).append(Span(code.serial, 1))
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    for name, some in spans.items():
        enterprise = _enterprise(topology, name)
        message = Void(enterprise=enterprise, ts=_now(), product=name, spans=tuple(some), reason=reason, by=by)
        send(settings, TRACE_EVENTS.name, enterprise, encode(message))
    total = sum(span.count for some in spans.values() for span in some)
    click.echo(f"{total:,} codes sent to be voided, by {by}")


def _enterprise(topology: Topology, product: str) -> str:
    """Prefix of the enterprise that a topology lets mint codes for a product."""
    for enterprise in topology.trace.enterprises if topology.trace else ():
        if enterprise.makes(product):
            return enterprise.prefix
    raise UserError(f"topology {topology.topology} declares no enterprise that makes {product}")


def _archived(client: Client, query: str, parameters: dict[str, Any]) -> bool:
    """Whether a row that was asked for comes within a while."""
    until = time.monotonic() + _PATIENCE
    while not client.execute(query, parameters):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_AGAIN)
    return True


def _now() -> int:
    return int(time.time() * 1000)


def _product(text: str) -> str:
    try:
        return parse_product(text)
    except CodeError as error:
        raise UserError(f"--product: {error}") from None


def _serials(first: int, count: int) -> range:
    if first + count > SERIALS:
        raise UserError(f"serials end at {SERIALS - 1}: --first {first} --count {count} goes beyond")
    return range(first, first + count)
