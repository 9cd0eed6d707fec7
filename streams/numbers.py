"""Finds and reads the numbers in JSON text, for a whole chunk at once.

A number is found where a `:` (and at most one blank) is followed by a digit or a minus sign. That can also be so within
a string, and what follows the number may be nonsense: whoever uses this must know the text around the numbers, see
`streams.shapes`.

Digits are read eight at a time as one 64-bit word (Lemire 2019, "Number parsing at a gigabyte per second", section 3).
A decimal of up to 15 digits is a quotient of two exact floats and hence correctly rounded (Clinger 1990, "How to read
floating point numbers accurately"); longer ones are left to `float`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.compute.events import Bools, Floats, Index, Ints

PADDING = b"\n" + b" " * 15
"""Has to follow the text: words are read beyond its end."""

_COLON, _BLANK, _MINUS, _DOT, _ZERO, _NINE = b": -.09"
_MOST_WORDS = 3
"""Words of eight digits that are looked at; whatever follows them is none of the number."""
_EXACT_DIGITS = 15
_LONGEST_INTEGER = 18
_POWERS = 10 ** np.arange(19, dtype=np.int64)
_FLOAT_POWERS = 10.0 ** np.arange(19)

_Words = NDArray[np.uint64]
_U = np.uint64
_LOW_NIBBLES, _ASCII_ZEROS = _U(0x0F0F0F0F0F0F0F0F), _U(0x3030303030303030)
_STEPS = (
    (_U(10), _U(8), _U(0x00FF00FF00FF00FF)),
    (_U(100), _U(16), _U(0x0000FFFF0000FFFF)),
    (_U(10_000), _U(32), _U(0x00000000FFFFFFFF)),
)
"""Neighbours are put together: digits to pairs, pairs to fours, fours to eights."""
_SIX_AND_SIGN, _SIGNS = _U(0x7676767676767676), _U(0x8080808080808080)


class Numbers(NamedTuple):
    """The numbers of a text, in order; one entry for each."""

    start: Index
    """Position of the first byte."""
    end: Index
    """Position behind the last byte."""
    value: Floats
    integer: Ints
    """The value where `is_time`."""
    is_time: Bools
    """Whether it is an integer without a sign, of up to 18 digits."""
    is_good: Bools
    """Whether these bytes are a number in JSON's grammar."""


def find(text: bytes) -> Numbers:
    """The numbers of `text`, which ends with `PADDING`."""
    byte = np.frombuffer(text, np.uint8)
    words = np.ndarray((len(text) - 7,), "<u8", text, strides=(1,))  # the word from each byte on
    begin = np.flatnonzero(byte[: -len(PADDING)] == _COLON) + 1
    begin += byte[begin] == _BLANK
    first = byte[begin]
    start = begin[((first >= _ZERO) & (first <= _NINE)) | (first == _MINUS)]
    negative = byte[start] == _MINUS
    digits = start + negative
    whole, mantissa = _digits(words, digits)
    end = digits + whole
    is_good = (whole == 1) | ((whole > 1) & (byte[digits] != _ZERO))
    has_point = byte[end] == _DOT
    is_time = ~(has_point | negative) & (whole <= _LONGEST_INTEGER)
    value = mantissa.astype(np.float64)
    long = whole > _LONGEST_INTEGER
    pointed = np.flatnonzero(has_point)
    if len(pointed):
        places, fraction = _digits(words, end[pointed] + 1)
        end[pointed] += 1 + places
        is_good[pointed] &= places > 0
        exact = whole[pointed] + places <= _EXACT_DIGITS
        long[pointed] = ~exact
        places[~exact] = 0
        value[pointed] = (mantissa[pointed] * _POWERS[places] + fraction) / _FLOAT_POWERS[places]
    value[negative] *= -1.0
    for number in np.flatnonzero(long & is_good).tolist():
        value[number] = float(text[start[number] : end[number]])
    return Numbers(start, end, value, mantissa, is_time, is_good)


def _digits(words: _Words, at: Index) -> tuple[Index, Ints]:
    """How many digits there are from each position on, and their value; it is of no use beyond 18 digits."""
    count, value = _leading(words[at])
    more = np.flatnonzero(count == 8)
    for _ in range(_MOST_WORDS - 1):
        if not len(more):
            break
        next_count, next_value = _leading(words[at[more] + count[more]])
        value[more] = value[more] * _POWERS[next_count] + next_value
        count[more] += next_count
        more = more[next_count == 8]
    return count, value


def _leading(word: _Words) -> tuple[Index, Ints]:
    """How many of the eight bytes of each word are digits before the first other one, and the value of these."""
    distance = word ^ _ASCII_ZEROS  # of a digit: 0 to 9, to which 0x76 can be added without reaching the sign
    others = ((distance + _SIX_AND_SIGN) | distance) & _SIGNS
    count = np.bitwise_count((others & (~others + _U(1))) - _U(1)) >> 3
    # The digits go to the end of the word, as if zeros stood before them (a shift by all 64 bits gives 0).
    shift = (_U(8) - count.astype(np.uint64)) << _U(3)
    value: _Words = (word << shift) & _LOW_NIBBLES
    for factor, width, mask in _STEPS:
        value = (value * factor + (value >> width)) & mask
    return count.astype(np.intp), value.astype(np.int64)
