"""Programs that a benchmark runs to their end, for what they print."""

import os
import subprocess
from collections.abc import Sequence
from typing import Final

from infra.bench.worker import PROJECT
from schemas.errors import UserError

_ONE_CORE: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def output(command: Sequence[str], failure: str) -> str:
    """What a program prints, on one core; UserError with the last line of its complaint."""
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **_ONE_CORE, "PYTHONPATH": str(PROJECT)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise UserError(f"{failure}: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}")
    return done.stdout
