"""Scores against costs: the front, the columns, the picture."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from isicbench.records import CostRecord
from isicbench.report.contents import read_contents
from isicbench.report.cost_pictures import cost_pictures
from isicbench.report.cost_table import GFLOPS, LATENCY, cost_points, costs_table, pareto_front
from isicbench.report.html.axes import LogAxis
from isicbench.report.html.page import render_html
from isicbench.report.layout import Layout
from isicbench.report.markdown import write_markdown
from isicbench.report.report_tables import report_tables
from isicbench.report.style import Sheet
from tests.report.study_records import MemorySource, config, dataset, epochs, evaluation, run

HOSTILE = "<b>&|*"


def study(networks, *, latencies=True) -> tuple[MemorySource, list]:
    """A run for each (encoder, decoder, GFLOPs, Dice)."""
    runs = [
        run(number, config=config(encoder=encoder, decoder=decoder), experiment=f"{HOSTILE} {number}")
        for number, (encoder, decoder, *_) in enumerate(networks, start=1)
    ]
    source = MemorySource(records=[dataset()])
    for one, (*_, gflops, dice) in zip(runs, networks, strict=True):
        source.epochs_of[one.id] = epochs(4)
        source.evaluations_of[one.id] = [evaluation(dice=dice)]
        latency = {"latency_ms": 10 * gflops, "latency_on": "a CPU, 1 thread"} if latencies else {}
        source.costs_of[one.id] = CostRecord(parameters=round(gflops * 1e7), gflops=gflops, **latency)
    return source, runs


NETWORKS = [
    ("resnet18", "conv", 0.5, 0.70),
    ("resnet18", "unet", 1.0, 0.90),
    ("resnet34", "unet", 2.0, 0.80),
    ("resnet50", "unet", 9.0, 0.91),
]


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([], []),
        ([(1, 0.5)], [True]),
        ([(1, 0.5), (2, 0.6), (3, 0.55)], [True, True, False]),
        ([(1, 0.5), (1, 0.6)], [False, True]),
        ([(2, 0.6), (1, 0.6)], [False, True]),
        ([(1, 0.6), (1, 0.6), (2, 0.6)], [True, True, False]),
        ([(3, 0.7), (1, 0.7), (1, 0.7), (1, 0.1), (0.5, 0.0)], [False, True, True, False, True]),
    ],
    ids=["none", "one", "rising", "as cheap", "as good", "equal", "many ties"],
)
def test_front_of_hand_made_points(points, front):
    assert pareto_front(points) == front


def test_front_is_what_its_definition_says_of_every_set_of_points_with_ties():
    random = np.random.default_rng(0)
    for _ in range(200):
        points = [(int(cost), int(score)) for cost, score in random.integers(0, 4, (6, 2))]
        beaten = [
            any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in points) for cost, score in points
        ]
        assert pareto_front(points) == [not one for one in beaten]


def test_table_names_the_fronts_and_columns_show_the_costs():
    contents = read_contents(*study(NETWORKS))
    table = costs_table(contents.cost_lines)
    assert [row[-1] for row in table.rows] == [
        "GFLOPs, Parameters, Latency",
        "GFLOPs, Parameters, Latency",
        None,
        "GFLOPs, Parameters, Latency",
    ]
    assert "a CPU, 1 thread" in table.caption
    assert costs_table(contents.cost_lines, shown=[2]).rows == (table.rows[2],)
    layout = Layout(table="results", columns=("parameters", "gflops", "latency_ms"))
    assert report_tables(contents, layout)["results"].rows[0] == (5.0, 0.5, 5.0)


def test_experiments_of_one_network_are_not_weighed_and_unknown_costs_are_empty():
    same = [("resnet18", "conv", 0.5, 0.7)]
    source, runs = study(same)
    assert costs_table(read_contents(source, runs).cost_lines).rows == ()
    source.costs_of.clear()
    layout = Layout(table="results", columns=("gflops",))
    assert report_tables(read_contents(source, runs), layout)["results"].rows == ((None,),)


def test_latency_is_drawn_only_where_every_network_was_measured():
    lines = read_contents(*study(NETWORKS, latencies=False)).cost_lines
    assert len(cost_points(lines, GFLOPS)) == 4
    assert cost_points(lines, LATENCY) == []
    assert "isicbench costs measures them" in costs_table(lines).caption


def test_picture_for_a_paper_is_the_same_each_time_and_none_of_nothing():
    lines = read_contents(*study(NETWORKS, latencies=False)).cost_lines
    sheet = Sheet(kind="svg", is_column=True)
    [first], [again] = cost_pictures(lines, sheet), cost_pictures(lines, sheet)
    assert first == again
    assert cost_pictures((), sheet) == []


def test_reports_hold_table_and_picture_and_escape_names(tmp_path):
    source, runs = study(NETWORKS)
    write_markdown(source, runs, out=tmp_path)
    text = Path(tmp_path / "report.md").read_text()
    assert "## Score against cost" in text
    assert "(curves/costs.png)" in text
    assert (tmp_path / "curves" / "costs.png").stat().st_size > 1000
    page = render_html(source, runs)
    section = re.search(r'<section id="costs".*?</section>', page, re.DOTALL)[0]
    assert section.count('class="ring"') == 3 * 3
    assert section.count('class="marker"') >= 3 * 4
    assert "<b>" not in section
    assert "&lt;b&gt;&amp;|* 1: 0.500 GFLOPs, Dice 0.7000" in section


def test_page_of_one_network_has_no_such_section():
    assert 'id="costs"' not in render_html(*study(NETWORKS[:1]))


def test_logarithmic_axis_keeps_every_value_inside_and_marks_round_numbers():
    for low, span in product((0.003, 0.7, 12.0), (1.0, 3.0, 5e4)):
        axis = LogAxis.around([low, low * span], start=48, end=428)
        assert 48 < axis.place(low) <= axis.place(low * span) < 428
        assert 1 <= len(axis.marks) <= 16
