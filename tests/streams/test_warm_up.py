"""The warm-up leaves nothing to compile, so no chunk waits for the compiler."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from numba.core.dispatcher import Dispatcher

from infra.bench.topology import declare
from infra.bench.workload import Workload
from streams import batch_reader, scan, shapes, skeletons
from streams.chunk import Chunk
from streams.compute import cells, duplicates
from streams.processor import Processor
from streams.topology.load import load
from streams.warm_up import warm_up
from tests.streams.test_batch_reader import batch, read

ROOT = Path(__file__).parents[2]
_MODULES = (batch_reader, scan, skeletons, shapes, cells, duplicates)


def signatures(module: ModuleType) -> dict[str, list[object]]:
    return {name: one.signatures for name, one in vars(module).items() if isinstance(one, Dispatcher)}


def test_after_the_warm_up_nothing_is_left_to_compile() -> None:
    """In a process of its own: whatever ran in this one before has compiled something, too."""
    subprocess.run([sys.executable, "-m", __name__], cwd=ROOT, check=True)


def _check(file: Path) -> None:
    warm_up()
    ready = [signatures(module) for module in _MODULES]

    workload = Workload(events=20_000, assets=1_000, frame=4, metrics=2)
    file.write_text(declare("t", workload))
    processor = Processor(load(file), "machine.events", 0, 3)
    values = [value for partition, _, value in workload.messages() if partition == 0]
    values[::50] = [b"none"] * len(values[::50])
    for begin in range(0, len(values), 400):
        part = values[begin : begin + 400]
        records = read(batch([(0, b"k", value, []) for value in part], 3, begin), begin=3)
        processor.feed(Chunk("machine.events", 0, max(begin, 3), begin + len(part), *records))
        processor.cut()
    assert processor.engine.counts.events > 4_000
    assert [signatures(module) for module in _MODULES] == ready


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        _check(Path(folder) / "t.yaml")
