"""What `--executor slurm` asks of Slurm."""

from typing import Annotated

import typer

SlurmWorkers = Annotated[
    int | None, typer.Option("--slurm-workers", metavar="N", help="Slurm: elements of the array.  [default: 4]")
]
SlurmPartition = Annotated[
    str | None, typer.Option("--slurm-partition", metavar="NAME", help="Slurm: partition.  [default: Slurm's own]")
]
SlurmTime = Annotated[
    str | None,
    typer.Option("--slurm-time", metavar="LIMIT", help="Slurm: a worker's time, D-HH:MM:SS.  [default: Slurm's own]"),
]
SlurmGpus = Annotated[
    str | None, typer.Option("--slurm-gpus", metavar="N|KIND:N", help="Slurm: GPUs of a worker.  [default: 1 or none]")
]
SlurmOptions = Annotated[
    list[str] | None,
    typer.Option("--slurm-option", metavar="K=V", help="Another option of sbatch's; repeat for several."),
]
