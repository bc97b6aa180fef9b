"""The paired permutation test of one training against another."""

from collections.abc import Iterator

import numpy as np

from isicbench.evaluation.variance import ROUNDING, Scores

FLIPS = 9_999
_RNG_SEED = 20_161
"""Fixed, so that a report says the same each time."""
_CHUNK = 1_000


def sign_flip_p(differences: Scores, *, flips: int = FLIPS) -> Scores:
    """Two-sided p-values of the means of `(..., images)` paired differences: `(...)`.

    If neither training were better, each image's difference could as well have had the other sign (Fisher 1935). All
    2^n choices of signs are tried where they are no more than `flips`, else that many random ones and the observed one
    (Phipson and Smyth 2010, so that p is never 0).
    """
    rows = differences.reshape(-1, differences.shape[-1])
    at_least = np.zeros(len(rows), np.int64)
    total = 0
    observed = np.abs(rows.mean(axis=1)) - ROUNDING * np.abs(rows).max(axis=1)
    for signs in _signs(rows.shape[1], flips):
        at_least += (np.abs(signs @ rows.T) / rows.shape[1] >= observed).sum(axis=0)
        total += len(signs)
    if total < 2 ** rows.shape[1]:
        at_least, total = at_least + 1, total + 1
    return (at_least / total).reshape(differences.shape[:-1])


def least_p(image_count: int) -> float:
    """The smallest p-value that so many images can give."""
    return max(2.0 ** (1 - image_count), 1 / (FLIPS + 1))


def _signs(image_count: int, flips: int) -> Iterator[Scores]:
    """Chunks of `(some, images)` signs, 1 or -1."""
    if 2**image_count <= flips:
        bits = (np.arange(2**image_count)[:, None] >> np.arange(image_count)) & 1
        yield 2 * bits.astype(np.float64) - 1
        return
    rng = np.random.default_rng(_RNG_SEED)
    for start in range(0, flips, _CHUNK):
        bits = rng.integers(0, 2, (min(_CHUNK, flips - start), image_count), dtype=np.int8)
        yield 2 * bits.astype(np.float64) - 1
