"""All that the diagnoses look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from isicbench.config import Config
from isicbench.evaluation.chosen_epoch import scored_epoch
from isicbench.evaluation.diagnosis.grids import STRIDES, logits_stride
from isicbench.records import EpochRecord, EvaluationRecord, MaskFigures, ProbabilityRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """A completed run's figures; what is None or empty was not recorded, and nothing is concluded from it."""

    config: Config
    epochs: Sequence[EpochRecord]
    test: EvaluationRecord
    """At the network's input size, with its scores image by image."""
    validation: ProbabilityRecord | None = None
    masks: MaskFigures | None = None
    frozen_tensors_changed: int = 0
    """Tensors of a frozen encoder, BatchNorm statistics included, that training has changed."""

    @property
    def scored(self) -> EpochRecord:
        """The epoch whose weights the scores are of; there must be one."""
        return scored_epoch(self.config, self.epochs)

    @property
    def grid_cells(self) -> int:
        """Cells in a row of the decoder's grid of logits."""
        return -(-self.config.image_size_px // logits_stride(self.config))

    @property
    def lesion_cells(self) -> float:
        """The median lesion's area, in cells of the decoder's grid of logits; NaN without a lesion, and for a plugin's
        decoder, whose grid is not known."""
        if self.config.decoder not in STRIDES:
            return float("nan")
        cell = min(1.0, (logits_stride(self.config) / self.config.image_size_px) ** 2)
        shares = []
        for score in self.test.image_scores:
            lesion = score.true_positives + score.false_negatives
            pixels = lesion + score.false_positives + score.true_negatives
            shares += [lesion / pixels] if lesion else []
        return median(shares) / cell if shares else float("nan")
