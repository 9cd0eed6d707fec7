"""The table of a history again, with what the detectors found beside each row."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Final

from schemas.errors import UserError
from streams.backtest.history import History
from streams.backtest.judge import Finding
from streams.backtest.run import Outcome

COLUMNS: Final = ("flag", "detector", "reason", "anomaly_score")


def write(history: History, outcome: Outcome, file: Path) -> int:
    """Write all columns of every row as they stand, then COLUMNS; returns the number of rows.

    A row with several flags has the names and reasons of all of them, the highest score first. UserError for a table
    that has one of the columns already, and where the file cannot be written.
    """
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for finding in outcome.findings:
        by_row[finding.row].append(finding)
    rows = history.table()
    header = next(rows)
    if taken := [column for column in COLUMNS if column in header]:
        raise UserError(f"{history.name} has a column {taken[0]} already: is it the result of a backtest?")
    number = -1
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([*header, *COLUMNS])
            for number, row in enumerate(rows):
                found = sorted(by_row.get(number, ()), key=lambda finding: -finding.flag.score)
                names = "; ".join(dict.fromkeys(finding.detector for finding in found))
                reasons = "; ".join(map(_reason, found))
                writer.writerow([*row, int(bool(found)), names, reasons, outcome.scores.get(number, 0.0)])
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from None
    return number + 1


def _reason(finding: Finding) -> str:
    return f"{finding.key.asset}/{finding.key.metric}: {finding.flag.reason}"
