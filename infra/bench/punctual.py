"""Threads of the benchmarks that stand for what is outside the machine, and must not be late themselves."""

import os


def be_punctual() -> bool:
    """Let the calling thread run before all that is measured; whether the machine allows that (root, CAP_SYS_NICE).

    A sender or an observer that waits for a processor is late, and its lateness would be counted as the pipeline's.
    What the thread starts runs as usual.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        return False
    return True
