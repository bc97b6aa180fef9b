"""`isicbench.plot_curves`."""

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import isicbench
from isicbench.errors import ConfigError, StoreError
from isicbench.report.palette import line_style
from tests.store.store_records import FINE_TUNED, complete, epoch, queue, request


@pytest.fixture
def recorded(store):
    """One experiment with two seeds, and one with one."""
    runs = queue(store, request(), request(seed=1), request(FINE_TUNED, name="mine"))
    for run_id in runs:
        complete(store, run_id)
    return store


def drawn(axes):
    """Each experiment's mean line: the ones with markers."""
    return [line for line in axes.get_lines() if line.get_marker() not in ("", "None")]


def test_figure_has_a_panel_a_column_and_a_line_an_experiment(recorded):
    figure = isicbench.plot_curves(recorded.url)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 4
    for axes, column in zip(figure.axes, ("train_loss", "validation_loss", "validation_iou"), strict=False):
        lines = drawn(axes)
        assert len(lines) == 2
        assert lines[1].get_xydata().tolist() == [[n, getattr(epoch(n), column)] for n in (1, 2)]
        assert [to_hex(line.get_color()) for line in lines] == [line_style(n).colour.lower() for n in (0, 1)]
        assert len(axes.get_lines()) - len(lines) == 2  # the seeds of the first one
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()][1].startswith("mine")


def test_columns_and_runs_choose_what_is_drawn(recorded):
    figure = isicbench.plot_curves(recorded.url, columns=["gradient_norm"], runs=[3])
    [axes] = figure.axes
    assert [line.get_ydata().tolist() for line in drawn(axes)] == [[epoch(n).gradient_norm for n in (1, 2)]]


def test_a_training_loss_that_is_no_cross_entropy_is_called_what_it_is(store):
    complete(store, *queue(store, request(replace(FINE_TUNED, loss="dice"))))
    figure = isicbench.plot_curves(store.url, columns=["train_loss", "validation_loss"])
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Training loss (Dice loss)", "Validation loss (cross-entropy, nats)"]


def test_jupyter_gets_a_picture_without_pyplot(recorded):
    assert isicbench.plot_curves(recorded.url)._repr_png_().startswith(b"\x89PNG")


def test_column_that_is_no_curve_is_an_error_that_names_those_that_are(recorded):
    with pytest.raises(ConfigError, match="no curves of run_id") as error:
        isicbench.plot_curves(recorded.url, columns=["run_id"])
    assert "gradient_norm" in error.value.hint


def test_database_without_epochs_is_an_error(store):
    with pytest.raises(StoreError, match="no epochs to draw"):
        isicbench.plot_curves(store.url)
