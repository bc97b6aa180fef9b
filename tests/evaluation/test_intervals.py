import numpy as np
import pytest
from scipy import stats

from isicbench.evaluation.intervals import _RNG_SEED, mean_interval
from isicbench.evaluation.variance import (
    Component,
    difference_components,
    half_width,
    mean_components,
    p_value,
    smallest_difference,
)

SKEWED = np.random.default_rng(3).beta(4, 1, (1, 60))


@pytest.mark.parametrize("scores", [SKEWED, SKEWED[:, :7], np.array([[0.0] * 9 + [0.8]])], ids=["many", "few", "flat"])
def test_one_seed_gives_the_bca_bootstrap_over_images(scores):
    interval = mean_interval(scores)
    rng = np.random.default_rng(_RNG_SEED)
    theirs = stats.bootstrap((scores[0],), np.mean, method="BCa", batch=1000, rng=rng).confidence_interval
    assert (interval.low, interval.high) == pytest.approx(
        (theirs.low, theirs.high), abs=5e-4
    )  # but for rounding in ties
    assert interval.method == "BCa bootstrap over images"


def test_interval_is_the_same_each_time():
    assert mean_interval(SKEWED) == mean_interval(SKEWED.copy())


def test_single_image_has_no_interval():
    assert mean_interval(np.array([[0.7]])) is None
    assert mean_interval(np.array([[0.7], [0.8]])) is None


@pytest.mark.parametrize("seeds", [1, 3])
def test_equal_scores_give_an_interval_of_no_width(seeds):
    interval = mean_interval(np.full((seeds, 5), 0.7))
    assert (interval.low, interval.high) == pytest.approx((0.7, 0.7))


def test_two_images_give_an_interval_between_them():
    interval = mean_interval(np.array([[0.2, 0.8]]))
    assert 0.2 <= interval.low < interval.high <= 0.8


def test_seeds_that_disagree_widen_the_interval_beyond_that_of_one_seed():
    images = SKEWED[0] * 0.5
    alone = mean_interval(images[None])
    several = mean_interval(np.stack([images, images + 0.1, images + 0.2]))
    assert several.high - several.low > 2 * (alone.high - alone.low)


def test_interval_ends_where_the_scale_ends():
    interval = mean_interval(np.array([[0.9, 1.0, 0.95], [0.2, 0.3, 0.25]]))
    assert (interval.low, interval.high) == (0.0, 1.0)
    unbounded = mean_interval(np.array([[9.0, 10.0, 9.5], [2.0, 3.0, 2.5]]), highest=np.inf)
    assert unbounded.high > 10


def test_one_component_gives_students_interval_and_p():
    values = np.random.default_rng(1).normal(0.1, 1, 20)
    [only] = difference_components(values[None], np.zeros((1, 20)))
    found = stats.ttest_1samp(values, 0)
    reach = found.confidence_interval()
    assert half_width([only]) == pytest.approx((reach.high - reach.low) / 2)
    assert p_value(float(values.mean()), [only]) == pytest.approx(found.pvalue, rel=1e-6)


def test_components_of_a_mean_are_its_images_and_its_seeds():
    scores = np.array([[0.1, 0.5, 0.3], [0.2, 0.8, 0.5]])
    images, seeds = mean_components(scores)
    assert images == Component(pytest.approx(np.var([0.15, 0.65, 0.4], ddof=1) / 3), 2)
    assert seeds == Component(pytest.approx(np.var([0.3, 0.5], ddof=1) / 2), 1)


def test_p_is_one_minus_the_confidence_at_which_the_interval_reaches_zero():
    components = [Component(0.01, 59), Component(0.02, 2)]
    width = half_width(components, probability=0.985)
    assert p_value(width, components) == pytest.approx(0.03, rel=1e-6)
    assert p_value(-width, components) == pytest.approx(0.03, rel=1e-6)
    assert p_value(0.0, components) == 1.0


def test_smallest_difference_grows_with_the_number_of_tests():
    components = [Component(0.01**2, 59)]
    expected = (stats.t.ppf(0.975, 59) + stats.t.ppf(0.8, 59)) * 0.01
    assert smallest_difference(components, alpha=0.05) == pytest.approx(expected)
    assert smallest_difference(components, alpha=0.05 / 6) > 1.2 * expected
