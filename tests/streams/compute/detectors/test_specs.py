"""Impossible settings are refused when a declaration is made, and the message says what is allowed."""

from typing import Any

import msgspec
import pytest

from schemas.durations import decode_hook
from streams.compute.detectors.registry import DetectorSpec

BASE: dict[str, Any] = {"name": "d", "metrics": ["*"]}

IMPOSSIBLE = [
    ({"kind": "range", "metrics": []}, "at least one metric"),
    ({"kind": "range", "assets": []}, "at least one asset"),
    ({"kind": "range", "name": "two words"}, "name"),
    ({"kind": "range", "severity": "bad"}, "severity"),
    ({"kind": "range", "report": "sometimes"}, "report"),
    ({"kind": "range", "low": 2, "high": 2}, "low 2 must be below high 2"),
    ({"kind": "range", "high": float("inf")}, "high must be a number of at most 1e\\+100, not inf"),
    ({"kind": "range", "low": float("nan")}, "low must be a number of at most 1e\\+100, not nan"),
    ({"kind": "limit"}, "high, low or both"),
    ({"kind": "limit", "low": 3, "high": 1}, "low 3 must be below high 1"),
    ({"kind": "limit", "high": 1, "deadband": -1}, "deadband -1 must be 0 or more"),
    ({"kind": "limit", "low": 0, "high": 1, "deadband": 1}, "deadband 1 must be less than high - low"),
    ({"kind": "limit", "high": 1, "on_delay": "soon"}, "write a whole number and a unit"),
    ({"kind": "rate"}, "limit"),
    ({"kind": "rate", "limit": 0}, "limit 0 must be greater than 0"),
    ({"kind": "rate", "limit": 1, "per": "day"}, "day"),
    ({"kind": "stuck", "duration": "0s"}, "duration must be longer than 0"),
    ({"kind": "stuck", "duration": "1s", "points": 1}, "points 1 must be 2 or more"),
    ({"kind": "stuck", "duration": "1s", "tolerance": -0.5}, "tolerance -0.5 must be 0 or more"),
    ({"kind": "missing", "timeout": "0ms"}, "timeout must be longer than 0"),
    ({"kind": "ewma", "lambda": 0}, "lambda 0 must be 0.001 to 1"),
    ({"kind": "ewma", "lambda": 1.5}, "lambda 1.5 must be 0.001 to 1"),
    ({"kind": "ewma", "lambda": float("nan")}, "lambda must be a number"),
    ({"kind": "ewma", "L": -3}, "L -3 must be greater than 0"),
    ({"kind": "ewma", "sigma": 0}, "sigma 0 must be greater than 0"),
    ({"kind": "ewma", "warmup": 1}, "warmup 1 must be 2 to 1000000"),
    ({"kind": "cusum", "k": -0.5}, "k -0.5 must be 0 or more"),
    ({"kind": "cusum", "h": 0}, "h 0 must be greater than 0"),
    ({"kind": "robust_z", "window": 2}, "window 2 must be 3 to 1000"),
    ({"kind": "robust_z", "threshold": 0}, "threshold 0 must be greater than 0"),
    ({"kind": "robust_z", "min_scale": -1}, "min_scale -1 must be 0 or more"),
    ({"kind": "tail", "threshold": 0}, "threshold 0 must be greater than 0"),
    ({"kind": "tail", "warmup": 15}, "warmup 15 must be 16 to 1000000 points"),
    ({"kind": "tail", "hold": -1}, "hold -1 must be 0 to 1000000 points"),
    ({"kind": "tail", "min_scale": -1}, "min_scale -1 must be 0 or more"),
    ({"kind": "missing", "timeout": "1s", "reset_after": ["maintenance"]}, "reset_after is not for missing"),
    ({"kind": "missing", "timeout": "1s", "budget": 1}, "budget is not for missing"),
    ({"kind": "range", "budget": 0}, "budget 0 must be 0.001 to 1000000 flags a day"),
    ({"kind": "range", "reset_after": ["maintenance", ""]}, "must not name an empty state"),
    ({"kind": "mewma", "lambda": 0}, "lambda 0 must be 0.001 to 1"),
    ({"kind": "mewma", "alpha": 0}, "alpha 0 must be 1e-15 or more and less than 1"),
    ({"kind": "mewma", "alpha": 1}, "alpha 1 must be 1e-15 or more and less than 1"),
    ({"kind": "mewma", "warmup": 1}, "warmup 1 must be 2 to 100000"),
    ({"kind": "mewma", "hold": 60}, "write a whole number and a unit"),
    ({"kind": "novelty", "threshold": 0}, "threshold 0 must be greater than 0"),
    ({"kind": "novelty", "blocks": []}, "blocks \\[\\] must be one to four different lengths"),
    ({"kind": "novelty", "blocks": [7, 7]}, "blocks \\[7, 7\\] must be one to four different lengths"),
    ({"kind": "novelty", "blocks": [7, 0]}, "blocks \\[7, 0\\] must be 1 to 10000 points"),
    ({"kind": "novelty", "window": 33}, "window 33 must be 1 to 32"),
    ({"kind": "novelty", "warmup": 111}, "warmup 111 must be 112 \\(two windows\\)"),
    ({"kind": "novelty", "hold": -1}, "hold -1 must be 0 to 1000000"),
    ({"kind": "magic"}, "magic"),
]


@pytest.mark.parametrize(("settings", "message"), IMPOSSIBLE, ids=lambda case: str(case))
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(BASE | settings, DetectorSpec, dec_hook=decode_hook)


def test_settings_are_named_as_the_literature_names_them() -> None:
    settings = {"kind": "ewma", "lambda": 0.3, "L": 2.7, "target": 50, "sigma": 2}
    spec = msgspec.convert(BASE | settings, DetectorSpec, dec_hook=decode_hook)
    assert (spec.weight, spec.width) == (0.3, 2.7)
