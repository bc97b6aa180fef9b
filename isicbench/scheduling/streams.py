"""Where a worker's output goes: answers to its scheduler, all else to a log."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Send this process's output and error streams to a file, those of its libraries too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = os.dup(sys.stderr.fileno())
    with path.open("a") as log:
        _point_streams_at(log.fileno())
    try:
        yield
    finally:
        _point_streams_at(before)
        os.close(before)


def take_standard_output() -> TextIO:
    """Keep the scheduler's end for answers alone; prints go to standard error, the worker's log."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    _point_streams_at(sys.stderr.fileno())
    return answers


def _point_streams_at(target: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
