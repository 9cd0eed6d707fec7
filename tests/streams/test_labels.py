"""Labels: what is on the paper is the symbol of the code."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from streams.compute.codes import KeyRing
from streams.labels import SHEETS, symbol, write_sheets

RING = KeyRing({"A": b"k" * 32})
CODES = list(RING.codes("88.118.8/TP-1001", range(30), "A"))
DOMAIN = "id.example.com"


def test_a_symbol_is_in_the_alphanumeric_mode_at_level_h() -> None:
    for code in (CODES[0], RING.code("01/06901234567892", 5)):
        drawn = symbol(code, DOMAIN)
        assert (drawn.mode, drawn.error) == ("alphanumeric", "H")
    assert symbol(CODES[0], "id.example.com/Codes").mode == "byte", "paths are not the same in capitals"


def test_the_pixels_are_the_modules_of_the_symbol(tmp_path: Path) -> None:
    [file] = write_sheets(CODES[:1], DOMAIN, SHEETS["roll"], "png", tmp_path)
    dark = imread(file)[..., 0] < 0.5
    modules = np.array([list(line) for line in symbol(CODES[0], DOMAIN).matrix], bool)
    top = int(np.argmax(dark.any(axis=1)))
    left = int(np.argmax(dark[top]))  # a finder's corner
    pitch = int(np.argmin(dark[top, left:])) // 7
    centres = (np.arange(len(modules)) * pitch + pitch // 2).astype(int)
    assert pitch >= 8
    np.testing.assert_array_equal(dark[np.ix_(top + centres, left + centres)], modules)
    np.testing.assert_array_equal(dark[top : top + pitch * 7, left : left + pitch].all(), True)


def test_the_text_is_below_the_symbol_and_the_page_has_its_size(tmp_path: Path) -> None:
    [file] = write_sheets(CODES[:1], DOMAIN, SHEETS["roll"], "svg", tmp_path)
    drawn = file.read_text(encoding="utf-8")
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', drawn)
    assert size is not None
    assert [float(one) * 25.4 / 72 for one in size.groups()] == pytest.approx([50, 50], abs=0.1)
    tail = " ".join(CODES[0].tail[at : at + 5] for at in range(0, 20, 5))
    assert f"<!-- {tail} -->" in drawn
    assert "<!-- 88.118.8/TP-1001 -->" in drawn


def test_thirty_labels_take_two_pages_and_are_the_same_bytes_again(tmp_path: Path) -> None:
    once = write_sheets(CODES, DOMAIN, SHEETS["a4"], "svg", tmp_path / "once")
    again = write_sheets(CODES, DOMAIN, SHEETS["a4"], "svg", tmp_path / "again")
    assert [file.name for file in once] == ["labels-0001.svg", "labels-0002.svg"]
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
