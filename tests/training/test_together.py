"""Runs that train side by side against the same runs alone."""

import pytest
import torch

from isicbench.config import Config
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.loop import TrainingDivergedError, train, train_together
from isicbench.training.sharing import sharing_key

SEEDS = (3, 4, 5)


def config(**changes) -> Config:
    settings = {"weights": "random", "frozen": True, "data_seed": 9, "image_size_px": 64, "batch_size": 6, "epochs": 3}
    return Config(**settings | changes)


def figures(record: EpochRecord) -> tuple[float, ...]:
    """What must be equal: everything but the time it took."""
    losses = (record.train_loss, record.validation_loss, record.gradient_norm)
    return (*losses, record.validation_iou, record.validation_dice, record.learning_rate)


def side_by_side(lively, configs, data):
    segmenters = [lively(c, seed=seed) for c, seed in zip(configs, SEEDS, strict=True)]
    events = list(train_together(segmenters, configs, data_seed=9, training=data, validation=data))
    return segmenters, events


def test_each_run_is_equal_to_the_run_alone(discs, lively):
    configs = [config(learning_rate=rate) for rate in (1e-3, 1e-3, 3e-3)]
    segmenters, events = side_by_side(lively, configs, discs)
    for index, (settings, seed) in enumerate(zip(configs, SEEDS, strict=True)):
        alone = lively(settings, seed=seed)
        records = list(train(alone, settings, seed=seed, training=discs, validation=discs))
        together = [event.event for event in events if event.index == index]
        assert [r for r in together if isinstance(r, StepRecord)] == [r for r in records if isinstance(r, StepRecord)]
        pairs = [[figures(r) for r in these if isinstance(r, EpochRecord)] for these in (together, records)]
        assert pairs[0] == pairs[1]
        states = zip(alone.state_dict().values(), segmenters[index].state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for a, b in states)


def test_a_run_that_diverges_leaves_the_others_as_they_are(discs, lively):
    configs = [config(learning_rate=rate) for rate in (1e-3, 1e30, 1e-3)]
    _, events = side_by_side(lively, configs, discs)
    (error,) = [event for event in events if isinstance(event.event, TrainingDivergedError)]
    assert error.index == 1
    assert all(event.index != 1 for event in events[events.index(error) + 1 :])
    _, sound = side_by_side(lively, [config()] * 3, discs)
    for index in (0, 2):
        records = [
            [figures(e.event) for e in these if e.index == index and isinstance(e.event, EpochRecord)]
            for these in (events, sound)
        ]
        assert len(records[0]) == 3
        assert records[0] == records[1]


def test_only_frozen_runs_on_the_same_data_share_a_key():
    key = sharing_key(config(), seed=0)
    assert key is not None
    assert sharing_key(config(learning_rate=1.0), seed=1) == key
    for other in (config(data_seed=8), config(batch_size=7), config(epochs=4), config(augmentation="none")):
        assert sharing_key(other, seed=0) != key
    assert sharing_key(config(frozen=False), seed=0) is None
    without = config(data_seed=None)
    assert sharing_key(without, seed=0) != sharing_key(without, seed=1)


def test_runs_that_cannot_share_are_refused(discs, lively):
    for configs in ([config(), config(batch_size=5), config()], [config(frozen=False)] * 3):
        with pytest.raises(ValueError, match="cannot share"):
            side_by_side(lively, configs, discs)
    with pytest.raises(ValueError, match="encoders differ"):
        side_by_side(lively, [config(data_seed=None)] * 3, discs)
