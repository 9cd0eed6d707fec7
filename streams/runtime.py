"""What the process is told before it gets to work; each line is worth what `docs/PERFORMANCE.md` says."""

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8  # malloc.h of glibc
_KEEP_BYTES = 512 << 20
_GROW_BYTES = 16 << 20
_GENERATION_0 = 50_000


def tune() -> None:
    """Settle the allocator and the garbage collector of a worker. Call it once, with all imports done."""
    # Arrays of a chunk are megabytes, made and dropped a hundred times a second. Left to itself glibc gives their pages
    # back each time, and the kernel clears them anew: a third of the time to decode.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc alone
        for parameter, size in (
            (_M_TRIM_THRESHOLD, _KEEP_BYTES),
            (_M_MMAP_THRESHOLD, _KEEP_BYTES),
            (_M_TOP_PAD, _GROW_BYTES),
            (_M_ARENA_MAX, 1),  # what a thread has freed, the others can use: they wait for the interpreter anyway
        ):
            mallopt(parameter, size)
    # Modules and classes live as long as the process: looking through them again and again finds nothing.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GENERATION_0, 20, 50)
