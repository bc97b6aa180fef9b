"""The folds of a cross-validation are one row, with an interval that knows what folds share."""

import math

import numpy as np
import pytest
from scipy import stats

from isicbench.evaluation.folds import fold_interval
from isicbench.evaluation.scales import Metric
from isicbench.report.contents import read_contents
from isicbench.report.folds import fold_mean_interval
from isicbench.report.layout import Layout
from isicbench.report.markdown import render_markdown
from isicbench.report.report_pictures import FigurePaths
from isicbench.report.report_tables import report_tables
from tests.report.study_records import MemorySource, config, epochs, evaluation, run

DICE = [0.70, 0.74, 0.69, 0.80]


def contents(folds: list[int], *, seeds: int = 1):
    runs = [
        run(1 + place * seeds + seed, config=config(folds=4, fold=fold, validation_share=0.2), seed=seed)
        for place, fold in enumerate(folds)
        for seed in range(seeds)
    ]
    evaluations = {
        found.id: [evaluation(split="fold", dice=DICE[found.config.fold - 1] + 0.02 * found.seed)] for found in runs
    }
    runs.append(run(99, config=config(learning_rate=0.5)))
    evaluations[99] = [evaluation()]
    epochs_of = {found.id: epochs(4) for found in runs}
    return read_contents(MemorySource(epochs_of=epochs_of, evaluations_of=evaluations), runs)


def test_folds_are_one_row_with_mean_and_interval():
    found = contents([1, 2, 3, 4])
    row, other = found.rows
    assert (row.n, other.n) == (4, 1)
    assert row.dice.mean == pytest.approx(np.mean(DICE))
    table = report_tables(found, Layout(), everything=True)["results"]
    cells = dict(zip(table.keys, table.rows[0], strict=True))
    error = math.sqrt(np.var(DICE, ddof=1) * (1 / 4 + 1 / (3 * 0.8)))
    reach = stats.t.ppf(0.975, 3) * error
    assert cells["dice_interval"].low == pytest.approx(np.mean(DICE) - reach)
    assert cells["dice_interval"].high == pytest.approx(np.mean(DICE) + reach)


def test_seeds_of_a_fold_count_as_one_fold():
    [experiment, _] = contents([1, 2, 3, 4], seeds=2).experiments
    one, _ = contents([1, 2, 3, 4]).experiments
    several, single = (fold_mean_interval(found, Metric.DICE) for found in (experiment, one))
    assert several.high - several.low == pytest.approx(single.high - single.low)


def test_a_report_says_what_the_figures_are_and_that_some_folds_are_missing():
    whole, part = contents([1, 2, 3, 4]), contents([1, 3])
    assert any("4-fold cross-validation" in line and "95% interval" in line for line in whole.score_lines)
    assert any("of 4 folds only 1, 3 are scored" in line for line in part.score_lines)
    assert fold_mean_interval(part.experiments[0], Metric.DICE) is None
    assert any("in 4 folds" in line.text for line in whole.protocols)
    assert any("not measured alike (4 folds / the test images)" in line for line in whole.warnings)


def test_names_in_the_sentences_are_escaped_as_everywhere():
    runs = [run(fold, config=config(folds=2, fold=fold), experiment="*a* <b>") for fold in (1, 2)]
    source = MemorySource(
        epochs_of={found.id: epochs(4) for found in runs},
        evaluations_of={found.id: [evaluation(split="fold")] for found in runs},
    )
    assert r"\*a\* \<b\>: 2-fold" in render_markdown(read_contents(source, runs), FigurePaths())


def test_folds_are_left_out_of_comparisons_on_the_test_images():
    found = contents([1, 2, 3, 4])
    assert found.comparisons is None or all(line.label != found.rows[0].label for line in found.comparisons.iou)


def test_the_interval_covers_the_mean_where_one_that_takes_folds_for_independent_does_not():
    """With scores as correlated as it assumes."""
    rng = np.random.default_rng(0)
    folds, shared, studies = 5, 1 / 5, 2000
    covered = {0.0: 0, 1 / 4: 0}
    for _ in range(studies):
        scores = 0.7 + 0.03 * (math.sqrt(shared) * rng.normal() + math.sqrt(1 - shared) * rng.normal(size=folds))
        for ratio in covered:
            found = fold_interval(list(scores), scored_to_trained=ratio)
            covered[ratio] += found.low <= 0.7 <= found.high
    assert 0.93 < covered[1 / 4] / studies < 0.98
    assert covered[0.0] / studies < 0.9
