"""`headrace trace`, as far as it needs no servers."""

import pytest

from schemas.errors import UserError
from streams.cli import main
from streams.cli.trace import item_of
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
