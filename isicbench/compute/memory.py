"""Memory of a stretch of work in a long-lived process: its peak, and what it leaves."""

import ctypes
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


def reset_peak_memory() -> None:
    """Begin a new peak, where the system can (Linux); elsewhere the process's whole life counts."""
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return


def peak_memory_mib() -> float:
    """The largest resident memory since `reset_peak_memory`, in MiB."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def give_freed_memory_back() -> None:
    """Return to the system what the process has freed, where its C library can (glibc).

    A C library keeps freed memory below whatever is still in use: a group of runs leaves hundreds of MiB, and the next
    one, whose tensors have other sizes, takes more beside it. Takes some milliseconds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
