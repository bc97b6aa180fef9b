"""The best epoch so far, and its weights where they are the ones to keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from isicbench.config import Config
from isicbench.evaluation.chosen_epoch import has_waited, merit
from isicbench.records import EpochRecord

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BestEpoch:
    epoch: int
    validation_dice: float
    validation_loss: float
    weights: Weights
    """On the CPU; empty unless they are kept."""


class Choice:
    """Follows a run's epochs; does nothing for a config that chooses none."""

    def __init__(self, config: Config, best: BestEpoch | None = None) -> None:
        self.config = config
        self.best = best

    def consider(self, record: EpochRecord, weights: Callable[[], Weights]) -> None:
        """Take the epoch for the best one if it is; `weights` copies those that it was validated with."""
        if not self.config.chooses_epoch or (self.best is not None and merit(record) <= merit(self.best)):
            return
        self.best = BestEpoch(
            epoch=record.epoch,
            validation_dice=record.validation_dice,
            validation_loss=record.validation_loss,
            weights=weights() if self.config.keep == "best" else {},
        )

    def ends_after(self, epoch: int) -> bool:
        """Whether the training has waited long enough for a better epoch."""
        return self.best is not None and has_waited(self.config, epoch=epoch, best_epoch=self.best.epoch)
