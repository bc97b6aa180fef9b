"""Curves over epochs, as a figure to show, change and save."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from isicbench.analysis.frames import Database, view_frame
from isicbench.errors import ConfigError, StoreError
from isicbench.report.curves import draw_means, draw_seed, legend_beneath
from isicbench.report.experiments import Experiment, group_experiments
from isicbench.report.labels import training_loss_name
from isicbench.report.palette import LineStyle, line_style
from isicbench.report.style import new_figure, report_style
from isicbench.store.store import open_store

TITLES = {
    "train_loss": "Training loss (cross-entropy, nats)",
    "validation_loss": "Validation loss (cross-entropy, nats)",
    "validation_iou": "Validation IoU (mean over images)",
    "validation_dice": "Validation Dice (mean over images)",
    "foreground_share": "Predicted lesion share (validation)",
    "learning_rate": "Learning rate",
    "train_seconds": "Training time (seconds an epoch)",
    "validation_seconds": "Validation time (seconds an epoch)",
    "images_per_second": "Training images a second",
    "gradient_norm": "Largest gradient norm",
}
"""The columns of `isicbench.epochs` that can be drawn."""

SCREEN_DPI = 80
"""Of the picture that a notebook shows, and keeps in its file."""

LOSSES_AND_SCORES = ("train_loss", "validation_loss", "validation_iou", "validation_dice")


def plot_curves(
    database: Database = None, *, columns: Sequence[str] = LOSSES_AND_SCORES, runs: Iterable[int] | None = None
) -> Figure:
    """A panel for each of the `columns` of `isicbench.epochs`, in it a line for each experiment.

    The line is the mean over the experiment's seeds, each seed a thin one behind it, in the report's colours, markers
    and dashes. The figure belongs to no window: notebooks show it, `figure.savefig(...)` saves it, `figure.axes` are
    its panels. Raises `ConfigError` for a column that cannot be drawn, `StoreError` where there are no epochs to draw.
    """
    if unknown := [name for name in columns if name not in TITLES]:
        raise ConfigError(f"no curves of {', '.join(unknown)}", hint=f"Expected some of {', '.join(TITLES)}.")
    store = open_store(None if database is None else str(database), create=False)
    found = store.runs(run_ids=None if runs is None else list(runs))
    numbers = [run.id for run in found]
    experiments = group_experiments(found, store.epochs(numbers, last_only=True), {})
    epochs = view_frame(store, "epoch_results", runs=numbers)
    drawn = [experiment for experiment in experiments if _runs_of(experiment)]
    if not drawn or not columns:
        raise StoreError(f"{store.url_shown}: no epochs to draw", hint="Train some: isicbench run")
    store.close()
    with report_style():
        return _figure(drawn, epochs, columns)


def _figure(experiments: Sequence[Experiment], epochs: pd.DataFrame, columns: Sequence[str]) -> Figure:
    rows, across = ceil(len(columns) / 2), min(2, len(columns))
    figure = new_figure(4.6 * across, 2.7 * rows + 0.3 + 0.19 * ceil(len(experiments) / 2))
    for place, column in enumerate(columns, start=1):
        axes = figure.add_subplot(rows, across, place)
        axes.set_title(_title(column, experiments))
        axes.set_xlabel("Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
        for index, experiment in enumerate(experiments):
            lines = epochs[epochs["run_id"].isin(_runs_of(experiment))]
            _draw(axes, lines.pivot(index="epoch", columns="run_id", values=column), line_style(index))
    legend_beneath(figure, experiments)
    # Jupyter asks an object for its PNG; without this it would show a figure only where pyplot is imported.
    setattr(figure, "_repr_png_", lambda: _screen_png(figure))  # noqa: B010
    return figure


def _title(column: str, experiments: Sequence[Experiment]) -> str:
    configs = [experiment.config for experiment in experiments]
    if column != "train_loss" or all(config.loss == "bce" for config in configs):
        return TITLES[column]
    return f"Training loss ({training_loss_name(configs)})"


def _screen_png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=SCREEN_DPI)
    return buffer.getvalue()


def _draw(axes: Axes, seeds: pd.DataFrame, style: LineStyle) -> None:
    """A thin line for each of several runs, a column each, and their mean over them."""
    epochs = seeds.index.to_list()
    if seeds.shape[1] > 1:
        for run in seeds:
            draw_seed(axes, epochs, seeds[run].to_list(), style)
    draw_means(axes, epochs, seeds.mean(axis=1).to_list(), style)


def _runs_of(experiment: Experiment) -> list[int]:
    """One run for each seed, of those that have epochs."""
    return [outcome.run.id for outcome in experiment.leading if outcome.epochs]
