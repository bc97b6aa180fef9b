"""What becomes of the comparison's promises over many simulated studies: `python -m benchmarks.statistics [--quick]`.

Prints false positives, coverage and power; docs/statistics.md shows what it printed.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from benchmarks import simulations
from benchmarks.simulated_scores import Population

ALIKE = Population()
SEED_SDS = (0.0, 0.1, 0.3)
"""Of the seeds' fortune in log odds; in mean Dice they are 0, about 0.016 and about 0.049."""
FLIPS = RESAMPLES = 1_999
Line = tuple[str, str, str]


def false_positives_of_one_seed(studies: int) -> Iterator[Line]:
    for images in (6, 10, 60, 379):
        found = simulations.different_with_one_seed(ALIKE, images=images, studies=studies, flips=FLIPS, rng_seed=1)
        yield f"{images} images", percent(found), ""


def false_positives_of_seeds(studies: int) -> Iterator[Line]:
    for seeds in ((2, 2), (3, 3), (5, 5), (2, 5)):
        for seed_sd in SEED_SDS:
            for images in (60, 379):
                population = Population(seed_sd=seed_sd)
                made = simulations.compared(population, seeds=seeds, images=images, studies=studies, rng_seed=2)
                other = simulations.satterthwaite_different(
                    population, seeds=seeds, images=images, studies=studies, rng_seed=2
                )
                case = f"{seeds[0]} and {seeds[1]} seeds, {images} images, seeds' sd {seed_sd:g}"
                yield case, percent(simulations.share_different(made)), percent(other)


def false_positives_beside_one_training(studies: int) -> Iterator[Line]:
    for seeds in (2, 3, 5):
        found = simulations.different_from_one_training(
            Population(seed_sd=0.3), seeds=seeds, images=60, studies=studies, rng_seed=3
        )
        yield f"{seeds} seeds and one training, 60 images, seeds' sd 0.3", percent(found), ""


def false_positives_of_families(studies: int) -> Iterator[Line]:
    for seeds, seed_sd in ((1, 0.0), (3, 0.1), (5, 0.1)):
        found = simulations.families_with_a_difference(
            Population(seed_sd=seed_sd),
            experiments=4,
            seeds=seeds,
            images=60,
            studies=studies,
            rng_seed=4,
            flips=FLIPS,
        )
        yield f"4 experiments, 6 pairs, seeds: {seeds}", percent(found), ""
    found = simulations.best_with_a_difference(
        ALIKE, experiments=14, images=60, studies=studies, rng_seed=5, flips=9_999
    )
    yield "14 experiments, each with the best, seeds: 1", percent(found), ""


def coverage(studies: int) -> Iterator[Line]:
    for images in (10, 20, 60, 379):
        found = simulations.coverage(ALIKE, seeds=1, images=images, studies=studies, rng_seed=6, resamples=RESAMPLES)
        yield f"1 seed, {images} images", percent(found), ""
    for seeds in (2, 3, 5):
        for seed_sd in SEED_SDS:
            population, case = Population(seed_sd=seed_sd), {"seeds": seeds, "images": 60, "studies": studies}
            ours = simulations.coverage(population, **case, rng_seed=7, resamples=RESAMPLES)
            other = simulations.crossed_bootstrap_coverage(population, **case, rng_seed=7, resamples=RESAMPLES)
            yield f"{seeds} seeds, 60 images, seeds' sd {seed_sd:g}", percent(ours), percent(other)


def power(studies: int) -> Iterator[Line]:
    for images in (10, 20, 60, 379):
        promised, found = simulations.power_of_one_seed(ALIKE, images=images, studies=studies, rng_seed=8, flips=FLIPS)
        yield f"1 seed each, {images} images", f"{promised:.3f}", percent(found)
    for seeds in (2, 3, 5):
        promised, found = simulations.power_of_seeds(
            Population(seed_sd=0.1), seeds=seeds, images=60, studies=studies, rng_seed=9
        )
        yield f"{seeds} seeds each, 60 images, seeds' sd 0.1", f"{promised:.3f}", percent(found)


TABLES = (
    ("False positives, two alike trainings", ("called different", ""), false_positives_of_one_seed),
    (
        "False positives, two alike experiments of several seeds",
        ("called different", "by Satterthwaite's t"),
        false_positives_of_seeds,
    ),
    (
        "False positives, seeds and one training as good as their mean",
        ("called different", ""),
        false_positives_beside_one_training,
    ),
    ("False positives anywhere in a family", ("called different", ""), false_positives_of_families),
    ("Coverage of 95% intervals of a mean", ("covered", "by crossed bootstrap"), coverage),
    ("Power at the smallest difference that is said to be shown", ("difference", "shown"), power),
)


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statistics", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 studies a line in place of 2000")
    studies = 300 if parser.parse_args().quick else 2_000
    error = 100 * np.sqrt(0.05 * 0.95 / studies)
    print(f"{studies} simulated studies a line; the standard error of a share near 5% or 95% is {error:.2f} points")
    for title, headings, lines in TABLES:
        print(f"\n{title:<64}{headings[0]:>18}{headings[1]:>22}".rstrip())
        for case, first, second in lines(studies):
            print(f"  {case:<62}{first:>18}{second:>22}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
