"""`headrace codes`: the codes of items."""

import re
from pathlib import Path
from typing import Final

import click
import msgspec

from schemas.codes import SERIALS, parse, parse_product
from schemas.errors import CodeError, UserError
from streams.compute.codes import KeyRing
from streams.settings import code_keys_of

_MOST_LABELS: Final = 10_000
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*")


def _check_domain(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not _HOST.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no host, or host and path", ctx, param)
    return value


_domain = click.option(
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
@_domain
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
@_domain
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


def _product(text: str) -> str:
    try:
        return parse_product(text)
    except CodeError as error:
        raise UserError(f"--product: {error}") from None


def _serials(first: int, count: int) -> range:
    if first + count > SERIALS:
        raise UserError(f"serials end at {SERIALS - 1}: --first {first} --count {count} goes beyond")
    return range(first, first + count)
