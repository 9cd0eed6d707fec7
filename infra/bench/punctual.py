"""Threads of the benchmarks that stand for what is outside the machine, and must not be late themselves."""

import os
from contextlib import suppress


def be_punctual() -> None:
    """Let the calling thread run before all that is measured, where the machine allows that (root, CAP_SYS_NICE).

    A sender or an observer that waits for a processor is late, and its lateness would be counted as the pipeline's.
    What the thread starts runs as usual.
    """
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
