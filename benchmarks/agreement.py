"""isicbench's scores beside those of the challenge's official scorer. Run: python -m benchmarks.agreement

On drawn masks with every awkward case, or on folders of your own: --predictions FOLDER --truth FOLDER
Needs: pip install isic-challenge-scoring
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
from isic_challenge_scoring import SegmentationScore
from isic_challenge_scoring.load_image import iter_image_pairs
from numpy.typing import NDArray
from PIL import Image

from isicbench.records import EvaluationRecord
from isicbench.scoring.folders import score_folder
from isicbench.scoring.predictions import open_predictions
from isicbench.scoring.truth import open_truth

NAMES = {
    "jaccard": "iou",
    "dice": "dice",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "threshold_jaccard": "thresholded_iou",
}
"""The official scorer's names and those of `EvaluationRecord`."""
SHAPE = (120, 160)


def main() -> None:
    warnings.filterwarnings("ignore", module="isic_challenge_scoring")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--truth", type=Path)
    arguments = parser.parse_args()
    if arguments.predictions and arguments.truth:
        print_agreement(arguments.predictions, arguments.truth)
        return
    with tempfile.TemporaryDirectory() as folder:
        print_agreement(*write_awkward_masks(Path(folder)))


def print_agreement(predictions: Path, truth: Path) -> None:
    """A line a metric: both means, and the largest difference of any image."""
    opened = open_truth(truth)
    ours = score_folder(open_predictions(predictions, opened), opened)
    official = {
        pair.image_id: SegmentationScore([pair]).macro_average for pair in iter_image_pairs(opened.folder, predictions)
    }
    print(f"{ours.image_count} images\n{'':20}{'official':>12}{'isicbench':>12}{'largest difference':>20}")
    for theirs, name in NAMES.items():
        mean = np.mean([scores[theirs] for scores in official.values()])
        difference = max(abs(getattr(image, name) - official[image.image_id][theirs]) for image in ours.image_scores)
        print(f"{theirs:20}{mean:12.6f}{getattr(ours, name):12.6f}{difference:20.1e}")
    print_only_ours(ours)


def print_only_ours(ours: EvaluationRecord) -> None:
    for name in ("precision", "boundary_iou", "hausdorff95_px"):
        print(f"{name:20}{'-':>12}{getattr(ours, name):12.6f}{'-':>20}")


def write_awkward_masks(folder: Path) -> tuple[Path, Path]:
    """Pairs of empty, full, one-pixel, noisy and lesion-like masks in every combination: predictions and truth."""
    random = np.random.default_rng(0)
    kinds = [
        np.zeros(SHAPE, np.bool_),
        np.ones(SHAPE, np.bool_),
        np.eye(*SHAPE, dtype=np.bool_) & (np.arange(SHAPE[1]) == 7),
        random.random(SHAPE) < 0.4,
        _ellipse(0.0),
        _ellipse(0.04),
        _ellipse(0.15),
    ]
    pairs = [(predicted, true) for predicted in kinds for true in kinds]
    for name, place in (("predictions", 0), ("truth", 1)):
        (folder / name).mkdir()
        for number, pair in enumerate(pairs):
            mask = Image.fromarray(pair[place].astype(np.uint8) * 255)
            mask.save(folder / name / f"ISIC_{number:07d}_Segmentation.png")
    return folder / "predictions", folder / "truth"


def _ellipse(shift: float) -> NDArray[np.bool_]:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    mask: NDArray[np.bool_] = ((y / SHAPE[0] - 0.5 - shift) / 0.3) ** 2 + ((x / SHAPE[1] - 0.5) / 0.25) ** 2 < 1
    return mask


if __name__ == "__main__":
    main()
