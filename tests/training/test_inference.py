import numpy as np
import pytest
import torch

from isicbench.config import Config
from isicbench.evaluation.metrics import Confusion, dice, iou
from isicbench.models.segmenter import build_segmenter
from isicbench.training import inference
from isicbench.training.images import ColourTransform
from isicbench.training.inference import Measurement, count_pixels, measure, predict_probabilities
from isicbench.training.loop import train


@pytest.fixture
def segmenter(discs):
    """One that has seen a few steps, so that its probabilities differ from pixel to pixel."""
    config = Config(weights="random", image_size_px=64, batch_size=8, epochs=3)
    fresh = build_segmenter(config, seed=0)
    list(train(fresh, config, seed=0, training=discs, validation=discs))
    return fresh


def test_counts_add_up_to_the_images_pixels_and_match_a_plain_loop():
    generator = torch.Generator().manual_seed(0)
    predicted, true = (torch.rand(5, 9, 7, generator=generator) < 0.4 for _ in range(2))
    counts = count_pixels(predicted, true)
    assert counts.sum(1).tolist() == [63] * 5
    for row, p, t in zip(counts.tolist(), predicted.numpy(), true.numpy(), strict=True):
        assert row == [(p & t).sum(), (p & ~t).sum(), (~p & t).sum(), (~p & ~t).sum()]


def test_measured_scores_are_those_of_the_thresholded_probabilities(segmenter, discs):
    probabilities = predict_probabilities(segmenter, discs)
    threshold = float(np.median(probabilities))
    measured = measure(segmenter, discs, threshold=threshold)
    counts = count_pixels(torch.from_numpy(probabilities > threshold), discs.masks.bool())
    expected = Confusion.from_columns(counts.numpy())
    assert np.allclose(iou(measured.confusion), iou(expected), atol=1e-3)
    assert np.allclose(dice(measured.confusion), dice(expected), atol=1e-3)
    bce = torch.nn.functional.binary_cross_entropy(torch.from_numpy(probabilities), discs.masks.float())
    assert measured.loss == pytest.approx(float(bce), abs=1e-4)


def test_measuring_changes_nothing_in_the_segmenter(segmenter, discs):
    segmenter.train()
    before = {name: tensor.clone() for name, tensor in segmenter.state_dict().items()}
    measure(segmenter, discs, threshold=0.5)
    assert segmenter.training
    assert all(torch.equal(before[name], tensor) for name, tensor in segmenter.state_dict().items())


@pytest.mark.parametrize("frozen", [True, False])
def test_every_batch_of_a_pass_is_told_also_of_the_first_whose_features_are_kept(frozen, discs, monkeypatch):
    monkeypatch.setattr(inference, "INFERENCE_BATCH", 3)
    batches = -(-len(discs) // 3)
    segmenter = build_segmenter(Config(weights="random", frozen=frozen, image_size_px=64), seed=0)
    measurement, told = Measurement([segmenter], discs), []
    passes = [measurement.take([0.5], moved=lambda: told.append(len(told)))[0].loss for _ in range(2)]
    assert passes[0] == passes[1]
    assert len(told) == 2 * batches
    predict_probabilities(segmenter, discs, moved=lambda: told.append(len(told)))
    assert len(told) == 3 * batches


def test_scores_through_the_engine_are_the_plain_networks_to_three_decimals(discs, lively):
    config = Config(weights="random", frozen=True, image_size_px=64, batch_size=4, epochs=4, learning_rate=3e-3)
    segmenter = lively(config, seed=0)
    list(train(segmenter, config, seed=0, training=discs, validation=discs))
    threshold = float(np.median(predict_probabilities(segmenter, discs)))
    measured = measure(segmenter, discs, threshold=threshold)
    encoder = segmenter.encoder
    images = ColourTransform(mean=encoder.mean, std=encoder.std, device=discs.device).normalise(discs.images)
    with torch.inference_mode():
        grid = segmenter.decoder.layers(encoder.features(images))
        plain = torch.nn.functional.interpolate(grid, size=64, mode="bilinear", align_corners=False)[:, 0]
    expected = Confusion.from_columns(count_pixels(plain.sigmoid() > threshold, discs.masks.bool()).numpy())
    assert np.mean(iou(measured.confusion)) == pytest.approx(np.mean(iou(expected)), abs=5e-4)
    assert np.mean(dice(measured.confusion)) == pytest.approx(np.mean(dice(expected)), abs=5e-4)
    assert 0.05 < np.mean(iou(expected)) < 0.95
