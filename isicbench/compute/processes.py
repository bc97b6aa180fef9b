"""Which process is which. A pid alone says little, since the system gives it to another process later."""

import os
import socket

import psutil

SAME_SECONDS = 1.5
"""Within which two readings of a process's start are the same one: the machine's start may be read as two seconds."""


def host_name() -> str:
    return socket.gethostname()


def process_started(pid: int | None = None) -> float:
    """When a process began, in seconds since the machine's start, which no change of its clock moves; 0 where there is
    no such process. On macOS, where the system keeps the time of day: since 1970."""
    try:
        return _began(psutil.Process(pid))
    except psutil.Error:
        return 0.0


def is_alive(pid: int, *, started: float) -> bool:
    """Whether the process that had this pid and start time still runs (a zombie does not)."""
    try:
        process = psutil.Process(pid)
        return abs(_began(process) - started) < SAME_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _began(process: psutil.Process) -> float:
    """Linux knows it since the start, to a hundredth of a second; psutil adds the start itself, in whole seconds of a
    clock that may have been set since."""
    booted = psutil.boot_time() if psutil.LINUX else 0.0  # before the other: older versions keep what they have read
    return float(process.create_time() - booted)


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
