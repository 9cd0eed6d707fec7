"""Sheets of labels: of each code its QR symbol with the text below, as SVG or PNG.

Imported where something is drawn: matplotlib takes a while.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import matplotlib as mpl
import numpy as np
import segno
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D

from schemas.codes import Code

Format = Literal["svg", "png"]


class Sheet(NamedTuple):
    """How labels lie on a page; mm."""

    width: float
    height: float
    columns: int
    rows: int


SHEETS: Final = {"a4": Sheet(210, 297, 4, 6), "roll": Sheet(50, 50, 1, 1)}
"""`roll` is for label printers: a page is one label."""

_ERROR_CORRECTION: Final = "h"
"""Reads with 30 % of the symbol gone: tags on metal are scratched, painted over, galvanised."""
_QUIET: Final = 4
"""White modules round a symbol (ISO/IEC 18004)."""
_DOTS_PER_MM: Final = 12
_POINTS_PER_MM: Final = 72 / 25.4
_MARGIN: Final = 2.0
_LINE: Final = 3.0
"""From line to line of the text, mm."""
_WIDTH_OF_LETTER: Final = 0.62
"""Of the font's size."""


def write_sheets(codes: Sequence[Code], domain: str, sheet: Sheet, kind: Format, folder: Path) -> list[Path]:
    """Write the pages `labels-0001.<kind>` and so on into a folder, and name them. The same codes are the same bytes.

    OSError where a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    each, files = sheet.columns * sheet.rows, []
    dots_per_inch = _DOTS_PER_MM * 25.4
    for number, first in enumerate(range(0, len(codes), each), 1):
        figure = Figure((sheet.width / 25.4, sheet.height / 25.4), dpi=dots_per_inch)
        for place, code in enumerate(codes[first : first + each]):
            _draw(figure, code, domain, sheet, place)
        file = folder / f"labels-{number:04}.{kind}"
        with mpl.rc_context({"svg.hashsalt": "headrace"}):
            figure.savefig(file, metadata={"Date": None} if kind == "svg" else None)
        files.append(file)
    return files


def symbol(code: Code, domain: str) -> segno.QRCode:
    """The QR symbol of a code's URI.

    Scheme and host are in capitals, which mean the same (RFC 3986, 6.2.2.1) and let the symbol be a third smaller:
    all of it then is in QR's alphanumeric mode.
    """
    host, slash, path = domain.partition("/")
    return segno.make_qr(f"HTTPS://{host.upper()}{slash}{path}/{code}", error=_ERROR_CORRECTION, boost_error=False)


def _draw(figure: Figure, code: Code, domain: str, sheet: Sheet, place: int) -> None:
    """One label. Lengths are mm, from the page's lower left corner."""
    row, column = divmod(place, sheet.columns)
    width, height = sheet.width / sheet.columns, sheet.height / sheet.rows
    middle, bottom = (column + 0.5) * width, sheet.height - (row + 1) * height + _MARGIN
    lines = (" ".join(code.tail[at : at + 5] for at in range(0, len(code.tail), 5)), code.product)
    in_mm = Affine2D().scale(1 / sheet.width, 1 / sheet.height) + figure.transFigure
    for number, line in enumerate(lines):
        size = min(_LINE * 0.8, (width - 2 * _MARGIN) / len(line) / _WIDTH_OF_LETTER) * _POINTS_PER_MM
        y = bottom + number * _LINE
        figure.text(middle, y, line, transform=in_mm, ha="center", family="monospace", fontsize=size)
    dark = np.array([list(line) for line in symbol(code, domain).matrix], bool)
    room = min(width - 2 * _MARGIN, height - 2 * _MARGIN - len(lines) * _LINE)
    module = _in_dots(room / (len(dark) + 2 * _QUIET))  # whole dots: edges stay sharp
    left = _in_dots(middle - module * len(dark) / 2)
    top = _in_dots(bottom + len(lines) * _LINE + module * (_QUIET + len(dark)))
    squares = _squares(dark, left, top, module)
    figure.add_artist(PathPatch(squares, transform=in_mm, facecolor="black", linewidth=0, antialiased=False))


def _in_dots(length: float) -> float:
    """The length rounded down to whole dots, mm."""
    return int(length * _DOTS_PER_MM) / _DOTS_PER_MM


def _squares(dark: np.ndarray[tuple[int, int], np.dtype[np.bool_]], left: float, top: float, module: float) -> Outline:
    """The dark modules, one rectangle for each run of a row."""
    edges = np.diff(np.pad(dark, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (rows, begins), (_, ends) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    x0, x1, y1 = left + begins * module, left + ends * module, top - rows * module
    y0 = y1 - module
    corners = np.stack([x0, y0, x1, y0, x1, y1, x0, y1, x0, y0], axis=1).reshape(-1, 2)
    kinds = np.tile([Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY], len(rows))
    return Outline(corners, kinds)
