"""What a group watches of its frozen encoder."""

import torch

from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from isicbench.scheduling.group import copied_state, count_changed


def test_batchnorm_statistics_that_drift_in_a_frozen_encoder_are_counted():
    segmenter = build_segmenter(Config(weights="random", frozen=True, image_size_px=64), seed=0)
    encoder = segmenter.encoder
    before = copied_state(encoder)
    segmenter.train()
    segmenter(torch.rand(2, 3, 64, 64))
    assert count_changed(encoder, before) == 0
    encoder.features.train()  # what `freeze_encoder` elsewhere leaves on
    encoder.features(torch.rand(2, 3, 64, 64))
    means = sum(name.endswith("running_mean") for name in before)
    assert count_changed(encoder, before) >= 2 * means > 0
