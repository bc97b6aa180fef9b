"""The promises of docs/statistics.md, held against scores whose truth is known."""

import math

import pytest

from benchmarks.simulated_scores import Population
from benchmarks.simulations import (
    best_with_a_difference,
    compared,
    coverage,
    different_from_one_training,
    different_with_one_seed,
    families_with_a_difference,
    power_of_one_seed,
    power_of_seeds,
    share_different,
)

ALIKE_TRAININGS = Population()
SEED_SDS = {"seeds agree": 0.0, "as real ones": 0.1, "seeds dominate": 0.5}


def at_most(share: float, *, studies: int) -> float:
    """The share plus 3 standard errors of its estimate from so many studies."""
    return share + 3 * math.sqrt(share * (1 - share) / studies)


@pytest.mark.parametrize("images", [6, 20, 60])
def test_alike_trainings_are_called_different_in_5_percent_at_most(images):
    found = different_with_one_seed(ALIKE_TRAININGS, images=images, studies=2000, flips=999, rng_seed=1)
    assert 0.01 < found < at_most(0.05, studies=2000)


@pytest.mark.parametrize("seed_sd", SEED_SDS.values(), ids=SEED_SDS)
@pytest.mark.parametrize("seeds", [(2, 2), (3, 3), (5, 5), (2, 5)], ids=str)
def test_alike_experiments_of_several_seeds_are_called_different_in_5_percent_at_most(seeds, seed_sd):
    made = compared(Population(seed_sd=seed_sd), seeds=seeds, images=60, studies=500, rng_seed=2)
    assert share_different(made) < at_most(0.05, studies=500)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_seeds_are_called_different_from_one_training_of_their_mean_in_5_percent_at_most(seeds):
    found = different_from_one_training(Population(seed_sd=0.3), seeds=seeds, images=60, studies=500, rng_seed=3)
    assert found < at_most(0.05, studies=500)


@pytest.mark.parametrize(("seeds", "seed_sd", "studies"), [(1, 0.0, 1000), (3, 0.1, 300)])
def test_any_pair_of_four_alike_is_called_different_in_5_percent_of_studies_at_most(seeds, seed_sd, studies):
    found = families_with_a_difference(
        Population(seed_sd=seed_sd), experiments=4, seeds=seeds, images=60, studies=studies, rng_seed=4, flips=1999
    )
    assert found < at_most(0.05, studies=studies)


def test_best_of_many_alike_is_called_better_in_5_percent_of_studies_at_most():
    found = best_with_a_difference(ALIKE_TRAININGS, experiments=14, images=60, studies=300, rng_seed=5, flips=9999)
    assert found < at_most(0.05, studies=300)


@pytest.mark.parametrize("images", [60, 379])
def test_interval_of_one_seed_holds_the_true_mean_in_95_percent(images):
    found = coverage(ALIKE_TRAININGS, seeds=1, images=images, studies=500, rng_seed=6, resamples=999)
    assert 1 - at_most(0.065, studies=500) < found < 0.98


@pytest.mark.parametrize("seed_sd", SEED_SDS.values(), ids=SEED_SDS)
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_interval_of_several_seeds_holds_the_true_mean_in_95_percent_at_least(seeds, seed_sd):
    population = Population(seed_sd=seed_sd)
    found = coverage(population, seeds=seeds, images=60, studies=500, rng_seed=7, resamples=999)
    assert found > 1 - at_most(0.05, studies=500)


@pytest.mark.parametrize("images", [20, 60])
def test_smallest_difference_of_one_seed_is_found_in_80_percent_at_least(images):
    promised, found = power_of_one_seed(ALIKE_TRAININGS, images=images, studies=500, rng_seed=8, flips=999)
    assert found > 1 - at_most(0.2, studies=500)
    assert promised < 0.2


@pytest.mark.parametrize("seeds", [3, 5])
def test_smallest_difference_of_several_seeds_is_found_in_80_percent_at_least(seeds):
    _, found = power_of_seeds(Population(seed_sd=0.1), seeds=seeds, images=60, studies=300, rng_seed=9)
    assert found > 1 - at_most(0.2, studies=300)
