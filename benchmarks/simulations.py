"""What becomes of the comparison's promises when the truth is known."""

from collections.abc import Iterator

import numpy as np
from scipy.special import stdtrit

from benchmarks.simulated_scores import Population, Scores
from isicbench.evaluation.comparison import ALPHA, Comparison, Verdict, compare_pairs
from isicbench.evaluation.holm import holm
from isicbench.evaluation.intervals import mean_interval
from isicbench.evaluation.sign_flips import sign_flip_p
from isicbench.evaluation.variance import CONFIDENCE, difference_components, p_value, smallest_difference


def different_with_one_seed(population: Population, *, images: int, studies: int, flips: int, rng_seed: int) -> float:
    """Share of studies of two alike trainings that are called different; the seeds' own effects must be 0."""
    rng = np.random.default_rng(rng_seed)
    pairs = [population.scores(rng, experiments=2, seeds=1, images=images)[:, 0] for _ in range(studies)]
    return float((sign_flip_p(np.stack([a - b for a, b in pairs]), flips=flips) < ALPHA).mean())


def compared(
    population: Population, *, seeds: tuple[int, int], images: int, studies: int, rng_seed: int, advantage: float = 0.0
) -> list[Comparison]:
    """Comparisons of experiments that differ by the advantage; one of them has several seeds."""
    rng = np.random.default_rng(rng_seed)
    made = []
    for _ in range(studies):
        a, b = population.scores(rng, experiments=2, seeds=max(seeds), images=images, advantage=advantage)
        made += compare_pairs([(a[: seeds[0]], b[: seeds[1]])])
    return made


def share_different(comparisons: list[Comparison]) -> float:
    return float(np.mean([made.verdict is not Verdict.NO_DIFFERENCE_SHOWN for made in comparisons]))


def different_from_one_training(
    population: Population, *, seeds: int, images: int, studies: int, rng_seed: int
) -> float:
    """Share of studies called different in which the one training is exactly as good as the others' true mean."""
    rng = np.random.default_rng(rng_seed)
    called = 0
    for _ in range(studies):
        a = population.scores(rng, experiments=1, seeds=seeds, images=images)[0]
        fixed = Population(
            ease=population.ease,
            ease_sd=population.ease_sd,
            affinity_sd=population.affinity_sd,
            particular_sd=float(np.hypot(population.particular_sd, population.seed_sd)),
            missed_below=population.missed_below,
        )
        [made] = compare_pairs([(a, fixed.scores(rng, experiments=1, seeds=1, images=images)[0])])
        called += made.verdict is not Verdict.NO_DIFFERENCE_SHOWN
    return called / studies


def families_with_a_difference(
    population: Population, *, experiments: int, seeds: int, images: int, studies: int, rng_seed: int, flips: int
) -> float:
    """Share of studies of alike experiments, every pair compared, in which any pair is called different by Holm."""
    rng = np.random.default_rng(rng_seed)
    called = 0
    for _ in range(studies):
        scores = population.scores(rng, experiments=experiments, seeds=seeds, images=images)
        pairs = [(a, b) for place, a in enumerate(scores) for b in scores[place + 1 :]]
        called += min(holm(_p_values(pairs, flips=flips))) < ALPHA
    return called / studies


def best_with_a_difference(
    population: Population, *, experiments: int, images: int, studies: int, rng_seed: int, flips: int
) -> float:
    """Likewise with one seed, where only the pairs with the best are compared."""
    rng = np.random.default_rng(rng_seed)
    family, called = experiments * (experiments - 1) // 2, 0
    for _ in range(studies):
        scores = population.scores(rng, experiments=experiments, seeds=1, images=images)
        best = int(scores.mean(axis=(1, 2)).argmax())
        pairs = [(scores[best], other) for place, other in enumerate(scores) if place != best]
        called += min(holm(_p_values(pairs, flips=flips), family=family)) < ALPHA
    return called / studies


