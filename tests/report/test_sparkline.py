import math
from io import BytesIO, TextIOWrapper

from rich.console import Console
from rich.table import Table

from isicbench.report.sparkline import Sparkline, sparkline


def test_lowest_and_highest_value_are_the_lowest_and_highest_block():
    assert sparkline([0.0, 0.5, 1.0], width=10, low=0.0, high=1.0) == "▁▅█"


def test_more_values_than_room_are_means_of_neighbours():
    assert sparkline([0.0] * 50 + [1.0] * 50, width=10, low=0.0, high=1.0) == "▁▁▁▁▁█████"
    assert len(sparkline(list(range(101)), width=10, low=0, high=100)) == 10


def test_value_that_is_not_finite_is_marked_even_among_neighbours():
    assert sparkline([1.0, math.nan, 0.0], width=3, low=0.0, high=1.0) == "█!▁"
    assert sparkline([1.0, math.inf, 0.0, 0.0], width=2, low=0.0, high=1.0) == "!▁"


def test_equal_values_and_no_values_are_drawn():
    assert sparkline([0.5, 0.5], width=4, low=0.5, high=0.5) == "▁▁"
    assert sparkline([], width=4, low=0.0, high=0.0) == ""


def test_terminal_without_blocks_gets_letters():
    console = Console(width=20, file=TextIOWrapper(BytesIO(), encoding="ascii"))
    table = Table.grid(expand=True)
    table.add_column(ratio=1)
    table.add_row(Sparkline(values=[1.0, 0.5, 0.0], low=0.0, high=1.0))
    with console.capture() as capture:
        console.print(table)
    assert capture.get().strip() == "#+_"
