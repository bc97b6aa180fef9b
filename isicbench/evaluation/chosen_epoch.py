"""Which epoch of a training counts, by its figures on validation."""

from collections.abc import Sequence
from typing import Protocol

from isicbench.config import Config
from isicbench.records import EpochRecord


class Validated(Protocol):
    """What was measured on the validation images after an epoch."""

    @property
    def epoch(self) -> int: ...
    @property
    def validation_dice(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...


def merit(epoch: Validated) -> tuple[float, float]:
    """Greater is better: the higher mean Dice; of equal ones, as where all predict nothing, the lower loss."""
    return epoch.validation_dice, -epoch.validation_loss


def scored_epoch(config: Config, epochs: Sequence[EpochRecord]) -> EpochRecord:
    """The epoch whose weights a completed run was scored with: its last, or its first best."""
    return max(epochs, key=merit) if config.keep == "best" else epochs[-1]


def has_waited(config: Config, *, epoch: int, best_epoch: int) -> bool:
    """Whether a training ends after this epoch because none of the last `config.patience` was a better one.

    Those in which the encoder is frozen at first do not count.
    """
    since = max(best_epoch, config.unfreeze_at - 1)
    return bool(config.patience) and epoch - since >= config.patience
