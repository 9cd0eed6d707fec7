"""Scans JSON text for events and the numbers in them, many records at once, in one pass over the bytes.

A number is found where a `:` outside a string (and at most one blank) is followed by a digit or a minus sign; what
follows it may be nonsense. The text of an event without its numbers is its skeleton. Whoever uses this must know what
the skeleton means, see `streams.shapes`.

Words of eight bytes are looked at as one 64-bit integer where that is possible: for the end of a string (Mycroft's test
for a zero byte) and for digits (Lemire 2019, "Number parsing at a gigabyte per second", section 3). A decimal of up to
15 digits is a quotient of two exact floats and hence correctly rounded (Clinger 1990, "How to read floating point
numbers accurately"); longer ones are left to `float`.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from streams.compute.compiled import Bytes, Words, compiled
from streams.compute.events import Bools, Floats, Index, Ints
from streams.slices import Slices

DEEPEST: Final = 64
"""Levels of arrays and objects in an event that is looked at; deeper ones the strict decoder may refuse."""

_QUOTE, _BACKSLASH, _COLON, _COMMA, _MINUS, _DOT, _ZERO, _NINE = b'"\\:,-.09'
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = b"{}[]"
_BLANK, _TAB, _LINE_FEED, _RETURN = b" \t\n\r"
_U = np.uint64
_ONES, _HIGH = _U(0x0101010101010101), _U(0x8080808080808080)
_QUOTES, _BACKSLASHES = _U(0x2222222222222222), _U(0x5C5C5C5C5C5C5C5C)
_HIGH_NIBBLES, _SIXES, _THREES = _U(0xF0F0F0F0F0F0F0F0), _U(0x0606060606060606), _U(0x3333333333333333)
_LOW_NIBBLES, _PAIRS, _FOURS, _EIGHTS = (
    _U(0x0F0F0F0F0F0F0F0F), _U(0x00FF00FF00FF00FF), _U(0x0000FFFF0000FFFF), _U(0x00000000FFFFFFFF),
)  # fmt: skip
_TEN, _HUNDRED, _TEN_THOUSAND = _U(10), _U(100), _U(10_000)
_8, _16, _32 = _U(8), _U(16), _U(32)
_EXACT_DIGITS = 15
_LONGEST_INTEGER = 18
_MOST_DIGITS = 24
_FLOAT_POWERS = 10.0 ** np.arange(_EXACT_DIGITS + 1)

_BAD, _GOOD, _LONG, _TIME = 0, 1, 2, 3
"""Of a number: not JSON's grammar; a value; a value that `float` has to read; an integer that can be a time, too."""


class Scan(NamedTuple):
    """What was found. Up to `numbers` an entry for each event, then one for each number, both in order."""

    record: Index
    first: Index
    """Its first number."""
    start: Index
    """Where in `skeletons` its skeleton begins, in words."""
    length: Index
    """Of its skeleton, in bytes."""
    numbers: Index
    """How many numbers it has."""
    value: Floats
    integer: Ints
    """The value where `is_time`."""
    is_time: Bools
    """Whether it is an integer without a sign, of up to 18 digits."""
    is_good: Bools
    """Whether these bytes are a number in JSON's grammar."""
    skeletons: Words
    """Each event's text with a 0 in place of each number, filled up with zero bytes to whole words."""
    is_whole: Bools
    """Of each record: whether it is one event, or a frame of events, and nothing else."""


