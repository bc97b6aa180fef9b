"""A whole measurement: what is printed, drawn and written as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.benchmarking.inputs import Inputs, bench_inputs
from isicbench.benchmarking.machine import Machine, this_machine
from isicbench.benchmarking.measurement import Part
from isicbench.benchmarking.parts import PARTS
from isicbench.data.progress import Progress, silent

FORMAT = 1
"""Of the JSON; raised when a key goes or changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    machine: Machine
    images: int
    batch_size: int
    size_px: int
    rounds: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    images: int
    batch_size: int
    size_px: int
    rounds: int
    data_dir: Path | None = None
    only: Sequence[str] = ()
    """Names of `PARTS`; none for all."""


QUICK = {"images": 4, "batch_size": 4, "size_px": 32, "rounds": 2}
FULL = {"images": 64, "batch_size": 32, "size_px": 128, "rounds": 5}


def run_bench(settings: Settings, *, progress: Progress = silent) -> Results:
    """Measure every part that is asked for. Raises `DataError` where the files of `data_dir` are unsound."""
    import torch

    with bench_inputs(
        images=settings.images,
        data_dir=settings.data_dir,
        batch_size=settings.batch_size,
        size_px=settings.size_px,
        rounds=settings.rounds,
        progress=progress,
    ) as inputs:
        parts = tuple(_measured(inputs, settings.only, progress))
        return Results(
            machine=this_machine(threads=torch.get_num_threads(), device=_device_name(inputs)),
            images=inputs.images,
            batch_size=settings.batch_size,
            size_px=settings.size_px,
            rounds=settings.rounds,
            parts=parts,
        )


def results_table(results: Results) -> RenderableType:
    """Times and rates of every way, then the ratios, which are what can be compared between machines."""
    times = _table("Part", "Way", "ms", "quartiles", "CPU ms", "images/s")
    for part in results.parts:
        for place, (way, timing) in enumerate(part.timings.items()):
            rate = f"{part.images / timing.seconds:.1f}" if part.images else ""
            times.add_row(
                part.name if place == 0 else "",
                way,
                f"{1e3 * timing.seconds:.1f}",
                f"{1e3 * timing.lower_quartile:.1f} - {1e3 * timing.upper_quartile:.1f}",
                f"{1e3 * timing.cpu_seconds:.1f}",
                rate,
            )
    ratios = _table("Part", "Ratio", "median", "quartiles")
    for part in results.parts:
        for found in part.comparisons:
            spread = f"{found.ratio.lower_quartile:.3g} - {found.ratio.upper_quartile:.3g}"
            ratios.add_row(part.name, found.name, f"{found.ratio.value:.3g}", spread)
    return Group(Text(results.machine.line, style="dim"), Text(_settings_line(results), style="dim"), times, ratios)


def results_to_json(results: Results) -> dict[str, Any]:
    """The keys are stable and documented in docs/reference/json.md."""
    return {
        "format": FORMAT,
        "machine": asdict(results.machine),
        "images": results.images,
        "batch_size": results.batch_size,
        "size_px": results.size_px,
        "rounds": results.rounds,
        "timings": [
            {"part": part.name, "way": way, "images": part.images, **timing.to_dict()}
            for part in results.parts
            for way, timing in part.timings.items()
        ],
        "ratios": [
            {"part": part.name, "name": found.name, **asdict(found.ratio)}
            for part in results.parts
            for found in part.comparisons
        ],
    }


def _measured(inputs: Inputs, only: Sequence[str], progress: Progress) -> Iterator[Part]:
    measures = [measure for name, members in PARTS.items() if not only or name in only for measure in members]
    for done, measure in enumerate(measures, start=1):
        yield measure(inputs)
        progress("measure", done, len(measures))


def _device_name(inputs: Inputs) -> str:
    import torch

    return torch.cuda.get_device_name(inputs.device) if inputs.device.type == "cuda" else "cpu"


def _settings_line(results: Results) -> str:
    return (
        f"{results.images} training images, {results.size_px} px, batch {results.batch_size}; medians and quartiles of "
        f"{results.rounds} rounds in alternating order after one to warm up"
    )


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("Part", "Way", "Ratio") else "right", overflow="fold")
    return table
