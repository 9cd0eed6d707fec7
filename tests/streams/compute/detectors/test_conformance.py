"""What every detector must keep to, whatever it detects. The kinds are found, not listed."""

import ast
import importlib
import inspect
import math
import pickle
import pkgutil
from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import decode_hook
from streams.compute import detectors
from streams.compute.detectors.base import Spec, quantity
from streams.compute.detectors.registry import DETECTORS, DetectorSpec, build
from tests.streams.compute.detectors.logs import (
    ANY_FLOAT,
    EVERYTHING,
    EXAMPLES,
    METRICS,
    SERIES,
    Point,
    Runner,
    bits,
    cuts_of,
    log_of,
    logs,
    run,
    run_in_chunks,
)

pytestmark = pytest.mark.filterwarnings("error")

every_kind = pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.__name__)
quick = settings(max_examples=40, deadline=None)
values = st.one_of(logs(), logs(values=ANY_FLOAT))


def declared() -> Iterator[type[Spec]]:
    """Every kind of declaration in the package."""
    for module in pkgutil.iter_modules(detectors.__path__):
        importlib.import_module(f"{detectors.__name__}.{module.name}")
    waiting: list[type[Spec]] = [Spec]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not kind.__subclasses__():
            yield kind


def test_the_registry_and_the_union_and_the_examples_are_complete() -> None:
    kinds = set(declared())
    assert kinds == set(DETECTORS) == set(get_args(DetectorSpec)) == set(EXAMPLES)


@every_kind
def test_a_declaration_survives_json_and_builds(kind: type[Spec]) -> None:
    for spec in EXAMPLES[kind]:
        text = msgspec.json.encode(spec, enc_hook=str)
        again: DetectorSpec = msgspec.json.decode(text, type=DetectorSpec, dec_hook=decode_hook)
        assert again == spec
        assert type(again) is kind
        build(again)


@every_kind
def test_a_declaration_refuses_a_setting_it_does_not_know(kind: type[Spec]) -> None:
    settings_ = msgspec.to_builtins(EXAMPLES[kind][0], enc_hook=str) | {"treshold": 3}
    with pytest.raises(msgspec.ValidationError, match="treshold"):
        msgspec.convert(settings_, DetectorSpec, dec_hook=decode_hook)


@every_kind
def test_a_kind_is_documented_with_its_score_and_its_source(kind: type[Spec]) -> None:
    text = inspect.getdoc(kind) or ""
    assert "Score:" in text
    assert "Source:" in text
    assert inspect.getdoc(DETECTORS[kind])


@pytest.mark.parametrize("kind", [Spec, *DETECTORS], ids=lambda kind: kind.__name__)
def test_every_setting_is_documented(kind: type[Spec]) -> None:
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    for node, following in pairwise(tree.body):
        if isinstance(node, ast.AnnAssign):
            documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            assert documented, f"{kind.__name__}: {ast.unparse(node)}"


@every_kind
@quick
@given(log=values, data=st.data())
def test_flags_do_not_depend_on_the_chunks(kind: type[Spec], log: list[Point], data: st.DataObject) -> None:
    """Covers input that is not written to as well: the runner's arrays are read-only."""
    whole = bits(run(EXAMPLES[kind], log))
    assert bits(run_in_chunks(EXAMPLES[kind], log, data.draw(cuts_of(log)), restart=False)) == whole


@every_kind
@quick
@given(log=values, data=st.data())
def test_flags_do_not_depend_on_restarts(kind: type[Spec], log: list[Point], data: st.DataObject) -> None:
    whole = bits(run(EXAMPLES[kind], log))
    assert bits(run_in_chunks(EXAMPLES[kind], log, data.draw(cuts_of(log)), restart=True)) == whole


@every_kind
@quick
@given(log=values)
def test_flags_are_the_same_point_by_point(kind: type[Spec], log: list[Point]) -> None:
    assert bits(run_in_chunks(EXAMPLES[kind], log, range(len(log)), restart=False)) == bits(run(EXAMPLES[kind], log))


@every_kind
@quick
@given(log=values, data=st.data())
def test_the_future_does_not_change_earlier_flags(kind: type[Spec], log: list[Point], data: st.DataObject) -> None:
    now = data.draw(st.integers(0, len(log)))
    past = bits(run(EXAMPLES[kind], log[:now]))
    assert bits(run(EXAMPLES[kind], log))[: len(past)] == past


@quick
@given(log=logs(), data=st.data())
def test_a_detector_does_not_depend_on_its_neighbours(log: list[Point], data: st.DataObject) -> None:
    among_all = run(EVERYTHING, log)
    index = data.draw(st.integers(0, len(EVERYTHING) - 1))
    alone = run([EVERYTHING[index]], log)
    assert bits(f._replace(detector=0) for f in among_all if f.detector == index) == bits(alone)


@every_kind
@quick
@given(log=logs(), data=st.data())
def test_a_pickled_bank_goes_on_where_it_was(kind: type[Spec], log: list[Point], data: st.DataObject) -> None:
    now = data.draw(st.integers(0, len(log)))
    runner = Runner(EXAMPLES[kind])
    runner.feed(log[:now])
    copy = pickle.loads(pickle.dumps(runner))  # noqa: S301
    assert bits(copy.feed(log[now:])) == bits(runner.feed(log[now:]))


@every_kind
def test_a_snapshot_is_a_copy(kind: type[Spec]) -> None:
    log = log_of([(0, 1000 * i, float(i % 7)), (1, 1000 * i, 2.0)] for i in range(40))
    runner = Runner(EXAMPLES[kind])
    runner.feed(log[:40])
    before = runner.restarted()
    saved = runner.bank.snapshot()
    runner.feed(log[40:])
    assert before.bank.restore(saved) == []
    assert bits(before.feed(log[40:])) == bits(run(EXAMPLES[kind], log)[len(run(EXAMPLES[kind], log[:40])) :])


@every_kind
@quick
@given(log=values)
def test_a_flag_is_complete(kind: type[Spec], log: list[Point]) -> None:
    """Its numbers stand in its reason, and it names a point of the log or the time at which one was due."""
    runner = Runner(EXAMPLES[kind])
    for flag in runner.feed(log):
        key = runner.table.keys[flag.series]
        assert 0 <= flag.score <= 1
        assert flag.reason
        assert not any(math.isinf(number) for number in (flag.expected, flag.lower, flag.upper))
        if math.isnan(flag.value):
            assert flag.ts <= max(point.stream_time for point in log if point.offset == flag.offset)
        else:
            known = {(p.key, p.ts, p.x) for p in log if p.offset <= flag.offset}
            assert (key, flag.ts, flag.value) in known
            metric = METRICS.get(key.metric)
            assert (quantity(flag.value, metric) if metric else f"{flag.value:.10g}") in flag.reason


@every_kind
def test_a_series_that_is_not_watched_is_never_flagged(kind: type[Spec]) -> None:
    spec = msgspec.structs.replace(EXAMPLES[kind][0], metrics=("temp",), assets=("b-?",), report="every")
    log = log_of([(s, 1000 * i, float(i**2 % 31) * 1e3) for s in range(len(SERIES))] for i in range(60))
    runner = Runner([spec])
    flags = runner.feed(log) + runner.bank.tick(log[-1].ts + 10**8, 99)
    assert {runner.table.keys[flag.series] for flag in flags} <= {SERIES[1]}
