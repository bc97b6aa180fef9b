"""Which runs can train side by side."""

from collections.abc import Hashable
from dataclasses import fields

from isicbench.config import Config

PER_RUN = frozenset({"learning_rate", "threshold", "threshold_rule", "data_seed"})
"""Fields that runs which train together may differ in; the seed of order and augmentation stands in the key itself."""


def sharing_key(config: Config, *, seed: int) -> Hashable | None:
    """Runs with equal keys can go through `train_together`; None for one that must train alone.

    They share a frozen encoder and its weights, the images, their order and augmentation, and the number of epochs.
    Random encoder weights come from the data seed or, without one, from the run's own seed, as the order does.
    """
    if not config.frozen or not config.is_plain or config.is_external:
        return None
    shared = tuple((f.name, getattr(config, f.name)) for f in fields(config) if f.name not in PER_RUN)
    return shared, seed if config.data_seed is None else config.data_seed