def coverage(population: Population, *, seeds: int, images: int, studies: int, rng_seed: int, resamples: int) -> float:
    """Share of studies whose 95% interval holds the true mean."""
    truth = population.mean()
    held = 0
    for scores in _alone(population, seeds=seeds, images=images, studies=studies, rng_seed=rng_seed):
        interval = mean_interval(scores, resamples=resamples)
        held += interval is not None and interval.low <= truth <= interval.high
    return held / studies


def crossed_bootstrap_coverage(
    population: Population, *, seeds: int, images: int, studies: int, rng_seed: int, resamples: int
) -> float:
    """The same of the way not taken: percentiles of means over resampled seeds and images, k - 1 of k seeds and
    n - 1 of n images so that their variance is right (Rao and Wu 1988)."""
    rng = np.random.default_rng(rng_seed + 1)
    truth = population.mean()
    held = 0
    for scores in _alone(population, seeds=seeds, images=images, studies=studies, rng_seed=rng_seed):
        seed_weights = rng.multinomial(seeds - 1, np.full(seeds, 1 / seeds), resamples) / (seeds - 1)
        image_weights = rng.multinomial(images - 1, np.full(images, 1 / images), resamples) / (images - 1)
        means = ((seed_weights @ scores) * image_weights).sum(axis=1)
        low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        held += low <= truth <= high
    return held / studies


def satterthwaite_different(
    population: Population, *, seeds: tuple[int, int], images: int, studies: int, rng_seed: int
) -> float:
    """The false positives of the other way not taken: one t-test with Satterthwaite's degrees of freedom (1946)."""
    rng = np.random.default_rng(rng_seed)
    called = 0
    for _ in range(studies):
        a, b = population.scores(rng, experiments=2, seeds=max(seeds), images=images)
        a, b = a[: seeds[0]], b[: seeds[1]]
        parts = difference_components(a, b)
        total = sum(part.variance for part in parts)
        freedom = total**2 / sum(part.variance**2 / part.degrees_of_freedom for part in parts)
        called += abs(a.mean() - b.mean()) > stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(total)
    return called / studies


def power_of_one_seed(
    population: Population, *, images: int, studies: int, rng_seed: int, flips: int
) -> tuple[float, float]:
    """The smallest difference that studies promise (their median), and the share of them that show one of that size."""
    rng = np.random.default_rng(rng_seed)
    promised = np.median(
        [
            smallest_difference(difference_components(a, b), alpha=ALPHA)
            for a, b in (population.scores(rng, experiments=2, seeds=1, images=images) for _ in range(studies))
        ]
    )
    advantage = population.advantage_for(float(promised))
    pairs = [
        population.scores(rng, experiments=2, seeds=1, images=images, advantage=advantage)[:, 0] for _ in range(studies)
    ]
    p_values = sign_flip_p(np.stack([a - b for a, b in pairs]), flips=flips)
    return float(promised), float((p_values < ALPHA).mean())


def power_of_seeds(
    population: Population, *, seeds: int, images: int, studies: int, rng_seed: int
) -> tuple[float, float]:
    """Likewise with several seeds each."""
    both = (seeds, seeds)
    alike = compared(population, seeds=both, images=images, studies=studies, rng_seed=rng_seed)
    promised = float(np.median([made.smallest_difference for made in alike]))
    advantage = population.advantage_for(promised)
    apart = compared(population, seeds=both, images=images, studies=studies, rng_seed=rng_seed + 1, advantage=advantage)
    return promised, float(np.mean([made.verdict is Verdict.BETTER for made in apart]))


def _alone(population: Population, *, seeds: int, images: int, studies: int, rng_seed: int) -> Iterator[Scores]:
    rng = np.random.default_rng(rng_seed)
    return (population.scores(rng, experiments=1, seeds=seeds, images=images)[0] for _ in range(studies))


def _p_values(pairs: list[tuple[Scores, Scores]], *, flips: int) -> list[float]:
    if all(len(a) == len(b) == 1 for a, b in pairs):
        return [float(p) for p in sign_flip_p(np.stack([a[0] - b[0] for a, b in pairs]), flips=flips)]
    return [p_value(float(a.mean() - b.mean()), difference_components(a, b)) for a, b in pairs]
