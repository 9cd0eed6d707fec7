"""Correlation matrices of many assets at once: estimated with shrinkage, inverted, reduced.

Arrays are [assets, columns, columns] of at most 16 columns, symmetric to the last bit. All sums are made column by
column in a fixed order and never by BLAS, whose order depends on the shape: so the numbers of one asset are the same
whichever others are beside it, and columns that are not used, being zero, change nothing.
"""

from typing import Final

import numpy as np

from streams.compute.detectors.base import BoolArray, FloatArray, IntArray

_LEAST: Final = 1e-200
"""Sums of squares below this are rounding: that of a metric which does not vary, or whose unit is absurd."""


def varies(products: FloatArray) -> BoolArray:
    """Which columns vary at all, bool[n, d], by the sums of products of deviations, float64[n, d, d]."""
    used: BoolArray = diagonal(products) > _LEAST
    return used


def diagonal(matrices: FloatArray) -> FloatArray:
    """The diagonal of each, [n, d], to be read."""
    return np.diagonal(matrices, axis1=1, axis2=2)


def shrunk(products: FloatArray, count: IntArray) -> FloatArray:
    """Correlations of `count` int64[n] observations, shrunk towards none; a column that does not vary has none.

    Every correlation is multiplied by 1 - s. s = sum of Var(r) / sum of r² over all pairs is the estimate of Schäfer
    and Strimmer (2005), Statistical Applications in Genetics and Molecular Biology 4(1), 32, target D, with the large-
    sample variance (1 - r²)² / (count - 1) of a correlation of normal values, so that nothing but the products is
    kept. s is at least 1 / count: no combination of metrics is believed to be more exact than that, not even of two
    metrics that are one, and every eigenvalue of the result is at least s.
    """
    used = varies(products)
    spread = np.sqrt(np.where(used, diagonal(products), 1.0))
    r: FloatArray = products / (spread[:, :, None] * spread[:, None, :])
    r[~(used[:, :, None] & used[:, None, :])] = 0.0
    squares, variances = np.zeros(len(r)), np.zeros(len(r))
    for i in range(r.shape[1]):
        for j in range(i):
            square = r[:, i, j] ** 2
            squares += square
            variances += np.where(used[:, i] & used[:, j], (1 - square) ** 2, 0.0)
    intensity = variances / ((count - 1) * np.where(squares > 0, squares, 1.0))
    intensity = np.where(squares > 0, np.clip(intensity, 1 / count, 1.0), 1.0)
    r *= 1 - intensity[:, None, None]
    own = np.arange(r.shape[1])
    r[:, own, own] = 1.0
    return r


def inverse(matrix: FloatArray) -> FloatArray:
    """The inverse of positive definite matrices, by the sweep operator (Goodnight 1979, American Statistician 33)."""
    swept: FloatArray = matrix.copy()
    for k in range(matrix.shape[1]):
        column, pivot = swept[:, k].copy(), swept[:, k, k, None].copy()
        swept -= column[:, :, None] * column[:, None, :] / pivot[:, :, None]
        swept[:, k] = swept[:, :, k] = column / pivot
        swept[:, k, k] = -1 / pivot[:, 0]
    return -swept


def without(precision: FloatArray, left_out: BoolArray) -> FloatArray:
    """Inverses of the correlations of the remaining columns, from inverses of those of all.

    `left_out` bool[n, d]. What stands in the rows and columns that are left out has no meaning.
    """
    reduced = precision.copy()
    for k in range(precision.shape[1]):
        rows = left_out[:, k].nonzero()[0]
        if rows.size:
            column, pivot = reduced[rows, k], reduced[rows, k, k, None]
            reduced[rows] -= column[:, :, None] * column[:, None, :] / pivot[:, :, None]
    return reduced
