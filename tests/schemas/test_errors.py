"""The tree drawn at the head of `schemas/errors.py` is the tree."""

import inspect
import re

import pytest

from schemas import errors
from schemas.errors import EventError, HeadraceError, SinkUnavailable
from schemas.events import Reason

BRANCH = re.compile(r"^([│ ]*(?:├── |└── )?)(\w+)(?:  +.*)?$")


def drawn() -> dict[str, str]:
    """Class to base class, read off the drawing."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = BRANCH.match(line)
        if match is None or not hasattr(errors, match[2]):
            continue
        depth = len(match[1]) // 4
        above[depth:] = [match[2]]
        found[match[2]] = above[depth - 1] if depth else "Exception"
    return found


def test_the_drawing_shows_every_error_below_its_base() -> None:
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    assert drawn() == {name: class_.__bases__[0].__name__ for name, class_ in classes.items()}
    assert len(classes) > 5


def test_every_error_has_one_base_and_says_when_it_is_raised() -> None:
    for name, class_ in inspect.getmembers(errors, inspect.isclass):
        assert len(class_.__bases__) == 1, name
        assert issubclass(class_, HeadraceError), name
        assert class_.__doc__, name


def test_an_event_error_carries_a_reason_for_programs_and_a_detail_for_people() -> None:
    error = EventError(Reason.BAD_TIME, "'soon' is no time")
    assert (error.reason, error.detail) == ("bad_time", "'soon' is no time")
    assert str(error) == "bad_time: 'soon' is no time"


def test_a_sink_that_is_away_says_when_to_try_again() -> None:
    with pytest.raises(SinkUnavailable, match="too many parts") as caught:
        raise SinkUnavailable("too many parts", retry_after=1.5)
    assert caught.value.retry_after == 1.5
