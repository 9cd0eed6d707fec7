"""Compiles the loops that touch every byte or every event.

Numba turns a function over arrays into machine code when it is first called and keeps that in `__pycache__`; where that
cannot be written, in the user's cache. What is kept is good until the function's file changes. So what it uses, other
functions and constants, must not come from another file of ours.

Arithmetic is C's: integers wrap around, and no index is looked at. So what is compiled sees to its bounds itself.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """The same function as machine code. Its arguments are arrays and numbers, of the same types in every call."""
    try:
        fast: _Function = njit(function, cache=True, error_model="numpy")
    except RuntimeError:  # no folder can be written: compiled anew in every process
        fast = njit(function, error_model="numpy")
    return fast
