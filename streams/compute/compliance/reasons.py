"""What a verdict says to people."""

from collections.abc import Mapping
from typing import Any, Final

from streams.compute.compliance.packs import Pack
from streams.compute.compliance.rule import Rule
from streams.compute.compliance.verdict import INSUFFICIENT, Verdict

_PARTS: Final = {"half_hour": "minutes", "hour": "minutes", "day": "hours", "month": "days"}


def explain(verdict: Verdict, rule: Rule, pack: Pack, unit: str, sums: Mapping[str, Any]) -> str:
    """One sentence with the numbers that decided; `sums` are those of the period."""
    if verdict.finding == INSUFFICIENT:
        return _what_lacks(verdict, pack, sums)
    name = verdict.period.replace("_", "-")
    at = f" at {rule.oxygen.reference:g} % oxygen" if rule.oxygen is not None else ""
    less = f", less {verdict.confidence:.4g} for the confidence interval," if verdict.confidence else ""
    beyond = "is above" if verdict.judged > verdict.limit else "is within"
    mean = f"{verdict.corrected:.4g} {unit}".rstrip()
    return f"the mean of the {name}, {mean}{at}{less} {beyond} the limit of {verdict.limit:g} {unit}".rstrip()


def _what_lacks(verdict: Verdict, pack: Pack, sums: Mapping[str, Any]) -> str:
    minutes = verdict.coverage
    if minutes.stopped and not minutes.valid + minutes.invalid + minutes.missing:
        return "the plant did not run"
    gone = f"{minutes.stopped} min stopped, {minutes.invalid} min invalid, {minutes.missing} min missing"
    if pack.quadrants:
        ran = 0b1111 & ~(sums["quadrants_stopped"] & ~sums["quadrants_ran"])
        empty = [str(number + 1) for number in range(4) if (ran & ~sums["quadrants_valid"]) >> number & 1]
        if not empty:
            return f"the plant ran in no quarter of the hour: {gone}"
        return f"no valid minute in quarter {' and '.join(empty)} of the hour: {gone}"
    if verdict.period == "day" and pack.discarded is not None:
        not_valid = verdict.required - verdict.parts + pack.discarded
        if verdict.parts:
            return f"{not_valid} half-hours are not valid although the plant ran, {pack.discarded} may be: {gone}"
        return f"no valid half-hour: {gone}"
    return f"{verdict.parts} valid {_PARTS[verdict.period]}, {verdict.required} are needed: {gone}"
