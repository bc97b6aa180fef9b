"""Scoring of a network's probabilities at each image's own size, and at the network's input size."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from isicbench.data.prepare import PreparedSplit
from isicbench.data.progress import Progress, silent
from isicbench.data.threads import map_within
from isicbench.evaluation.plugin_metrics import LoadedMetric, load_metrics
from isicbench.records import EvaluationRecord
from isicbench.scoring.pairs import PairScores, evaluation_of, score_pair
from isicbench.scoring.upsampling import Probabilities, upsampled_mask

PIXELS_IN_FLIGHT = 40_000_000
"""Pixels of all images that threads work on at once; each costs some ten bytes at its peak."""


def score_at_original_size(
    probabilities: Probabilities,
    split: PreparedSplit,
    *,
    index: NDArray[np.int64] | Sequence[int] | None = None,
    dataset_fingerprint: str,
    split_name: str,
    threshold: float,
    boundaries: bool = True,
    progress: Progress = silent,
) -> EvaluationRecord:
    """Scores of `(N, h, w)` float32 probabilities of the network's stretched input against the masks as drawn.

    Row k belongs to image `index[k]` of the split, or to image k. Each is upsampled bilinearly (align_corners=False) to
    its image's original size; foreground is what is above the threshold then. Memory does not grow with N. Raises
    `DataError` where the prepared masks are damaged.
    """
    positions = _positions(split, index, len(probabilities))
    metrics = load_metrics()

    def score(row: int) -> PairScores:
        position = positions[row]
        width, height = (int(side) for side in split.original_sizes[position])
        predicted = upsampled_mask(probabilities[row], width=width, height=height, threshold=threshold)
        true = split.original_masks.read(position)
        image_id = split.image_ids[position]
        return score_pair(image_id, predicted=predicted, true=true, boundaries=boundaries, metrics=metrics)

    costs = [int(split.original_sizes[position].prod(dtype=np.int64)) for position in positions]
    return _evaluate(
        score,
        costs,
        dataset_fingerprint=dataset_fingerprint,
        split_name=split_name,
        resolution="original",
        threshold=threshold,
        metrics=metrics,
        progress=progress,
    )


def score_at_input_size(
    probabilities: Probabilities,
    split: PreparedSplit,
    *,
    index: NDArray[np.int64] | Sequence[int] | None = None,
    dataset_fingerprint: str,
    split_name: str,
    threshold: float,
    boundaries: bool = True,
    progress: Progress = silent,
) -> EvaluationRecord:
    """The same against the stretched masks of the network's input size, `(h, w)`: the evaluation named `training`."""
    positions = _positions(split, index, len(probabilities))
    metrics = load_metrics()

    def score(row: int) -> PairScores:
        return score_pair(
            split.image_ids[positions[row]],
            predicted=probabilities[row] > threshold,
            true=split.masks[positions[row]].astype(np.bool_),
            boundaries=boundaries,
            metrics=metrics,
            probabilities=probabilities[row],
        )

    return _evaluate(
        score,
        [probabilities[0].size] * len(positions),
        dataset_fingerprint=dataset_fingerprint,
        split_name=split_name,
        resolution="training",
        threshold=threshold,
        metrics=metrics,
        progress=progress,
    )


def _positions(split: PreparedSplit, index: NDArray[np.int64] | Sequence[int] | None, count: int) -> list[int]:
    positions = list(range(len(split.image_ids))) if index is None else [int(place) for place in index]
    if len(positions) != count:
        raise ValueError(f"{count} arrays of probabilities for {len(positions)} images")
    return positions


def _evaluate(
    score: Callable[[int], PairScores],
    costs: Sequence[int],
    *,
    dataset_fingerprint: str,
    split_name: str,
    resolution: str,
    threshold: float,
    metrics: Sequence[LoadedMetric],
    progress: Progress,
) -> EvaluationRecord:
    started = time.perf_counter()
    pairs = list(_reported(map_within(PIXELS_IN_FLIGHT, score, enumerate(costs)), len(costs), progress))
    return evaluation_of(
        pairs,
        split=split_name,
        dataset_fingerprint=dataset_fingerprint,
        resolution=resolution,
        threshold=threshold,
        seconds=time.perf_counter() - started,
        metrics=metrics,
    )


def _reported(results: Iterable[PairScores], total: int, progress: Progress) -> Iterator[PairScores]:
    for done, result in enumerate(results, start=1):
        progress("score", done, total)
        yield result
