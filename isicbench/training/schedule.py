"""How the learning rate goes over a training."""

import math

from isicbench.config import Config

FINAL_SHARE = 0.01
"""Of the learning rate, at the end of `cosine` and of `one-cycle`."""
ONE_CYCLE_RISE = 0.3
"""Share of the steps in which `one-cycle` rises (Smith and Topin, 2019)."""


def rate_share(config: Config, *, done: int, steps: int) -> float:
    """The share of the learning rate at the step after `done` of all `steps` of a training.

    `warmup_epochs` rises from zero before any schedule but `one-cycle`, which has a rise of its own.
    """
    if config.schedule == "one-cycle":
        rise = max(1, round(ONE_CYCLE_RISE * steps))
        if done < rise:
            return _cosine(FINAL_SHARE, 1.0, done / rise)
        return _cosine(1.0, FINAL_SHARE, (done - rise) / max(1, steps - rise))
    warm = round(steps * config.warmup_epochs / config.epochs)
    if done < warm:
        return (done + 1) / (warm + 1)
    if config.schedule == "cosine":
        return _cosine(1.0, FINAL_SHARE, (done - warm) / max(1, steps - warm))
    return 1.0


def _cosine(start: float, end: float, way: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * way)) / 2
