"""isicbench's scores are those of the challenge's official scorer, image by image and in the mean."""

import numpy as np
import pytest
from isic_challenge_scoring import SegmentationScore
from isic_challenge_scoring.load_image import iter_image_pairs

from isicbench.scoring.folders import score_folder
from isicbench.scoring.predictions import open_predictions
from isicbench.scoring.truth import open_truth
from tests.scoring.mask_folders import blob, nasty_pairs, write_masks

NAMES = {
    "jaccard": "iou",
    "dice": "dice",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "threshold_jaccard": "thresholded_iou",
}
"""The official scorer's names and ours."""


def score(predictions, truth, **options):
    opened = open_truth(truth)
    return score_folder(open_predictions(predictions, opened), opened, **options)


def random_pairs(count=40):
    random = np.random.default_rng(7)
    pairs = {}
    for number in range(count):
        shape = tuple(random.integers(1, 90, 2))
        true = blob(shape, shift=random.uniform(-0.2, 0.2), scale=random.uniform(0.3, 1.5))
        predicted = true ^ (random.random(shape) < random.choice([0.0, 0.01, 0.2]))
        pairs[f"ISIC_{number:07d}"] = (np.roll(predicted, random.integers(0, 5), axis=0), true)
    return pairs


@pytest.fixture(scope="module", params=[nasty_pairs, random_pairs], ids=lambda make: make.__name__)
def folders(request, tmp_path_factory):
    pairs = request.param()
    root = tmp_path_factory.mktemp("masks")
    return tuple(
        write_masks(root / name, {image_id: pair[place] for image_id, pair in pairs.items()})
        for place, name in enumerate(("predicted", "true"))
    )


def test_means_equal_the_official_scorers(folders):
    predicted, true = folders
    official = SegmentationScore.from_dir(true, predicted)
    ours = score(predicted, true)
    for theirs, name in NAMES.items():
        assert getattr(ours, name) == pytest.approx(official.macro_average[theirs], abs=1e-6), name
    assert ours.thresholded_iou == pytest.approx(official.overall, abs=1e-6)


def test_every_image_scores_what_it_scores_officially(folders):
    predicted, true = folders
    ours = {image.image_id: image for image in score(predicted, true).image_scores}
    for pair in iter_image_pairs(true, predicted):
        official = SegmentationScore([pair]).macro_average
        for theirs, name in NAMES.items():
            assert getattr(ours[pair.image_id], name) == pytest.approx(official[theirs], abs=1e-6), (
                pair.image_id,
                name,
            )
    assert len(ours) == len(list(true.iterdir()))


def test_grey_probabilities_above_128_are_what_the_official_scorer_takes_as_lesion(tmp_path):
    random = np.random.default_rng(3)
    ids = [f"ISIC_{number:07d}" for number in range(6)]
    grey = {image_id: random.integers(0, 256, (40, 50)).astype(np.uint8) for image_id in ids}
    grey[ids[0]][:, :25] = 128
    grey[ids[1]][:, :25] = 129
    predicted = write_masks(tmp_path / "predicted", grey)
    true = write_masks(tmp_path / "true", {image_id: blob((40, 50)) for image_id in ids})
    official = SegmentationScore.from_dir(true, predicted)
    ours = score(predicted, true, threshold=128 / 255)
    for theirs, name in NAMES.items():
        assert getattr(ours, name) == pytest.approx(official.macro_average[theirs], abs=1e-6), name


def test_real_masks_agree(sample_data, tmp_path):
    root = sample_data / "isic_sample"
    if not root.is_dir():
        pytest.skip(f"{root} is not there")
    truth = open_truth(root)
    shifted = {image_id: np.roll(_read(path), 9, axis=0) for image_id, path in truth.masks.items()}
    predicted = write_masks(tmp_path / "predicted", shifted)
    official = SegmentationScore.from_dir(truth.folder, predicted)
    ours = score(predicted, root)
    assert ours.split == "test"
    for theirs, name in NAMES.items():
        assert getattr(ours, name) == pytest.approx(official.macro_average[theirs], abs=1e-6), name


def _read(path):
    from isicbench.data.images import read_full_mask

    return read_full_mask(path).astype(bool)
