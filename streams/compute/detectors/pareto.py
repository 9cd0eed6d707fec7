"""The generalised Pareto distribution: what lies beyond a high quantile, whatever the distribution below it is."""

import math
from typing import Final, NamedTuple

import numpy as np

from streams.compute.detectors.base import FloatArray

_LN10: Final = math.log(10)
_LEAST_MEAN: Final = 1e-3
_SHAPES: Final = (1e-3, 0.5)
"""From all but exponential, where the formulas would divide by 0, to a variance that is just not infinite."""


class Pareto(NamedTuple):
    """Distributions of excesses, arrays of the same shape.

    Source: Pickands (1975), Annals of Statistics 3(1), 119-131; moments: Hosking and Wallis (1987), Technometrics
    29(3), 339-349.
    """

    shape: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray) -> "Pareto":
        """By the method of moments: `first` the mean of the excesses, `second` the mean of their squares."""
        ratio = first * first / np.maximum(second - first * first, 1e-9)
        shape = np.clip(0.5 * (1 - ratio), *_SHAPES)
        return cls(shape, np.maximum(first, _LEAST_MEAN) * (1 - shape))

    def surprise(self, excess: FloatArray) -> FloatArray:
        """-log10 of the probability of a larger excess."""
        return np.log1p(self.shape * excess / self.scale) / self.shape / _LN10

    def excess(self, surprise: float) -> FloatArray:
        """The inverse of `surprise`."""
        return np.expm1(self.shape * (_LN10 * surprise)) / self.shape * self.scale
