"""What a soak prints: a table of what was sampled, and the lines below it."""

from infra.bench.flatness import MEBIBYTE, Finding
from infra.bench.soak import Outcome

COLUMNS = ("sampled", "middle third", "last third", "growth", "allowed", "growth an hour", "greatest", "verdict")

_UNITS = {"memory": ("MiB", MEBIBYTE, 1), "checkpoint": ("KiB", 1024, 1), "lag": ("s", 1, 2)}
"""Unit, its size, and decimals, by what is measured; the others are mean numbers of things."""


def table(outcome: Outcome) -> list[list[str]]:
    """A row for each finding, as in `COLUMNS`."""
    return [_row(finding) for finding in outcome.findings]


def lines(outcome: Outcome) -> list[str]:
    """What the table does not say: the load, readiness, the audit."""
    load, audit = outcome.load, outcome.audit
    ready = f"not in {outcome.not_ready} samples" if outcome.not_ready else "in every sample"
    found = f"{len(audit.failed)} of {audit.equations} do not hold" if audit.failed else "nothing lost, nothing twice"
    return [
        f"load: {load.rate:,.0f} of {outcome.rate:,} events/s held; {load.events:,} events sent, "
        f"{load.left_out:,} left out, {load.behind_seconds:.1f} s behind at worst",
        f"ready after the warm-up: {ready} ({len(outcome.samples)} samples in all)",
        f"audit: {found} ({audit.equations} equations)",
    ]


def _row(finding: Finding) -> list[str]:
    unit, size, decimals = _UNITS.get(finding.name.partition(".")[0], ("", 1, 1))
    numbers = (
        finding.middle, finding.last, finding.growth, finding.allowed, finding.per_hour, finding.most,
    )  # fmt: skip
    return [
        f"{finding.name} {unit}".strip(),
        *(f"{number / size:,.{decimals}f}" for number in numbers),
        "flat" if finding.flat else "GROWS",
    ]
