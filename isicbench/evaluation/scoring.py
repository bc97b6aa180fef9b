"""From pixel counts to an evaluation: per image, their mean, and over all pixels."""

from collections.abc import Sequence

import numpy as np

from isicbench.evaluation.metrics import Confusion, dice, iou, predicted_share, true_share
from isicbench.records import EvaluationRecord, ImageScore


def summarise(
    confusion: Confusion,
    *,
    image_ids: Sequence[str],
    split: str,
    dataset_fingerprint: str,
    resolution: str,
    threshold: float,
    seconds: float,
) -> EvaluationRecord:
    """The evaluation of one split from the counts of each of its images."""
    together = confusion.total()
    return EvaluationRecord(
        split=split,
        dataset_fingerprint=dataset_fingerprint,
        resolution=resolution,
        threshold=threshold,
        image_count=len(image_ids),
        iou=float(np.mean(iou(confusion))),
        dice=float(np.mean(dice(confusion))),
        micro_iou=float(iou(together)[0]),
        micro_dice=float(dice(together)[0]),
        predicted_share=predicted_share(confusion),
        true_share=true_share(confusion),
        seconds=seconds,
        image_scores=_image_scores(confusion, image_ids),
    )


def _image_scores(confusion: Confusion, image_ids: Sequence[str]) -> tuple[ImageScore, ...]:
    rows = zip(image_ids, iou(confusion), dice(confusion), *confusion.columns(), strict=True)
    return tuple(
        ImageScore(
            image_id=image_id,
            iou=float(image_iou),
            dice=float(image_dice),
            true_positives=int(tp),
            false_positives=int(fp),
            false_negatives=int(fn),
            true_negatives=int(tn),
        )
        for image_id, image_iou, image_dice, tp, fp, fn, tn in rows
    )
