"""How far the mean of a cross-validation may be off.

The folds' scores are not independent: any two of their networks share most of their training images. No unbiased
estimate of the variance of their mean exists (Bengio and Grandvalet, "No unbiased estimator of the variance of k-fold
cross-validation", JMLR 5, 2004), and the usual standard error is too small. Nadeau and Bengio ("Inference for the
generalization error", Machine Learning 52, 2003) enlarge it by the share of images that are scored: they take the
correlation of two scores to be scored / (scored + trained), which makes the variance of the mean (1/k + scored/trained)
times the scores' own. That is an approximation, made for repeated random splits, and the usual one for folds.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from isicbench.evaluation.intervals import Interval
from isicbench.evaluation.variance import CONFIDENCE

METHOD = "corrected resampled t over folds"


def fold_interval(scores: Sequence[float], *, scored_to_trained: float, highest: float = 1.0) -> Interval | None:
    """The 95% interval of the mean of one score a fold, on a scale from 0 to `highest`; None of a single fold.

    `scored_to_trained` is how many images a fold scores for each one that its network was trained on.
    """
    count = len(scores)
    if count < 2:
        return None
    error = math.sqrt(float(np.var(scores, ddof=1)) * (1 / count + scored_to_trained))
    reach = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * error
    mean = float(np.mean(scores))
    return Interval(low=mean - reach, high=mean + reach, method=METHOD).within(0.0, highest)
