"""A run's curves in a terminal, compared as text."""

import math
import re

import pytest
from rich.console import Console, Group

from isicbench.report.run_details import RunDetails, run_details
from isicbench.report.terminal_curves import terminal_curves
from isicbench.report.terminal_plot import Line, Plot, plot_lines
from tests.report.study_records import epoch, epochs, run


def printed(renderable: object, *, width: int = 80, **options: object) -> str:
    console = Console(width=width, **{"force_terminal": False} | options)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def curves(*which: object, width: int = 80) -> str:
    return printed(Group(*terminal_curves(which)), width=width)


def test_straight_lines_are_drawn_from_corner_to_corner_and_named_where_they_end():
    down, up = Line(name="down", values=[1.0, 0.0]), Line(name="up", values=[0.0, 1.0], dashed=True)
    plot = Plot(lines=[down, up], first=1, low=0.0, high=1.0, rows=4)
    assert plot_lines(plot, width=32, braille=False) == [
        "1.0000 |**         o up 1.0000",
        "       |  ****ooo",
        "       |  o   ****",
        "0.0000 |oo        ** down 0.0000",
        "        epoch 1    2",
    ]
    assert plot_lines(plot, width=32) == [
        "1.0000 │⠑⠢⣀      ⣀⠄⠈ up 1.0000",
        "       │   ⠑⠢⣀⣀⠄",
        "       │   ⡠⠄ ⠉⠢⢄",
        "0.0000 │⡠⠄       ⠉⠢⢄ down 0.0000",
        "        epoch 1    2",
    ]


@pytest.mark.parametrize("width", [40, 80, 132])
@pytest.mark.parametrize("count", [1, 2, 10, 400])
def test_curves_fill_the_width_and_never_exceed_it(count: int, width: int):
    lines = curves(*epochs(count), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert any(re.search(r"[\u2801-\u28ff]", line) for line in lines)


def test_ends_of_scales_lines_and_epochs_are_written():
    text = curves(*epochs(10))
    losses, scores = text.split("Validation scores")
    assert re.search(r"^0.7000 │", losses, re.MULTILINE)
    assert re.search(r"^0.3400 │.* train 0.3400$", losses, re.MULTILINE)
    assert " validation 0.3850\n" in losses
    assert re.search(r"^ +epoch 1 +10$", losses, re.MULTILINE)
    assert re.search(r"^1.0000 │", scores, re.MULTILINE)
    assert re.search(r"^0.0000 │", scores, re.MULTILINE)
    assert " Dice 0.6600\n" in scores
    assert " IoU 0.5600\n" in scores


def test_one_epoch_alone_is_a_dot_with_its_values():
    text = curves(epoch(1))
    assert text.count("epoch 1\n") == 2
    assert " train 0.7000\n" in text
    assert " validation 0.7000\n" in text
    assert " Dice 0.3000\n" in text
    assert len(re.findall(r"[\u2801-\u28ff]", text)) == 3


def test_loss_that_was_not_finite_is_a_gap_and_named():
    text = curves(epoch(1), epoch(2), epoch(3, train_loss=math.nan))
    assert " train 0.5000, then NaN" in text
    nothing = epoch(1, train_loss=math.nan, validation_loss=math.nan, validation_dice=math.nan, validation_iou=math.nan)
    assert terminal_curves([nothing]) == []


def test_epochs_that_begin_later_are_numbered_so():
    assert re.search(r"epoch 4 +6\n", curves(*epochs(6)[3:]))


def test_show_holds_the_curves_and_is_the_same_without_colour():
    details = RunDetails(run=run(1), epochs=epochs(4))
    plain = printed(run_details(details))
    assert re.search(r"^Curves\n +Loss *$", plain, re.MULTILINE)
    bare = printed(run_details(details), force_terminal=True, no_color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", bare) == plain
    assert "Curves" not in printed(run_details(RunDetails(run=run(1))))
