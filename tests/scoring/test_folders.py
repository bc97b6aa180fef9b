"""Folders of another tool's masks: what is scored, and what is named as unsound."""

import numpy as np
import pytest
from PIL import Image

from isicbench.data.catalog import open_dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_MASKS
from isicbench.data.synthetic import write_synthetic
from isicbench.errors import DataError
from isicbench.scoring.folders import score_folder
from isicbench.scoring.predictions import open_predictions
from isicbench.scoring.truth import open_truth
from tests.scoring.mask_folders import blob, write_masks

SHAPE = (60, 80)
IDS = [f"ISIC_{number:07d}" for number in range(5)]


@pytest.fixture
def true(tmp_path):
    return write_masks(tmp_path / "true", {image_id: blob(SHAPE) for image_id in IDS})


@pytest.fixture
def predicted(tmp_path):
    return write_masks(tmp_path / "predicted", {image_id: blob(SHAPE, shift=0.05) for image_id in IDS})


def score(predicted, true, *, allow_missing=False, **options):
    truth = open_truth(true)
    return score_folder(open_predictions(predicted, truth, allow_missing=allow_missing), truth, **options)


def save(folder, image_id, values, mode=None):
    path = folder / f"{image_id}_Segmentation.png"
    image = Image.fromarray(values)
    (image.convert(mode) if mode else image).save(path)
    return path


def test_every_unsound_file_is_named_in_one_error(predicted, true):
    (predicted / f"{IDS[0]}_Segmentation.png").unlink()
    save(predicted, IDS[1], np.zeros((60, 79), np.uint8))
    save(predicted, IDS[2], blob(SHAPE).astype(np.uint8))
    save(predicted, IDS[3], ~blob(SHAPE))
    (predicted / f"{IDS[4]}_Segmentation.png").write_bytes(b"\x89PNG cut short")
    save(predicted, "ISIC_0009999", blob(SHAPE))
    with pytest.raises(DataError) as caught:
        score(predicted, true)
    message = caught.value.message
    assert "6 faults, so nothing was scored or recorded" in message
    for image_id, problem in (
        (IDS[0], "missing (--allow-missing scores it 0)"),
        (IDS[1], "is 79x60, its true mask 80x60"),
        (IDS[2], "its values are 0 and 1, all background by the scorer's rule (above 128): multiply them by 255"),
        (IDS[3], "looks inverted"),
        (IDS[4], "not an image file"),
        ("ISIC_0009999", "extra: there is no true mask of ISIC_0009999"),
    ):
        (line,) = [line for line in message.splitlines() if image_id in line]
        assert problem in line


def test_more_faults_than_a_screen_holds_are_all_named(tmp_path):
    ids = [f"ISIC_{number:07d}" for number in range(60)]
    true = write_masks(tmp_path / "true", {image_id: blob((6, 6)) for image_id in ids})
    predicted = write_masks(tmp_path / "predicted", {ids[0]: blob((6, 6))})
    with pytest.raises(DataError) as caught:
        score(predicted, true)
    assert all(image_id in caught.value.message for image_id in ids[1:])


@pytest.mark.parametrize(
    ("values", "mode", "problem"),
    [
        (np.full(SHAPE, 100, np.uint8), None, "holds 1 values other than 0 and 255, from 100 to 100"),
        (np.arange(4800, dtype=np.uint8).reshape(SHAPE), None, "for 8-bit probabilities give --threshold"),
        (np.zeros(SHAPE, np.uint8), "RGB", "is not single-channel 8-bit grey (its mode is RGB)"),
        (np.zeros(SHAPE, np.uint16), None, "is not single-channel 8-bit grey (its mode is I;16)"),
        (np.ones(SHAPE, np.uint8), None, "its values are 0 and 1"),
    ],
)
def test_values_that_are_no_mask_are_named(predicted, true, values, mode, problem):
    path = save(predicted, IDS[2], values, mode)
    with pytest.raises(DataError) as caught:
        score(predicted, true)
    assert f"{path}: " in caught.value.message
    assert problem in caught.value.message


def test_two_predictions_for_an_image_and_other_kinds_of_pictures_are_named(predicted, true):
    save(predicted, IDS[0], blob(SHAPE)).rename(predicted / f"{IDS[0]}.png")
    save(predicted, IDS[0], blob(SHAPE))
    Image.fromarray(blob(SHAPE)).convert("L").save(predicted / "ISIC_0000001.jpg")
    with pytest.raises(DataError) as caught:
        score(predicted, true)
    assert f"second prediction for {IDS[0]}" in caught.value.message
    assert "is a .jpg file, expected PNG" in caught.value.message


def test_jpeg_that_is_called_png_is_named(predicted, true):
    Image.fromarray(blob(SHAPE)).convert("L").save(predicted / f"{IDS[1]}_Segmentation.png", "JPEG")
    with pytest.raises(DataError, match="is a JPEG file, expected PNG"):
        score(predicted, true)


def test_names_without_the_ending_and_one_bit_pictures_score_alike(predicted, true, tmp_path):
    masks = {image_id: blob(SHAPE, shift=0.05) for image_id in IDS}
    plain = write_masks(tmp_path / "plain", masks, ending="")
    for path in plain.iterdir():
        Image.open(path).convert("1").save(path)
    assert score(plain, true).image_scores == score(predicted, true).image_scores


def test_threshold_takes_masks_as_probabilities(true, tmp_path):
    grey = {image_id: np.where(blob(SHAPE), 180, 60).astype(np.uint8) for image_id in IDS}
    predicted = write_masks(tmp_path / "grey", grey)
    assert score(predicted, true, threshold=0.5).iou == 1.0
    assert score(predicted, true, threshold=180 / 255).predicted_share == 0.0
    assert score(predicted, true, threshold=0.2).predicted_share == 1.0
    assert score(predicted, true, threshold=0.7).threshold == 0.7


