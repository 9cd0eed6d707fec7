import numpy as np
import pytest
from numba.core.caching import FunctionCache

from streams.compute.compiled import compiled


def total(numbers) -> float:  # type: ignore[no-untyped-def]
    found = 0.0
    for number in numbers:
        found += number
    return found


def test_a_function_is_compiled_also_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FunctionCache._impl_class, "_locator_classes", [])
    assert compiled(total)(np.arange(5.0)) == 10.0
