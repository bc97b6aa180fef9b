"""`isicbench bench`: how fast isicbench is on this machine, beside other ways to do its work."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import DataDir


class Part(StrEnum):
    PREPARE = "prepare"
    AUGMENTATION = "augmentation"
    STEP = "step"
    TRAINING = "training"
    EVALUATION = "evaluation"
    RECORDING = "recording"
    START_UP = "start-up"


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Few small passes: whether it works, not how fast.")] = False,
    only: Annotated[
        list[Part] | None, typer.Option("--only", metavar="PART", help=f"{', '.join(Part)}. Repeatable.")
    ] = None,
    images: Annotated[
        int | None,
        typer.Option("--images", metavar="N", min=2, help="Training images to draw.  [default: 64, 8 with --quick]"),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option("--rounds", metavar="N", min=2, help="Turns of each way.  [default: 5, 2 with --quick]"),
    ] = None,
    data_dir: DataDir = None,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Instead: what grows with the images (to 100,000) and the runs (to 10,000)."),
    ] = False,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures to this file as well.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="PNG", help="Draw the figures into this file.")
    ] = None,
) -> None:
    """Measure isicbench on this machine, beside other ways to do its work.

    In one run and in alternating order: decoding, augmentation, the pieces of a step, the training loop beside the
    network alone, a notebook's pipeline and a tuned DataLoader, evaluation, recording, start-up. Ratios are the result;
    rates tell more about the machine. Works on pictures of the challenge's sizes that it draws, or on those of
    --data-dir; leaves nothing behind.
    """
    import json as json_format

    from isicbench.cli.console import out, progress_bars
    from isicbench.report.files import write_file

    with progress_bars() as progress:
        if scale:
            from isicbench.benchmarking.scale import measure_scale, scale_tables, scale_to_json

            grown = measure_scale(quick=quick, progress=progress)
            shown, value = scale_tables(grown), scale_to_json(grown)
        else:
            from isicbench.benchmarking.results import FULL, QUICK, Settings, results_table, results_to_json, run_bench

            given = {"images": images, "rounds": rounds}
            numbers = (QUICK if quick else FULL) | {name: n for name, n in given.items() if n is not None}
            results = run_bench(Settings(**numbers, data_dir=data_dir, only=only or ()), progress=progress)
            shown, value = results_table(results), results_to_json(results)
    out.print(shown)
    if json:
        write_file(json, (json_format.dumps(value, indent=2, allow_nan=False) + "\n").encode())
    if figure:
        from isicbench.benchmarking.figure import results_figure, scale_figure

        write_file(figure, scale_figure(grown) if scale else results_figure(results))


app = single(bench)
