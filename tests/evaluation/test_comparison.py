import math

import numpy as np
import pytest
from scipy import stats

from isicbench.evaluation.comparison import Verdict, compare_pairs
from isicbench.evaluation.holm import holm
from isicbench.evaluation.sign_flips import least_p, sign_flip_p

RNG = np.random.default_rng(8)
BASE = RNG.beta(4, 2, (1, 60))
NOISE = RNG.normal(0, 0.05, (1, 60))


def compared(a, b, **options):
    [made] = compare_pairs([(np.asarray(a, float), np.asarray(b, float))], **options)
    return made


def test_sign_flip_p_is_that_of_scipys_permutation_test():
    differences = NOISE[0] + 0.012
    found = stats.permutation_test(
        (differences,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    )
    assert sign_flip_p(differences) == pytest.approx(found.pvalue, abs=0.012)


def test_few_images_are_flipped_in_every_way():
    differences = np.array([0.3, 0.1, -0.05, 0.2, 0.15])
    exact = stats.permutation_test(
        (differences,), lambda values: values.mean(), permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(differences) == pytest.approx(exact.pvalue)
    assert sign_flip_p(np.full(4, 0.1)) == least_p(4) == 2 / 16


def test_many_pairs_are_tested_at_once_as_each_alone():
    rows = RNG.normal(0.01, 0.1, (5, 30))
    assert sign_flip_p(rows).tolist() == [float(sign_flip_p(row)) for row in rows]


def test_clear_difference_of_one_seed_each_is_found():
    made = compared(BASE + 0.05 + NOISE, BASE)
    assert made.verdict is Verdict.BETTER
    assert made.p < 0.001
    assert made.wilcoxon_p < 0.001
    assert made.interval.low < made.difference < made.interval.high
    assert made.effect_size == pytest.approx(made.difference / (NOISE + 0.05).std(ddof=1))
    assert made.share_better == pytest.approx(float((NOISE + 0.05 > 0).mean()))
    assert (made.image_count, made.seeds_a, made.seeds_b, made.left_out) == (60, 1, 1, 0)


def test_changing_sides_changes_signs_and_the_verdict_and_nothing_else():
    there, back = compared(BASE + 0.05 + NOISE, BASE), compared(BASE, BASE + 0.05 + NOISE)
    assert back.verdict is Verdict.WORSE
    assert (back.difference, back.effect_size) == pytest.approx((-there.difference, -there.effect_size))
    assert (back.p, back.smallest_difference) == pytest.approx((there.p, there.smallest_difference))
    assert back.interval.low == pytest.approx(-there.interval.high, abs=0.002)


def test_distance_is_better_where_it_is_smaller():
    made = compared(BASE + 0.05 + NOISE, BASE, higher_is_better=False)
    assert made.verdict is Verdict.WORSE
    assert made.share_better < 0.5


def test_identical_scores_show_no_difference():
    made = compared(BASE, BASE)
    assert (made.verdict, made.p, made.wilcoxon_p, made.share_equal) == (Verdict.NO_DIFFERENCE_SHOWN, 1.0, 1.0, 1.0)
    assert math.isnan(made.effect_size)
    assert math.isnan(made.smallest_difference)
    several = np.repeat(BASE, 3, axis=0)
    assert compared(several, several).p == 1.0


def test_same_difference_on_every_image_is_as_sure_as_the_number_of_images_allows():
    made = compared(np.full((2, 8), 0.75), np.full((2, 8), 0.5))
    assert made.p == 2 / 2**8
    assert made.verdict is Verdict.BETTER
    assert compared(np.full((2, 5), 0.75), np.full((2, 5), 0.5)).verdict is Verdict.NO_DIFFERENCE_SHOWN


@pytest.mark.parametrize("seeds", [1, 2])
def test_single_image_allows_no_test(seeds):
    made = compared(np.full((seeds, 1), 0.9), np.full((seeds, 1), 0.1))
    assert made.verdict is Verdict.NO_DIFFERENCE_SHOWN
    assert made.interval is None
    assert all(math.isnan(value) for value in (made.p, made.holm_p, made.wilcoxon_p, made.smallest_difference))
    assert made.difference == pytest.approx(0.8)


def test_images_too_few_for_any_verdict_promise_no_smallest_difference():
    assert math.isnan(compared([[0.9, 0.8, 0.7, 0.9, 0.8]], [[0.1, 0.2, 0.1, 0.1, 0.0]]).smallest_difference)
    assert compared([[0.9, 0.8, 0.7, 0.9, 0.8, 0.9]], [[0.1, 0.2, 0.1, 0.1, 0.0, 0.2]]).smallest_difference > 0


def test_image_without_a_score_is_left_out_of_both_sides():
    a, b = BASE + 0.05 + NOISE, BASE.copy()
    b[0, 7] = math.nan
    made = compared(a, b)
    kept = np.delete(np.arange(60), 7)
    assert (made.image_count, made.left_out) == (59, 1)
    assert made.mean_a == pytest.approx(a[0, kept].mean())


def test_no_score_at_all_is_no_comparison():
    made = compared(np.full((1, 4), math.nan), BASE[:, :4])
    assert (made.image_count, made.left_out, made.verdict) == (0, 4, Verdict.NO_DIFFERENCE_SHOWN)
    assert math.isnan(made.difference)


def test_what_one_training_shows_disagreeing_seeds_take_back():
    seeds = np.array([[-0.06], [0.0], [0.06]])
    one = compared(BASE + 0.04 + NOISE, BASE)
    several = compared(BASE + 0.04 + NOISE + seeds, BASE + seeds)
    assert one.verdict is Verdict.BETTER
    assert several.difference == pytest.approx(one.difference)
    assert several.verdict is Verdict.NO_DIFFERENCE_SHOWN
    assert several.smallest_difference > 3 * one.smallest_difference
    assert math.isnan(several.wilcoxon_p)


def test_seeds_of_one_side_count_where_the_other_has_one():
    seeds = np.array([[-0.06], [0.0], [0.06]])
    one_sided = compared(BASE + 0.04 + NOISE + seeds, BASE)
    both = compared(BASE + 0.04 + NOISE + seeds, BASE + seeds)
    assert (one_sided.seeds_a, one_sided.seeds_b) == (3, 1)
    assert compared(BASE + 0.04 + NOISE, BASE).p < one_sided.p < both.p


def test_holm_multiplies_by_the_tests_that_are_left_and_never_decreases():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.01], family=66) == pytest.approx([0.66])


def test_holm_leaves_out_what_was_no_test():
    adjusted = holm([0.02, math.nan, 0.01])
    assert adjusted[0] == adjusted[2] == pytest.approx(0.02)
    assert math.isnan(adjusted[1])


def test_verdict_goes_by_the_corrected_p():
    a = BASE + 0.017 + NOISE
    alone = compared(a, BASE)
    assert 0.005 < alone.p < 0.05
    assert alone.verdict is Verdict.BETTER
    among_ten = compare_pairs([(a, BASE)] + [(BASE, BASE)] * 9)[0]
    assert among_ten.p == alone.p
    assert among_ten.holm_p == pytest.approx(10 * alone.p)
    assert among_ten.verdict is Verdict.NO_DIFFERENCE_SHOWN
    assert among_ten.smallest_difference > alone.smallest_difference
