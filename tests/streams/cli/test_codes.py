"""`headrace codes`, as far as it needs keys alone."""

import base64
import json
from pathlib import Path

import pytest

from streams.cli import main
from streams.compute.codes import KeyRing

RING = KeyRing({"A": b"k" * 32})
CODE = RING.code("88.118.8/TP-1001", 115)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"A:{base64.b64encode(b'k' * 32).decode()}\n", encoding="utf-8")
    monkeypatch.setenv("HEADRACE_CODE_KEYS_FILE", str(file))
    monkeypatch.delenv("HEADRACE_CODE_KEYS", raising=False)


def ran(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["codes", *arguments])
    return int(ended.value.code or 0)


def test_a_genuine_code_is_taken_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("show", CODE.link("shop.example").lower(), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "code": str(CODE),
        "product": "88.118.8/TP-1001",
        "serial": 115,
        "key": "A",
        "link": f"https://id.example.com/{CODE}",
    }
    assert ran("show", str(CODE)) == 0
    assert "serial   115\n" in capsys.readouterr().out


def test_mistyped_and_forged_codes_end_with_1_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    forged = KeyRing({"A": b"x" * 32}).code("88.118.8/TP-1001", 115)
    for text, why in ((str(CODE)[:-1] + "0", "mistyped"), (str(forged), "is forged"), ("nothing", "is no code")):
        assert ran("show", text) == 1
        told = capsys.readouterr().err
        assert why in told
        assert told.count("\n") == 1


def test_without_keys_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("HEADRACE_CODE_KEYS_FILE")
    assert ran("show", str(CODE)) == 1
    assert "set HEADRACE_CODE_KEYS" in capsys.readouterr().err


def test_labels_are_drawn_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "labels"
    arguments = ("label", "--product", "88.118.8/tp-1001", "--first", "114", "--count", "2", "--out", str(out))
    assert ran(*arguments, "--sheet", "roll") == 0
    assert str(CODE) in capsys.readouterr().out
    assert [file.name for file in sorted(out.iterdir())] == ["labels-0001.svg", "labels-0002.svg"]
    assert ran("label", "--product", "TP", "--first", "0", "--out", str(out)) == 1
    assert "--product: 'TP' is no product" in capsys.readouterr().err
    assert (
        ran("label", "--product", "88.118.8/X", "--first", str((1 << 40) - 1), "--count", "2", "--out", str(out)) == 1
    )
    assert "goes beyond" in capsys.readouterr().err
    assert ran("show", str(CODE), "--domain", "https://id.example.com") == 2
    assert "is no host" in capsys.readouterr().err
