"""Scoring of a folder of predicted masks against a folder of true ones, by the rules of the challenge's scorer."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from isicbench.data.images import GreyImage, ImageFileError, Size, read_full_mask, read_grey, read_size
from isicbench.data.progress import Progress, silent
from isicbench.data.threads import map_within
from isicbench.data.verify import Fault, list_faults
from isicbench.errors import DataError
from isicbench.evaluation.boundaries import diagonal_px
from isicbench.evaluation.metrics import Confusion, iou, specificity
from isicbench.evaluation.plugin_metrics import LoadedMetric, load_metrics
from isicbench.records import EvaluationRecord
from isicbench.scoring.original import PIXELS_IN_FLIGHT
from isicbench.scoring.pairs import Mask, PairScores, evaluation_of, score_pair
from isicbench.scoring.predictions import Predictions
from isicbench.scoring.truth import Truth

FOREGROUND_ABOVE = 128
"""Of 8-bit values: the official scorer's rule."""
BINARY_THRESHOLD = 0.5
"""Recorded where the masks are 0 and 255, which any threshold tells apart."""
INVERTED_BELOW_IOU = 0.1
INVERTED_FROM_IOU = 0.5
"""A mask looks inverted where its IoU is below the one, and its negative's at least the other."""


def score_folder(
    predictions: Predictions,
    truth: Truth,
    *,
    threshold: float | None = None,
    allow_inverted: bool = False,
    progress: Progress = silent,
) -> EvaluationRecord:
    """Score each predicted mask at its own size against the true one.

    Without a threshold the masks hold 0 and 255; with one they are 8-bit probabilities, and foreground is what is
    above it. An image without a prediction counts as an empty one in the pixel counts, and scores 0 in every overlap
    score, whatever the truth, and its diagonal in the Hausdorff distance. Raises one `DataError` that lists every
    unsound file.
    """
    started = time.perf_counter()
    metrics = load_metrics()
    score = partial(_score_image, predictions=predictions, truth=truth, threshold=threshold, metrics=metrics)
    results: list[_Scored | Fault] = []
    items = [(image_id, _pixels(path)) for image_id, path in sorted(truth.masks.items())]
    for result in map_within(PIXELS_IN_FLIGHT, score, items):
        results.append(result)
        progress("score", len(results), len(items))
    scored = [result for result in results if isinstance(result, _Scored)]
    faults = [*predictions.faults, *(result for result in results if isinstance(result, Fault))]
    faults += _only_ones(scored)
    if not allow_inverted:
        faults += _inverted(scored)
    if faults:
        raise _unsound(predictions, faults)
    return evaluation_of(
        [result.scores for result in scored],
        split=truth.split,
        dataset_fingerprint=truth.dataset.fingerprint,
        resolution="original",
        threshold=BINARY_THRESHOLD if threshold is None else threshold,
        seconds=time.perf_counter() - started,
        metrics=metrics,
    )


def looks_inverted(confusion: Confusion) -> bool:
    """Whether one image's mask covers the background in place of the lesion.

    An empty mask does not, nor does one that covers everything.
    """
    negative = Confusion(
        true_positives=confusion.false_negatives,
        false_positives=confusion.true_negatives,
        false_negatives=confusion.true_positives,
        true_negatives=confusion.false_positives,
    )
    return bool(
        confusion.false_negatives[0]
        and iou(confusion)[0] < INVERTED_BELOW_IOU
        and iou(negative)[0] >= INVERTED_FROM_IOU
        and specificity(confusion)[0] < 0.5
    )


_ONES = "its values are 0 and 1, all background by the scorer's rule (above 128): multiply them by 255"


@dataclass(frozen=True, slots=True)
class _Scored:
    scores: PairScores
    file: Path | None = None
    brightest: int = 0
    """The prediction's largest value."""


def _only_ones(scored: Sequence[_Scored]) -> list[Fault]:
    """Probabilities of which not one is above 1 of 255 are no probabilities, but masks of 0 and 1."""
    if max((result.brightest for result in scored), default=0) != 1:
        return []
    return [Fault(file=result.file, problem=_ONES) for result in scored if result.file and result.brightest == 1]


def _inverted(scored: Sequence[_Scored]) -> list[Fault]:
    problem = "looks inverted: its negative fits the true mask far better (--allow-inverted scores it as it is)"
    return [
        Fault(file=result.file, problem=problem)
        for result in scored
        if result.file and looks_inverted(result.scores.confusion)
    ]


def _score_image(
    image_id: str,
    *,
    predictions: Predictions,
    truth: Truth,
    threshold: float | None,
    metrics: Sequence[LoadedMetric],
) -> _Scored | Fault:
    try:
        true = read_full_mask(truth.masks[image_id]).view(np.bool_)
    except ImageFileError as error:
        return Fault(file=truth.masks[image_id], problem=f"true mask {error}")
    if image_id not in predictions.files:
        return _Scored(_missing(image_id, true, metrics))
    file = predictions.files[image_id]
    try:
        _require_size(read_size(file), true)
        grey = read_grey(file)
        predicted = _foreground(grey, threshold)
    except ImageFileError as error:
        return Fault(file=file, problem=str(error))
    return _Scored(score_pair(image_id, predicted=predicted, true=true, metrics=metrics), file, grey.values[-1])


def _missing(image_id: str, true: Mask, metrics: Sequence[LoadedMetric]) -> PairScores:
    empty = score_pair(image_id, predicted=np.zeros_like(true), true=true, boundaries=False, metrics=metrics)
    return replace(empty, boundary_iou=0.0, hausdorff95_px=diagonal_px(true), is_missing=True)


def _require_size(size: Size, true: Mask) -> None:
    height, width = true.shape
    if size != (width, height):
        raise ImageFileError(f"is {size[0]}x{size[1]}, its true mask {width}x{height}")


def _foreground(grey: GreyImage, threshold: float | None) -> Mask:
    if threshold is not None:
        return grey.pixels > math.floor(threshold * 255)
    if grey.values == (0, 1) or grey.values == (1,):
        raise ImageFileError(_ONES)
    if others := [value for value in grey.values if value not in (0, 255)]:
        raise ImageFileError(
            f"holds {len(others)} values other than 0 and 255, from {others[0]} to {others[-1]}: "
            "for 8-bit probabilities give --threshold"
        )
    return grey.pixels > FOREGROUND_ABOVE


def _pixels(path: Path) -> int:
    """What reading the mask costs; a file that cannot be opened is named when it is read."""
    try:
        width, height = read_size(path)
    except ImageFileError:
        return 0
    return width * height


def _unsound(predictions: Predictions, faults: list[Fault]) -> DataError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return DataError(
        f"{predictions.folder}: {count}, so nothing was scored or recorded\n{list_faults(faults, shown=len(faults))}",
        hint="Repair these files. What a prediction must look like: isicbench score --help",
    )
