"""Printing: a console for results, one for everything else, progress bars, JSON."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.segment import Segment

from isicbench.data.progress import Progress as ReportProgress
from isicbench.harmless import harmless
from isicbench.report.json_text import json_text


class HarmlessConsole(Console):
    """Replaces what a name could do to the terminal, in whatever is printed; styles are added later, and stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)


class Notes(HarmlessConsole):
    """For everything but results."""

    def on_broken_pipe(self) -> None:
        """An error like others: rich would end the command, whatever it is at."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


out = HarmlessConsole(highlight=False, soft_wrap=False)
notes = Notes(stderr=True, highlight=False)

NOBODY_READS = (errno.EIO, errno.EPIPE)
"""A closed terminal, and a pipe whose other end is gone."""


@contextmanager
def while_somebody_reads() -> Iterator[None]:
    """For notes on a study as it runs, which goes on without a reader, and on a disk that has no room for them."""
    try:
        yield
    except OSError as error:
        notes.quiet = notes.quiet or error.errno in NOBODY_READS


def say(line: str) -> None:
    """Print a line while somebody reads."""
    with while_somebody_reads():
        notes.print(line, markup=False, soft_wrap=True)


def draws_over() -> bool:
    """Whether standard error is a terminal on which a line can be drawn over.

    A file is none, whatever FORCE_COLOR says. A notebook's `!isicbench run` has a terminal that shows every line and
    obeys no cursor; its kernel leaves its parent's number in the environment.
    """
    return sys.stderr.isatty() and not notes.is_dumb_terminal and "JPY_PARENT_PID" not in os.environ


def print_json(value: Any) -> None:
    """JSON on standard output; a character that could steer a terminal stands as an escape."""
    sys.stdout.write(json_text(value))


@contextmanager
def progress_bars() -> Iterator[ReportProgress]:
    """A bar for each label on a terminal, a line for each label elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if not draws_over():
        yield _plain_progress()
        return
    with Progress(*columns, console=notes, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield report


def _plain_progress() -> ReportProgress:
    said: set[str] = set()

    def report(what: str, done: int, total: int) -> None:
        if what not in said:
            said.add(what)
            notes.print(f"{what} ...")
        if total and done == total:
            notes.print(f"{what}: {total}")

    return report
