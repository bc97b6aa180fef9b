"""Thresholds, calibration and ranking, against plain computations on the pixels themselves."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from isicbench.evaluation.calibration import average_precision, precision_recall, reliability, roc_area
from isicbench.evaluation.histograms import BINS, count_probabilities
from isicbench.evaluation.metrics import Confusion, dice, iou
from isicbench.evaluation.thresholds import best_threshold, probability_record, threshold_scores
from isicbench.records import ThresholdScore


@pytest.fixture(scope="module")
def predicted():
    """Probabilities that tell lesion from skin fairly well, with exact bin edges, 0 and 1 among them."""
    rng = np.random.default_rng(0)
    masks = (rng.random((5, 24, 20)) < 0.3).astype(np.uint8)
    masks[4] = 0
    probabilities = np.clip(rng.normal(0.35 + 0.3 * masks, 0.2), 0, 1).astype(np.float32)
    probabilities[0, :3] = np.float32(0.5)
    probabilities[1, 0, :4] = [0, 1, 0.25, 0.75]
    return probabilities, masks


def test_every_pixel_is_in_one_bin_of_its_own_kind(predicted):
    probabilities, masks = predicted
    histograms = count_probabilities(probabilities, masks)
    assert histograms.positives.sum(axis=1).tolist() == masks.sum(axis=(1, 2)).tolist()
    assert (histograms.positives + histograms.negatives).sum(axis=1).tolist() == [24 * 20] * 5


def test_scores_at_each_threshold_are_those_of_the_thresholded_masks(predicted):
    probabilities, masks = predicted
    scores = threshold_scores(count_probabilities(probabilities, masks))
    assert [score.threshold for score in scores] == [k / 100 for k in range(1, 100)]
    true = masks.astype(bool)
    for score in scores:
        mask = probabilities > np.float32(score.threshold)
        counts = [(mask & true), (mask & ~true), (~mask & true), (~mask & ~true)]
        confusion = Confusion.from_columns(np.stack([c.sum(axis=(1, 2)) for c in counts], axis=1))
        assert score.iou == pytest.approx(np.mean(iou(confusion)), abs=1e-12)
        assert score.dice == pytest.approx(np.mean(dice(confusion)), abs=1e-12)


def test_best_threshold_has_the_highest_dice_and_is_the_nearest_to_one_half_among_equals():
    scores = [
        ThresholdScore(threshold=t, iou=0.0, dice=d) for t, d in [(0.1, 0.7), (0.4, 0.8), (0.45, 0.8), (0.9, 0.8)]
    ]
    assert best_threshold(scores).threshold == 0.45


def test_area_under_the_curve_is_the_rank_statistic(predicted):
    probabilities, masks = predicted
    record = probability_record(count_probabilities(probabilities, masks), split="validation", dataset_fingerprint="f")
    binned = np.clip(np.ceil(probabilities * BINS) - 1, 0, BINS - 1)
    lesion, skin = binned[masks == 1], binned[masks == 0]
    expected = mannwhitneyu(lesion, skin).statistic / (len(lesion) * len(skin))
    assert roc_area(record.positives, record.negatives) == pytest.approx(expected, abs=1e-9)


def test_average_precision_and_calibration_error_by_hand():
    # From the top: 2 lesion pixels of 2, then 1 of 4, then 1 of 4.
    positives, negatives = [1, 0, 1, 2], [3, 0, 3, 0]
    assert average_precision(positives, negatives) == pytest.approx(0.5 * 1 + 0.25 * 3 / 6 + 0.25 * 4 / 10)
    diagram = reliability(positives, negatives, bins=4)
    assert diagram.predicted == pytest.approx([0.125, 0.625, 0.875])
    assert diagram.observed == pytest.approx([0.25, 0.25, 1.0])
    expected = 0.4 * 0.125 + 0.4 * 0.375 + 0.2 * 0.125
    assert diagram.expected_calibration_error == pytest.approx(expected)


def test_probabilities_that_mean_what_they_say_have_no_calibration_error():
    rng = np.random.default_rng(1)
    probabilities = rng.random((4, 300, 300)).astype(np.float32)
    masks = (rng.random(probabilities.shape) < probabilities).astype(np.uint8)
    record = probability_record(count_probabilities(probabilities, masks), split="test", dataset_fingerprint="f")
    assert reliability(record.positives, record.negatives).expected_calibration_error < 0.01


def test_ranking_figures_are_missing_where_one_kind_of_pixel_is():
    assert np.isnan(roc_area([0, 0], [3, 4]))
    assert np.isnan(average_precision([0, 0], [3, 4]))
    assert precision_recall([0, 0], [3, 4]).y.tolist() == [1.0, 0.0, 0.0]


def test_bins_that_cannot_be_joined_are_refused():
    with pytest.raises(ValueError, match="cannot be joined"):
        reliability([1] * 10, [1] * 10, bins=4)
