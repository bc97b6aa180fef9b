"""Printing: a console for results, one for everything else, progress bars, JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from isicbench.data.progress import Progress as ReportProgress

out = Console(highlight=False, soft_wrap=False)
notes = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """JSON on standard output; a number that is not finite is null."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def progress_bars() -> Iterator[ReportProgress]:
    """A bar for each label on a terminal, a line for each label elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if not notes.is_terminal:
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
