import math

import numpy as np
import pytest
import torch

from isicbench.config import Config
from isicbench.evaluation.diagnosis import entropy
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.images import ResidentImages
from isicbench.training.loop import TrainingDivergedError, train


def config(**changes) -> Config:
    return Config(**{"weights": "random", "image_size_px": 64, "batch_size": 8, "epochs": 2, **changes})


def trained(settings: Config, data, seed: int = 0):
    segmenter = build_segmenter(settings, seed=seed).to(memory_format=torch.channels_last)
    records = list(train(segmenter, settings, seed=seed, training=data, validation=data))
    return segmenter, records


def figures(records) -> list[tuple[float, ...]]:
    """What must repeat: everything but the time it took."""
    return [
        (r.train_loss, r.validation_loss, r.validation_iou, r.validation_dice, r.foreground_share)
        for r in records
        if isinstance(r, EpochRecord)
    ]


def test_steps_and_epochs_come_in_order(discs):
    _, records = trained(config(), discs)
    steps = [StepRecord(epoch=e, step=s, steps=2) for e in (1, 2) for s in (1, 2)]
    assert [r for r in records if isinstance(r, StepRecord)] == steps
    assert [(i, r.epoch) for i, r in enumerate(records) if isinstance(r, EpochRecord)] == [(2, 1), (5, 2)]


def test_training_learns_more_than_the_share_of_the_discs(discs):
    _, records = trained(config(epochs=12, learning_rate=3e-3, augmentation="none"), discs)
    losses = [r.train_loss for r in records if isinstance(r, EpochRecord)]
    assert losses[-1] < entropy(float(discs.masks.float().mean()))


def test_a_repeated_seed_gives_the_same_bits_and_another_seed_does_not(discs):
    first, first_records = trained(config(), discs, seed=1)
    again, again_records = trained(config(), discs, seed=1)
    _, other_records = trained(config(), discs, seed=2)
    assert figures(first_records) == figures(again_records)
    states = zip(first.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)
    assert figures(first_records) != figures(other_records)


def test_frozen_encoder_is_bit_equal_after_training_and_the_decoder_is_not(discs):
    settings = config(frozen=True)
    before = build_segmenter(settings, seed=0).state_dict()
    after = trained(settings, discs)[0].state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"decoder.layers.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")}


def test_fine_tuning_moves_the_encoder_and_its_batchnorm_statistics(discs):
    before = build_segmenter(config(), seed=0).state_dict()
    after = trained(config(), discs)[0].state_dict()
    for name in ("encoder.features.0.0.weight", "encoder.features.0.1.running_mean"):
        assert not torch.equal(before[name], after[name])


def test_a_loss_that_is_not_finite_ends_the_training_and_tells_the_step(discs):
    settings = config(learning_rate=1e30)
    with pytest.raises(TrainingDivergedError) as error:
        trained(settings, discs)
    assert (error.value.epoch, error.value.step) == (1, 2)


def test_recorded_figures_are_finite_and_within_their_ranges(discs):
    _, records = trained(config(), discs)
    for record in (r for r in records if isinstance(r, EpochRecord)):
        assert math.isfinite(record.train_loss)
        assert 0 <= record.validation_iou <= record.validation_dice <= 1
        assert 0 <= record.foreground_share <= 1
        assert record.images_per_second > 0


@pytest.mark.parametrize("size", [32, 64])
def test_a_single_image_that_remains_is_trained_on_at_every_size(size):
    rng = np.random.default_rng(0)
    data = ResidentImages.load(
        image_ids=[str(number) for number in range(5)],
        images=rng.integers(0, 256, (5, size, size, 3), dtype=np.uint8),
        masks=rng.integers(0, 2, (5, size, size), dtype=np.uint8),
        device=torch.device("cpu"),
    )
    settings = Config(weights="random", epochs=1, batch_size=4, image_size_px=size)
    segmenter = build_segmenter(settings, seed=0)
    events = list(train(segmenter, settings, seed=0, training=data, validation=data))
    assert isinstance(events[-1], EpochRecord)
    assert len(events) == (2 if size == 32 else 3)
