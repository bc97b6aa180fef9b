"""Ways to score probabilities at the images' own size: isicbench's, and the loops that one would write otherwise.

Each gives the mean IoU and Dice, so that a run can check that all measured the same thing.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.mask_files import MaskFiles
from isicbench.scoring.original import score_at_original_size

THRESHOLD = 0.5
Means = tuple[float, float]


def isicbench_all(files: MaskFiles) -> Means:
    """Every metric of isicbench, boundaries included."""
    return _isicbench(files, boundaries=True)


def isicbench_overlap(files: MaskFiles) -> Means:
    """The metrics that pixel counts give."""
    return _isicbench(files, boundaries=False)


def scikit_learn(files: MaskFiles) -> Means:
    """Read, resize, compare, and take the counts of all overlap metrics from one `confusion_matrix` an image."""
    from sklearn.metrics import confusion_matrix

    scores = []
    for true, predicted in _one_by_one(files):
        counts = confusion_matrix(true.ravel(), predicted.ravel(), labels=[False, True])
        (_, fp), (fn, tp) = counts.tolist()
        scores.append((tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)))
    return _means(scores)


def torchmetrics(files: MaskFiles) -> Means:
    """Read, resize, compare, and take all overlap metrics from one `binary_stat_scores` an image."""
    import torch
    from torchmetrics.functional.classification import binary_stat_scores

    scores = []
    for true, predicted in _one_by_one(files):
        counts = binary_stat_scores(torch.from_numpy(predicted), torch.from_numpy(true), validate_args=False)
        tp, fp, _, fn, _ = counts.tolist()
        scores.append((tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)))
    return _means(scores)


def plain_numpy(files: MaskFiles) -> Means:
    """Read, resize, compare, and count pixels with three NumPy sums an image: the leanest loop there is."""
    scores = []
    for true, predicted in _one_by_one(files):
        tp, lesion, foreground = (int(np.count_nonzero(mask)) for mask in (true & predicted, true, predicted))
        scores.append((tp / (lesion + foreground - tp), 2 * tp / (lesion + foreground)))
    return _means(scores)


CONTESTANTS: dict[str, Callable[[MaskFiles], Means]] = {
    "isicbench, all metrics": isicbench_all,
    "isicbench, overlap metrics": isicbench_overlap,
    "PIL + scikit-learn, overlap metrics": scikit_learn,
    "PIL + torchmetrics, overlap metrics": torchmetrics,
    "PIL + NumPy, overlap metrics": plain_numpy,
}


def _isicbench(files: MaskFiles, *, boundaries: bool) -> Means:
    evaluation = score_at_original_size(
        files.probabilities,
        files.split,
        dataset_fingerprint="0" * 64,
        split_name="test",
        threshold=THRESHOLD,
        boundaries=boundaries,
    )
    return evaluation.iou, evaluation.dice


def _one_by_one(files: MaskFiles) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """True and predicted mask of each image: decoded by Pillow, upsampled by Pillow, compared by numpy."""
    for path, probabilities in zip(files.paths, files.probabilities, strict=True):
        with Image.open(path) as image:
            true = np.asarray(image) > 128
        size = (true.shape[1], true.shape[0])
        upsampled = Image.fromarray(probabilities).resize(size, Image.Resampling.BILINEAR)
        yield true, np.asarray(upsampled) > THRESHOLD


def _means(scores: list[tuple[float, float]]) -> Means:
    iou, dice = np.mean(scores, axis=0).tolist()
    return iou, dice
