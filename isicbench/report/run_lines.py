"""The table of runs: what became of each, and what it cost."""

from collections.abc import Sequence

from isicbench.report.contents import RunLine
from isicbench.report.data_table import Cell, Column, DataTable, Named, OutOf, Standing, finite
from isicbench.report.labels import encoder_training
from isicbench.report.wording import duration, memory, rate

COLUMNS = (
    Column(key="run", heading="Run"),
    Column(key="experiment", heading="Experiment", is_text=True),
    Column(key="encoder", heading="Encoder", is_text=True),
    Column(key="seed", heading="Seed"),
    Column(key="status", heading="Status", is_text=True),
    Column(key="epochs", heading="Epochs"),
    Column(
        key="train_seconds", heading="Training time", narrow="Training\ntime", unit="s", decimals=1, with_unit=duration
    ),
    Column(key="images_per_second", heading="Images/s", decimals=1, with_unit=rate),
    Column(
        key="peak_memory_mib", heading="Peak memory", narrow="Peak\nmemory", unit="MiB", decimals=0, with_unit=memory
    ),
    Column(key="device", heading="Device", is_text=True),
)


def runs_table(lines: Sequence[RunLine]) -> DataTable:
    """A row a run, in the given order."""
    return DataTable(name="runs", title="Runs", columns=COLUMNS, rows=tuple(_row(line) for line in lines))


def _row(line: RunLine) -> tuple[Cell, ...]:
    run = line.outcome.run
    is_external = run.config.is_external
    return (
        run.id,
        Named(line.label),
        "external" if is_external else encoder_training(run.config),
        None if is_external else run.seed,
        Standing(run=run, collapsed=line.outcome.collapsed),
        None if is_external else OutOf(len(line.outcome.epochs), run.config.epochs),
        finite(run.train_seconds),
        finite(run.images_per_second),
        finite(run.peak_memory_mib),
        line.device,
    )
