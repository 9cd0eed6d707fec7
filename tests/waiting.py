"""Waiting for what is under way elsewhere."""

import time
from collections.abc import Callable


def wait_until(what: str, condition: Callable[[], object], seconds: float = 60.0) -> None:
    """AssertionError where `condition()` does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)