def test_masks_of_0_and_1_are_named_although_they_could_be_probabilities(true, tmp_path):
    predicted = write_masks(tmp_path / "ones", {image_id: blob(SHAPE).astype(np.uint8) for image_id in IDS})
    with pytest.raises(DataError, match="5 faults") as caught:
        score(predicted, true, threshold=0.5)
    assert "its values are 0 and 1" in caught.value.message


def test_probabilities_that_are_all_low_are_no_fault_beside_others(true, tmp_path):
    grey = {image_id: np.where(blob(SHAPE), 180, 60).astype(np.uint8) for image_id in IDS}
    grey[IDS[0]] = np.ones(SHAPE, np.uint8)
    assert score(write_masks(tmp_path / "grey", grey), true, threshold=0.5).image_scores[0].iou == 0.0


def test_masks_that_look_inverted_can_be_scored_all_the_same(true, tmp_path):
    predicted = write_masks(tmp_path / "inverted", {image_id: ~blob(SHAPE) for image_id in IDS})
    with pytest.raises(DataError, match="5 faults"):
        score(predicted, true)
    assert score(predicted, true, allow_inverted=True).iou == 0.0


@pytest.mark.parametrize("predicts", [np.zeros, np.ones])
def test_predicting_nothing_or_everything_does_not_look_inverted(true, tmp_path, predicts):
    predicted = write_masks(tmp_path / "flat", {image_id: predicts(SHAPE, bool) for image_id in IDS})
    assert score(predicted, true).image_count == 5


def test_missing_prediction_scores_0_also_where_there_is_no_lesion(tmp_path):
    masks = {image_id: blob(SHAPE) for image_id in IDS} | {IDS[1]: np.zeros(SHAPE, bool)}
    true = write_masks(tmp_path / "true", masks)
    predicted = write_masks(tmp_path / "predicted", {image_id: masks[image_id] for image_id in IDS[2:]})
    evaluation = score(predicted, true, allow_missing=True)
    overlap = ("iou", "dice", "sensitivity", "specificity", "accuracy", "precision", "thresholded_iou", "boundary_iou")
    for image in evaluation.image_scores[:2]:
        assert [getattr(image, name) for name in overlap] == [0.0] * len(overlap)
        assert image.hausdorff95_px == 100.0
    assert evaluation.image_scores[0].false_negatives == blob(SHAPE).sum()
    assert evaluation.image_scores[1].true_negatives == 60 * 80
    assert evaluation.iou == pytest.approx(3 / 5)


def test_missing_predictions_never_score_better_than_empty_ones(tmp_path):
    masks = {IDS[0]: blob(SHAPE), IDS[1]: np.zeros(SHAPE, bool), IDS[2]: blob(SHAPE)}
    true = write_masks(tmp_path / "true", masks)
    some = write_masks(tmp_path / "some", {IDS[2]: blob(SHAPE)})
    empty = {IDS[0]: np.zeros(SHAPE, bool), IDS[1]: np.zeros(SHAPE, bool), IDS[2]: blob(SHAPE)}
    whole = score(write_masks(tmp_path / "whole", empty), true)
    part = score(some, true, allow_missing=True)
    for name in ("iou", "dice", "sensitivity", "specificity", "accuracy", "precision", "thresholded_iou"):
        assert getattr(part, name) <= getattr(whole, name)


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    root = tmp_path_factory.mktemp("layout")
    write_synthetic(root, train=2, test=2, seed=1)
    return root


@pytest.mark.parametrize(("part", "split"), [(TEST_MASKS, "test"), (TRAIN_MASKS, "train"), ("", "test")])
def test_masks_in_the_challenges_layout_are_that_dataset_and_split(layout, part, split):
    truth = open_truth(layout / part)
    assert truth.split == split
    assert truth.dataset.fingerprint == fingerprint(open_dataset("folder", data_dir=layout))
    assert sorted(truth.masks) == [p.image_id for p in dict(open_dataset("folder", data_dir=layout).splits)[split]]


def test_image_folder_of_the_layout_is_an_error_that_names_the_right_one(layout):
    with pytest.raises(DataError, match="holds the images, not their masks") as caught:
        open_truth(layout / TEST_IMAGES)
    assert TEST_MASKS in caught.value.hint


def test_folder_of_masks_alone_has_a_fingerprint_of_its_content(true, tmp_path):
    before = open_truth(true).dataset
    copied = write_masks(tmp_path / "copy", {image_id: blob(SHAPE) for image_id in IDS})
    assert open_truth(copied).dataset.fingerprint == before.fingerprint
    save(true, IDS[0], blob(SHAPE, shift=0.1))
    assert open_truth(true).dataset.fingerprint != before.fingerprint
    assert (before.train_count, before.test_count) == (0, 5)
    assert [image.image_id for image in before.images] == IDS


def test_true_mask_that_is_none_is_named(predicted, true):
    path = save(true, IDS[3], np.arange(4800, dtype=np.uint8).reshape(SHAPE))
    with pytest.raises(DataError) as caught:
        score(predicted, true)
    assert f"{path}: true mask holds 256 different values" in caught.value.message


@pytest.mark.parametrize("which", ["predictions", "truth"])
def test_folders_that_are_absent_or_hold_no_masks_are_clear_errors(predicted, true, tmp_path, which):
    (tmp_path / "nothing").mkdir()
    for folder, message in ((tmp_path / "absent", "no such folder"), (tmp_path / "nothing", "holds no")):
        folders = {"predicted": predicted, "true": true} | {"predicted" if which == "predictions" else "true": folder}
        with pytest.raises(DataError, match=message):
            score(**folders)