def scan(records: Slices) -> Scan:
    """The events of these records."""
    text, begin, end = records.text, records.begin, records.end
    byte = np.frombuffer(text, np.uint8)
    events = int(np.count_nonzero(byte == _OPEN))
    numbers = int(np.count_nonzero(byte == _COLON))
    skeletons = np.empty(len(text) // 8 + 2 * events + 2, np.uint64)
    record, first, start, length, count = np.empty((5, events + 1), np.intp)
    value, integer = np.empty(numbers + 1, np.float64), np.empty(numbers + 1, np.int64)
    kind, at = np.empty(numbers + 1, np.uint8), np.empty((2, numbers + 1), np.intp)
    is_whole = np.zeros(len(begin), np.bool_)
    events, numbers = _scan(
        byte, begin, end, skeletons.view(np.uint8),
        record, first, start, length, count, value, integer, kind, at, is_whole,
    )  # fmt: skip
    kind = kind[:numbers]
    for number in np.flatnonzero(kind == _LONG).tolist():
        value[number] = float(text[at[0, number] : at[1, number]])
    return Scan(
        record[:events], first[:events], start[:events], length[:events], count[:events],
        value[:numbers], integer[:numbers], kind == _TIME, kind != _BAD, skeletons, is_whole,
    )  # fmt: skip


@compiled
def _scan(
    byte: Bytes, begin: Index, end: Index, kept: Bytes,
    record: Index, first: Index, start: Index, length: Index, count: Index,
    value: Floats, integer: Ints, kind: Bytes, number_at: Index, is_whole: Bools,
) -> tuple[int, int]:  # fmt: skip
    """Fills the columns; how many events and numbers there are. One piece: a call for each event costs a fifth more."""
    events = numbers = 0
    free = 0  # of `kept`
    for which in range(len(begin)):
        at, stop = begin[which], end[which]
        at = _blank(byte, at, stop)
        is_frame = at < stop and byte[at] == _OPEN_LIST
        if is_frame:
            at = _blank(byte, at + 1, stop)
        is_good = True
        while True:
            if at >= stop or byte[at] != _OPEN:
                is_good = False
                break
            to = free
            first[events] = numbers
            depth = 0
            while at < stop:
                one = byte[at]
                kept[to] = one
                at += 1
                to += 1
                if one == _QUOTE:
                    at, to = _string(byte, at, stop, kept, to)
                elif one == _COLON:
                    if byte[at] == _BLANK:
                        kept[to] = _BLANK
                        at += 1
                        to += 1
                    if byte[at] == _MINUS or _ZERO <= byte[at] <= _NINE:
                        number_at[0, numbers] = at
                        at, value[numbers], integer[numbers], kind[numbers] = _number(byte, at)
                        number_at[1, numbers] = at
                        kept[to] = _ZERO
                        to += 1
                        numbers += 1
                elif one in (_OPEN, _OPEN_LIST):
                    depth += 1
                    if depth > DEEPEST:
                        break
                elif one in (_CLOSE, _CLOSE_LIST):
                    depth -= 1
                    if depth == 0:
                        break
            if depth != 0:
                is_good = False
                break
            record[events] = which
            start[events] = free >> 3
            length[events] = to - free
            count[events] = numbers - first[events]
            events += 1
            while to & 7:
                kept[to] = 0
                to += 1
            free = to
            at = _blank(byte, at, stop)
            if not is_frame or at >= stop or byte[at] != _COMMA:
                break
            at = _blank(byte, at + 1, stop)
        if is_good and is_frame:
            is_good = at < stop and byte[at] == _CLOSE_LIST
            at = _blank(byte, at + 1, stop)
        is_whole[which] = is_good and at == stop
    return events, numbers


@compiled
def _blank(byte: Bytes, at: int, stop: int) -> int:
    """The first position from `at` on that is no white space."""
    while at < stop and byte[at] in (_BLANK, _LINE_FEED, _RETURN, _TAB):
        at += 1
    return at


@compiled
def _string(byte: Bytes, at: int, stop: int, kept: Bytes, to: int) -> tuple[int, int]:
    """Copy a string from behind its opening quote to behind its closing one."""
    while at < stop:
        word = _load_word(byte, at)
        _store_word(kept, to, word)
        quote, backslash = word ^ _QUOTES, word ^ _BACKSLASHES
        found = (((quote - _ONES) & ~quote) | ((backslash - _ONES) & ~backslash)) & _HIGH
        if found == _U(0):
            at += 8
            to += 8
            continue
        more = (_trailing_zeros(found) >> 3) + 1
        at += more
        to += more
        if byte[at - 1] == _QUOTE:
            break
        kept[to] = byte[at]  # what is escaped
        at += 1
        to += 1
    return at, to


@compiled
def _number(byte: Bytes, at: int) -> tuple[int, float, np.int64, int]:
    """Where the number at `at` ends, its value, the same as an integer where it can be a time, and its kind."""
    is_negative = byte[at] == _MINUS
    if is_negative:
        at += 1
    digits = at
    at, mantissa = _digits(byte, at, np.int64(0))
    whole = at - digits
    kind = _TIME
    if whole == 0 or (whole > 1 and byte[digits] == _ZERO) or whole > _MOST_DIGITS:
        kind = _BAD
    elif is_negative:
        kind = _GOOD
    integer = mantissa
    number = float(-mantissa if is_negative else mantissa)  # as integers: -0 is 0
    is_long = whole > _LONGEST_INTEGER
    if byte[at] == _DOT:
        fraction = at + 1
        at, mantissa = _digits(byte, fraction, mantissa)
        places = at - fraction
        if places == 0 or places > _MOST_DIGITS:
            kind = _BAD
        elif kind == _TIME:
            kind = _GOOD
        is_long = whole + places > _EXACT_DIGITS
        if not is_long:
            number = mantissa / _FLOAT_POWERS[places]
            if is_negative:
                number = -number
    if is_long and kind != _BAD:
        kind = _LONG
    return at, number, integer, kind


@compiled
def _digits(byte: Bytes, at: int, value: np.int64) -> tuple[int, np.int64]:
    """Where the digits from `at` on end, and they as a number behind the digits of `value`."""
    word = _load_word(byte, at)
    while ((word & _HIGH_NIBBLES) | (((word + _SIXES) & _HIGH_NIBBLES) >> _U(4))) == _THREES:
        word = word & _LOW_NIBBLES
        word = (word * _TEN + (word >> _8)) & _PAIRS
        word = (word * _HUNDRED + (word >> _16)) & _FOURS
        word = (word * _TEN_THOUSAND + (word >> _32)) & _EIGHTS
        value = value * 100_000_000 + np.int64(word)
        at += 8
        word = _load_word(byte, at)
    while _ZERO <= byte[at] <= _NINE:
        value = value * 10 + (np.int64(byte[at]) - 48)
        at += 1
    return at, value


def _instruction(declaration: Any) -> Any:
    """What Python has no word for; for compiled functions alone."""
    return intrinsic(declaration)


def _word_at(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), context.get_value_type(types.uint64).as_pointer())


def _load(typing: Any, array: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_word_at(context, builder, signature, args), align=1)

    return types.uint64(array, types.intp), code


def _store(typing: Any, array: Any, at: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _word_at(context, builder, signature, args), align=1)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.uint64), code


def _count(typing: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, 1))

    return types.int64(types.uint64), code


_load_word: Callable[[Bytes, int], np.uint64] = _instruction(_load)
"""The eight bytes of an array from a position on, the first one lowest (on machines that are little-endian)."""
_store_word: Callable[[Bytes, int, np.uint64], None] = _instruction(_store)
"""Write eight bytes at a position of an array."""
_trailing_zeros: Callable[[np.uint64], int] = _instruction(_count)
"""How many bits below the lowest 1 of a word, which must not be 0."""
