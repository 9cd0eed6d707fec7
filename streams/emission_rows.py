"""What the rules have found, as columns for the sink."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from schemas import identifiers
from sinks.base import Rows
from streams.compute.compliance.compliance import Outcome
from streams.compute.compliance.rule import Rule
from streams.names import Names, coded
from streams.topology.model import Topology


def rows_of(judged: Outcome, topology: Topology, names: Names) -> Iterator[tuple[str, Rows]]:
    """Table and columns of verdicts, headroom and emitted masses, without those that say where they come from."""
    rules = topology.compliance.rules
    if judged.verdicts:
        yield "compliance", _verdicts(judged, rules, names)
    if judged.headroom:
        yield "headroom", _headroom(judged, rules, names)
    if judged.masses:
        yield "emitted_mass", _masses(judged, rules, names)


def _verdicts(judged: Outcome, rules: Sequence[Rule], names: Names) -> Rows:
    found = judged.verdicts
    declared = [rules[verdict.rule] for verdict in found]
    coverage = [verdict.coverage for verdict in found]
    return {
        "id": [
            _id(names, "compliance", rule, verdict.series, verdict.start, verdict.period)
            for verdict, rule in zip(found, declared, strict=True)
        ],
        "rule": coded([rule.name for rule in declared]),
        "pack": coded([rule.pack for rule in declared]),
        "pack_version": coded([rule.rules().version for rule in declared]),
        "standard": coded([rule.standard for rule in declared]),
        "period": coded([verdict.period for verdict in found]),
        "period_start": _whole(verdict.start for verdict in found),
        "period_end": _whole(verdict.end for verdict in found),
        **names.columns(_whole(verdict.series for verdict in found)),
        "verdict": coded([verdict.finding for verdict in found]),
        "reason": [verdict.reason for verdict in found],
        "raw_mean": _real(verdict.raw for verdict in found),
        "oxygen_mean": _real(verdict.oxygen for verdict in found),
        "oxygen_reference": _real(rule.oxygen.reference if rule.oxygen else np.nan for rule in declared),
        "corrected_mean": _real(verdict.corrected for verdict in found),
        "confidence": _real(verdict.confidence for verdict in found),
        "judged_mean": _real(verdict.judged for verdict in found),
        "limit": _real(verdict.limit for verdict in found),
        "valid_minutes": _count(minutes.valid for minutes in coverage),
        "stopped_minutes": _count(minutes.stopped for minutes in coverage),
        "invalid_minutes": _count(minutes.invalid for minutes in coverage),
        "missing_minutes": _count(minutes.missing for minutes in coverage),
        "valid_parts": _count(verdict.parts for verdict in found),
        "required_parts": _count(verdict.required for verdict in found),
        "first_offset": _whole(verdict.first_offset for verdict in found),
        "offset": _whole(verdict.offset for verdict in found),
    }


def _headroom(judged: Outcome, rules: Sequence[Rule], names: Names) -> Rows:
    found = judged.headroom
    return {
        "id": [_id(names, "headroom", rules[row.rule], row.series, row.ts) for row in found],
        "rule": coded([rules[row.rule].name for row in found]),
        "ts": _whole(row.ts for row in found),
        "period_start": _whole(row.start for row in found),
        "period_end": _whole(row.end for row in found),
        **names.columns(_whole(row.series for row in found)),
        "valid_minutes": _count(row.valid_minutes for row in found),
        "remaining_minutes": _count(row.remaining_minutes for row in found),
        "mean": _real(row.mean for row in found),
        "projected_mean": _real(row.projected for row in found),
        "allowed_mean": _real(row.allowed for row in found),
        "limit": _real(row.limit for row in found),
    }


def _masses(judged: Outcome, rules: Sequence[Rule], names: Names) -> Rows:
    found = judged.masses
    return {
        "id": [_id(names, "emitted_mass", rules[mass.rule], mass.series, mass.start) for mass in found],
        "rule": coded([rules[mass.rule].name for mass in found]),
        "hour_start": _whole(mass.start for mass in found),
        **names.columns(_whole(mass.series for mass in found)),
        "mass": _real(mass.kg for mass in found),
        "method": coded([mass.method for mass in found]),
        "capture": _real(mass.capture for mass in found),
        "valid_minutes": _count(mass.valid_minutes for mass in found),
        "stopped_minutes": _count(mass.stopped_minutes for mass in found),
        "gap_hours": _count(mass.gap_hours for mass in found),
    }


def _id(names: Names, kind: str, rule: Rule, series: int, start: int, period: str = "") -> str:
    return identifiers.at(names.id_prefixes(f"{kind} {period}".rstrip(), rule.name)[series], start)


def _whole(numbers: Iterator[int]) -> Any:
    return np.fromiter(numbers, np.int64)


def _count(numbers: Iterator[int]) -> Any:
    return np.fromiter(numbers, np.uint32)


def _real(numbers: Iterator[float]) -> Any:
    return np.fromiter(numbers, np.float64)
