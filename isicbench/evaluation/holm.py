"""Holm's correction: as many chances to be wrong as there are tests, and still at most 5% to be wrong at all."""

import math
from collections.abc import Sequence


def holm(p_values: Sequence[float], *, family: int | None = None) -> list[float]:
    """Adjusted p-values (Holm 1979), in the given order; a NaN is no test, stays NaN and counts for none.

    `family` is the number of tests where these were picked from more after a look at the scores, as the pairs with the
    best experiment are; by default all tests are given.
    """
    tests = sorted((p, place) for place, p in enumerate(p_values) if not math.isnan(p))
    adjusted, highest = [math.nan] * len(p_values), 0.0
    count = len(tests) if family is None else max(family, len(tests))
    for rank, (p, place) in enumerate(tests):
        highest = max(highest, min(1.0, (count - rank) * p))
        adjusted[place] = highest
    return adjusted
