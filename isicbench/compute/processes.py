"""Which process is which. A pid alone says little, since the system gives it to another process later."""

import os
import socket

import psutil


def host_name() -> str:
    return socket.gethostname()


def process_started(pid: int | None = None) -> float:
    """When a process began, in seconds since the epoch; 0 where there is no such process."""
    try:
        return float(psutil.Process(os.getpid() if pid is None else pid).create_time())
    except psutil.Error:
        return 0.0


def is_alive(pid: int, *, started: float) -> bool:
    """Whether the process that had this pid and start time still runs (a zombie does not)."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
