"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option("--db", help="Database file or URL.  [default: $ISICBENCH_DB, or results.db here]", metavar="URL"),
]
RunNumber = Annotated[int, typer.Argument(metavar="RUN", help="A run's number, as isicbench list prints it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="isic2016, isic2017, isic2018, ph2, ham10000, synthetic, folder (yours), or see isicbench datasets.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The dataset's folder, in its own layout, used where it lies.", metavar="FOLDER"),
]
Images = Annotated[
    Path | None,
    typer.Option("--images", help="Folder of images of any names; with --dataset folder.", metavar="FOLDER"),
]
Masks = Annotated[
    Path | None,
    typer.Option("--masks", help="Their masks, called as the images are, or so with more after _.", metavar="FOLDER"),
]
SplitFile = Annotated[
    Path | None,
    typer.Option("--split-file", help="Table of image ids and their split: train, validation or test.", metavar="CSV"),
]
TestShare = Annotated[
    float | None,
    typer.Option(
        "--test-share",
        metavar="SHARE",
        help="Share of the images to test on, where the dataset has no split.  [default: 0.2; of ph2 all]",
    ),
]
GroupBy = Annotated[
    str,
    typer.Option(
        "--group-by",
        metavar="CSV:COLUMN",
        help="Table and column of patients or lesions, none of which is in two splits; COLUMN: of --split-file.",
    ),
]
Size = Annotated[int, typer.Option("--size", metavar="PX", help="Side of the network's input, in pixels.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Devices = Annotated[
    str, typer.Option("--devices", metavar="DEVICES", help="auto, cuda, cuda:0,2, cpu, or cpu:2 (two slots).")
]
JobsPerDevice = Annotated[int, typer.Option("--jobs-per-device", metavar="N", help="Slots on each device.")]
Executor = Annotated[
    str, typer.Option("--executor", metavar="KIND", help="Where runs train: local (here), ray or slurm (a cluster).")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="HOST:PORT", help="Ray cluster, or auto.  [default: one of its own, on loopback]"
    ),
]
CoresPerRun = Annotated[
    int | None, typer.Option("--cores-per-run", metavar="N", help="CPU cores of a run in a cluster.  [default: 1]")
]
Retries = Annotated[
    int, typer.Option("--retries", metavar="N", help="New attempts of a run whose worker died, from its checkpoint.")
]
CheckpointMinutes = Annotated[
    float,
    typer.Option(
        "--checkpoint-minutes",
        metavar="M",
        help="Save a run this often within an epoch, besides at its end; 0 saves every step.",
    ),
]
HangMinutes = Annotated[
    float,
    typer.Option("--hang-minutes", metavar="M", help="End a worker that has not moved for so long; 0 never does."),
]
Study = Annotated[int | None, typer.Option("--study", metavar="N", help="Only this study's runs.  [default: all runs]")]
Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATUS", help="Only runs with this status; several with commas."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Only runs asked for since then: a date, or 12h, 7d, 2w."),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only runs of studies with this tag; repeat for several."),
]
Experiments = Annotated[
    list[str] | None,
    typer.Option(
        "--experiment", metavar="NAME", help="Only experiments of this name, or a word of it; repeat for several."
    ),
]
