"""Scores at the images' own size: the same as a plain loop over files, whatever the order and the threads."""

from dataclasses import fields

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from isicbench.data.catalog import open_dataset
from isicbench.data.images import read_full_mask
from isicbench.data.prepare import prepare
from isicbench.data.synthetic import write_synthetic
from isicbench.data.threads import map_within
from isicbench.evaluation.boundaries import boundary_iou, hausdorff95_px
from isicbench.records import ImageScore
from isicbench.scoring.original import score_at_input_size, score_at_original_size

THRESHOLD = 0.4
SCORES = [f.name for f in fields(ImageScore) if f.name != "image_id"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs")
    write_synthetic(root, train=1, test=6, seed=3)
    return open_dataset("folder", data_dir=root)


@pytest.fixture
def prepared(dataset):
    return prepare(dataset, size_px=64)


@pytest.fixture
def probabilities(prepared):
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.4, prepared.test.masks.shape)
    return np.stack(
        [gaussian_filter(mask + part, 3) for mask, part in zip(prepared.test.masks, noise, strict=True)]
    ).astype(np.float32)


def plain_scores(probabilities, true, image_id):
    height, width = true.shape
    upsampled = Image.fromarray(probabilities).resize((width, height), Image.Resampling.BILINEAR)
    predicted = np.asarray(upsampled) > THRESHOLD
    tp, fp = int((predicted & true).sum()), int((predicted & ~true).sum())
    fn, tn = int((~predicted & true).sum()), int((~predicted & ~true).sum())
    iou = tp / (tp + fp + fn)
    return ImageScore(
        image_id=image_id,
        iou=iou,
        dice=2 * tp / (2 * tp + fp + fn),
        true_positives=tp,
        false_positives=fp,
        false_negatives=fn,
        true_negatives=tn,
        sensitivity=tp / (tp + fn),
        specificity=tn / (tn + fp),
        accuracy=(tp + tn) / true.size,
        precision=tp / (tp + fp),
        thresholded_iou=iou if iou >= 0.65 else 0.0,
        boundary_iou=boundary_iou(predicted, true),
        hausdorff95_px=hausdorff95_px(predicted, true),
    )


def original(prepared, probabilities, **options):
    return score_at_original_size(
        probabilities,
        prepared.test,
        dataset_fingerprint=prepared.fingerprint,
        split_name="test",
        threshold=THRESHOLD,
        **options,
    )


def test_original_size_equals_a_plain_loop_over_the_files(dataset, prepared, probabilities):
    evaluation = original(prepared, probabilities)
    assert (evaluation.resolution, evaluation.split, evaluation.image_count) == ("original", "test", 6)
    expected = [
        plain_scores(values, read_full_mask(pair.mask).astype(bool), pair.image_id)
        for values, pair in zip(probabilities, dataset.test, strict=True)
    ]
    for found, plain in zip(evaluation.image_scores, expected, strict=True):
        assert found.image_id == plain.image_id
        for name in SCORES:
            assert getattr(found, name) == pytest.approx(getattr(plain, name), abs=1e-12), name
    for name in ("iou", "dice", "sensitivity", "precision", "boundary_iou", "hausdorff95_px"):
        assert getattr(evaluation, name) == pytest.approx(np.mean([getattr(plain, name) for plain in expected]))


def test_index_says_which_images_the_rows_belong_to(prepared, probabilities):
    whole = original(prepared, probabilities)
    part = original(prepared, probabilities[[4, 1]], index=np.array([4, 1]))
    assert part.image_scores == (whole.image_scores[4], whole.image_scores[1])


def test_rows_and_images_must_be_as_many(prepared, probabilities):
    with pytest.raises(ValueError, match="2 arrays of probabilities for 6 images"):
        original(prepared, probabilities[:2])


def test_boundaries_can_be_left_out_and_are_nan_then(prepared, probabilities):
    evaluation = original(prepared, probabilities, boundaries=False)
    assert np.isnan([evaluation.boundary_iou, evaluation.hausdorff95_px]).all()
    assert evaluation.iou == original(prepared, probabilities).iou


def test_progress_counts_the_images(prepared, probabilities):
    calls = []
    original(prepared, probabilities, progress=lambda *call: calls.append(call))
    assert calls == [("score", done, 6) for done in range(1, 7)]


def test_input_size_is_scored_against_the_stretched_masks(prepared, probabilities):
    evaluation = score_at_input_size(
        probabilities,
        prepared.test,
        dataset_fingerprint=prepared.fingerprint,
        split_name="test",
        threshold=THRESHOLD,
    )
    assert evaluation.resolution == "training"
    predicted, true = probabilities > THRESHOLD, prepared.test.masks.astype(bool)
    expected = (predicted & true).sum((1, 2)) / (predicted | true).sum((1, 2))
    assert [score.iou for score in evaluation.image_scores] == pytest.approx(expected)
    assert np.isfinite([evaluation.boundary_iou, evaluation.hausdorff95_px]).all()


def test_budget_bounds_what_is_at_work_at_once_and_keeps_the_order(monkeypatch):
    import threading

    monkeypatch.setattr("isicbench.data.threads.thread_count", lambda: 8)
    lock = threading.Lock()
    at_work, most = [], [0]

    def work(cost):
        with lock:
            at_work.append(cost)
            most[0] = max(most[0], sum(at_work))
        result = sum(range(10_000 * cost))
        with lock:
            at_work.remove(cost)
        return cost, result

    costs = [3, 4, 2, 9, 30, 1, 1, 5] * 5
    results = [cost for cost, _ in map_within(10, work, zip(costs, costs, strict=True))]
    assert results == costs
    assert most[0] <= 30  # the largest goes alone
    small = [cost for cost in costs if cost <= 10]
    most[0] = 0
    assert [cost for cost, _ in map_within(10, work, zip(small, small, strict=True))] == small
    assert most[0] <= 10
