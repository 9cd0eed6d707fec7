"""`headrace trace`, as far as it needs no servers."""

import pytest

from schemas.errors import UserError
from sinks.archive.results import Life, LifeEvent, RecallRow, Scans
from streams.cli import main
from streams.cli.trace import _print_life, _print_recall, item_of
from streams.compute.codes import KeyRing

CODE = str(KeyRing({"A": b"k" * 32}).code("88.118.8/TP-1001", 115))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        (f" {CODE.lower()} ", CODE),
        (f"https://shop.example/{CODE}", CODE),
        ("00/069012340000003338", "00/069012340000003338"),
        ("urn:epc:id:sscc:6901234.0000000333", "00/069012340000003338"),
        ("01/6901234567892/10/HEAT7", "01/06901234567892/10/HEAT7"),
        ("https://x.example/01/06901234567892/10/HEAT7?a=1", "01/06901234567892/10/HEAT7"),
        ("01/06901234567892/21/A1", "01/06901234567892/21/A1"),
        ("urn:example:part:1", "urn:example:part:1"),
    ],
)
def test_an_item_is_found_however_somebody_has_written_it(text: str, item: str) -> None:
    assert item_of(text) == item


def test_a_mistyped_code_is_told_and_not_looked_up() -> None:
    with pytest.raises(UserError, match="mistyped"):
        item_of(CODE[:-1] + ("0" if CODE[-1] != "0" else "1"))
    with pytest.raises(UserError, match="is no code"):
        item_of("HEAT7")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "name items, or a --machine"),
        ([CODE, "--machine", "saw-1"], "name items, or a --machine"),
        (["--machine", "saw-1", "--from", "2026-03-04T11:00:00Z"], "name items, or a --machine"),
        ([CODE, "--capture"], "--capture and --reason belong together"),
        ([CODE, "--out", "list.xlsx"], "has to end with .csv or .jsonl"),
    ],
)
def test_a_recall_that_says_too_little_or_too_much_ends_with_one_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["trace", "recall", *arguments])
    told = capsys.readouterr().err
    assert (ended.value.code, told.count("\n")) == (1, 1)
    assert why in told


PLACE = "https://id.example.com/place/kunming-500kv"
BUNDLE = str(KeyRing({"A": b"k" * 32}).code("88.118.8/BUNDLE", 7))


@pytest.mark.parametrize("columns", ["80", "120"])
def test_no_code_or_place_is_cut_where_a_terminal_is_narrow(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shipped = LifeEvent(
        ts=1_795_766_474_000, event="e" * 64, type="TransactionEvent", action="ADD", biz_step="shipping",
        disposition="in_transit", read_point=PLACE, site="", asset="", enterprise="88.118.8", role="epc", via=BUNDLE,
        error=False,
    )  # fmt: skip
    row = RecallRow(
        kind="made", item=CODE, level=1, source="", items=1, pack=BUNDLE, enterprise="88.118.8", ts=shipped.ts,
        biz_step="shipping", disposition="in_transit", read_point=PLACE, biz_location="", used=False, void=False,
    )  # fmt: skip
    scans = Scans(count=0, first=None, last=None)
    _print_life(Life(item=CODE, events=(shipped,), mint=None, voids=(), scans=scans))
    life = capsys.readouterr().out
    _print_recall(iter([row]))
    recall = capsys.readouterr().out
    for whole in (PLACE, BUNDLE):
        assert whole in _column(life, 3)
    for whole, column in ((CODE, 1), (BUNDLE, 1), (PLACE, 3)):
        assert whole in _column(recall, column)


def _column(table: str, number: int) -> str:
    """The text of a column, with the lines of its cells put together again."""
    rows = [line.split("│") for line in table.splitlines() if line.startswith("│")]
    return "".join(row[number].strip() for row in rows)
