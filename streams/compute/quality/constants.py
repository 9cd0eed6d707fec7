"""Factors of the range of normal samples, by sample size: d2 = E(R) / sigma and d3 = SD(R) / sigma.

To three decimals, as they are printed (Montgomery, Introduction to Statistical Quality Control, appendix VI; ASTM
E2587, table 1), so that charts come out as in books: A2 = 3 / (d2 sqrt(n)), D3 = max(0, 1 - 3 d3 / d2),
D4 = 1 + 3 d3 / d2. d3 of two has a fourth: with 0.853, D4 would be 3.269, which books have as 3.267.
"""

from typing import Final

LARGEST: Final = 25
D2: Final = dict(enumerate((
    1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078, 3.173, 3.258, 3.336,
    3.407, 3.472, 3.532, 3.588, 3.640, 3.689, 3.735, 3.778, 3.819, 3.858, 3.895, 3.931,
), 2))  # fmt: skip
D3: Final = dict(enumerate((
    0.8525, 0.888, 0.880, 0.864, 0.848, 0.833, 0.820, 0.808, 0.797, 0.787, 0.778, 0.770,
    0.763, 0.756, 0.750, 0.744, 0.739, 0.734, 0.729, 0.724, 0.720, 0.716, 0.712, 0.708,
), 2))  # fmt: skip
"""d3, the standard deviation; not the factor D3 of the lower limit."""
