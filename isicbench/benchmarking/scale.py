"""What grows: training images up to a hundred thousand, and runs in the database up to ten thousand."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.benchmarking.fresh_process import Cost, cost_of
from isicbench.benchmarking.machine import Machine, this_machine
from isicbench.data.progress import Progress, silent

IMAGES, QUICK_IMAGES = (1_000, 10_000, 100_000), (200, 400)
RUNS, QUICK_RUNS = (10, 100, 1_000, 10_000), (10, 20)
ROUNDS = 3
ONCE_FROM = 10_000
"""Images or runs: so many take long enough that one round tells."""
WAYS = ("resident", "streamed")
COMMANDS = ("enqueue", "list", "report", "compare", "show")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What one piece of work cost at one size, in a process of its own: the median of the rounds."""

    work: str
    count: int
    """Images or runs."""
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    machine: Machine
    images: tuple[Grown, ...]
    runs: tuple[Grown, ...]


def measure_scale(*, quick: bool, progress: Progress = silent) -> Scale:
    """Rows and arrays are written directly, into a folder that is removed at the end."""
    images, runs = (QUICK_IMAGES, QUICK_RUNS) if quick else (IMAGES, RUNS)
    rounds = 1 if quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="isicbench-bench-") as folder:
        return Scale(
            machine=this_machine(threads=1, device="cpu"),
            images=tuple(_grow(WAYS, images, Path(folder), rounds=rounds, progress=progress)),
            runs=tuple(_grow(COMMANDS, runs, Path(folder), rounds=rounds, progress=progress)),
        )


def scale_tables(scale: Scale) -> RenderableType:
    """Images first: time an image and memory should stay flat; then runs."""
    images = _table("Images", "Epoch from", "ms an image", "peak MiB", "of which before")
    for grown in scale.images:
        cost = grown.cost
        each = f"{1e3 * cost.seconds / grown.count:.4f}"
        images.add_row(f"{grown.count:,}", grown.work, each, f"{cost.peak_mib:.0f}", f"{cost.before_mib:.0f}")
    runs = _table("Runs", "Command", "seconds", "CPU seconds", "import seconds", "peak MiB")
    for grown in scale.runs:
        cost = grown.cost
        times = (f"{value:.2f}" for value in (cost.seconds, cost.cpu_seconds, cost.import_seconds))
        runs.add_row(f"{grown.count:,}", grown.work, *times, f"{cost.peak_mib:.0f}")
    return Group(Text(scale.machine.line, style="dim"), images, Text(), runs)


def scale_to_json(scale: Scale) -> dict[str, Any]:
    return {
        "format": 1,
        "machine": asdict(scale.machine),
        "images": [{"work": grown.work, "count": grown.count, **asdict(grown.cost)} for grown in scale.images],
        "runs": [{"work": grown.work, "count": grown.count, **asdict(grown.cost)} for grown in scale.runs],
    }


def _grow(
    works: tuple[str, ...], counts: tuple[int, ...], folder: Path, *, rounds: int, progress: Progress
) -> Iterator[Grown]:
    for done, count in enumerate(counts, start=1):
        costs: dict[str, list[Cost]] = {work: [] for work in works}
        turns = 1 if count >= ONCE_FROM else rounds
        for turn in range(turns):
            for work in works if turn % 2 else reversed(works):
                costs[work].append(cost_of(work, count=count, folder=folder))
        for work in works:
            yield Grown(work=work, count=count, cost=sorted(costs[work], key=lambda cost: cost.seconds)[turns // 2])
        progress("measure", done, len(counts))


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 1 else "right")
    return table
