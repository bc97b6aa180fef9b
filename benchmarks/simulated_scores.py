"""Scores per image like real ones: skewed, bounded, some lesions missed altogether, hard images hard for everybody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Scores = NDArray[np.float64]
_LARGE = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Where images and trainings come from; effects on the scale of log odds.

    Dice is the logistic function of an image's ease, the experiment's affinity to it, the seed's fortune and what is
    particular to that seed on that image; below `missed_below` the lesion is missed and Dice is 0.
    """

    seed_sd: float = 0.0
    ease: float = 1.4
    ease_sd: float = 1.0
    affinity_sd: float = 0.4
    particular_sd: float = 0.5
    missed_below: float = -0.8

    def scores(
        self, rng: np.random.Generator, *, experiments: int, seeds: int, images: int, advantage: float = 0.0
    ) -> Scores:
        """`(experiments, seeds, images)` Dice; the first experiment has the advantage, the others are alike."""
        odds = self.ease + self.ease_sd * rng.standard_normal((1, 1, images))
        odds = odds + self.affinity_sd * rng.standard_normal((experiments, 1, images))
        odds = odds + self.seed_sd * rng.standard_normal((experiments, seeds, 1))
        odds = odds + self.particular_sd * rng.standard_normal((experiments, seeds, images))
        odds[0] += advantage
        return np.where(odds < self.missed_below, 0.0, 1 / (1 + np.exp(-odds)))

    def mean(self, *, advantage: float = 0.0) -> float:
        """The true mean Dice, over all images and seeds."""
        sd = np.sqrt(self.ease_sd**2 + self.affinity_sd**2 + self.seed_sd**2 + self.particular_sd**2)
        odds = self.ease + advantage + sd * _normal_quantiles()
        return float(np.where(odds < self.missed_below, 0.0, 1 / (1 + np.exp(-odds))).mean())

    def advantage_for(self, difference: float) -> float:
        """The advantage in log odds that makes this true difference of mean Dice."""
        advantages = np.linspace(0, 3, 121)
        gains = [self.mean(advantage=a) - self.mean() for a in advantages]
        return float(np.interp(difference, gains, advantages))


def _normal_quantiles() -> Scores:
    return np.asarray(ndtri((np.arange(_LARGE) + 0.5) / _LARGE), np.float64)
