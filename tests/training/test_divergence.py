import math

import pytest
import torch

from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.figures import CHECK_STEPS, RunningFigures, StepFigures
from isicbench.training.images import ColourTransform
from isicbench.training.learners import learner_for
from isicbench.training.loop import TrainingDivergedError, train

CPU = torch.device("cpu")


def config(**changes) -> Config:
    return Config(**{"weights": "random", "image_size_px": 64, "batch_size": 8, "epochs": 2, **changes})


def add(figures: RunningFigures, losses: list[float], norms: list[float]) -> None:
    figures.add(StepFigures(torch.tensor(losses), torch.tensor(norms)), images=2)


def test_the_error_tells_the_last_sound_step_and_the_first_unsound_one():
    figures = RunningFigures(2, device=CPU)
    add(figures, [0.5, 0.7], [1.0, 4.0])
    figures.begin_epoch(2)
    add(figures, [math.inf, 0.6], [7.0, 3.0])
    add(figures, [math.nan, 0.5], [math.nan, 2.0])
    error, sound = figures.divergence()
    assert sound is None
    assert (error.epoch, error.step) == (2, 1)
    assert error.last_loss == pytest.approx(0.5)
    assert (error.last_gradient_norm, error.gradient_norm) == (1.0, 7.0)
    assert figures.means()[1] == (pytest.approx(0.55), 3.0)


def test_a_gradient_that_is_not_finite_is_a_divergence_although_the_loss_is_finite():
    figures = RunningFigures(1, device=CPU)
    add(figures, [0.5], [math.nan])
    (error,) = figures.divergence()
    assert error.step == 1
    assert math.isnan(error.last_loss)


@pytest.mark.parametrize("frozen", [True, False])
def test_the_recorded_gradient_norm_is_the_largest_of_the_epoch(discs, frozen, lively):
    """One step an epoch, repeated by hand from the same weights."""
    settings = config(frozen=frozen, batch_size=16, epochs=1, augmentation="none")
    records = list(train(lively(settings, seed=0), settings, seed=0, training=discs, validation=discs))
    segmenter = lively(settings, seed=0)
    segmenter.train()
    colours = ColourTransform(mean=segmenter.encoder.mean, std=segmenter.encoder.std, device=CPU)
    logits = segmenter(colours.normalise(discs.images))[:, 0]
    torch.nn.functional.binary_cross_entropy_with_logits(logits, discs.masks.float()).backward()
    gradients = [p.grad.flatten() for p in segmenter.trainable_parameters()]
    (record,) = [r for r in records if isinstance(r, EpochRecord)]
    assert record.gradient_norm == pytest.approx(
        float(torch.cat(gradients).norm()), rel=1e-2
    )  # BatchNorm over few pixels spreads rounding


def test_a_diverged_training_stops_within_the_epoch(discs):
    settings = config(batch_size=1, learning_rate=1e30, epochs=3, frozen=True)
    twice = type(discs)(discs.image_ids * 2, discs.images.repeat(2, 1, 1, 1), discs.masks.repeat(2, 1, 1))
    records = train(build_segmenter(settings, seed=0), settings, seed=0, training=twice, validation=discs)
    steps = []
    with pytest.raises(TrainingDivergedError) as error:
        steps.extend(records)
    assert error.value.epoch == 1
    assert math.isfinite(error.value.last_loss)
    assert all(isinstance(record, StepRecord) for record in steps)
    assert len(steps) < CHECK_STEPS < len(twice)


def test_a_step_is_adams_on_the_mean_cross_entropy(discs, lively):
    """The frozen learner's fast way against torch's plain layers, over three steps."""
    settings = config(frozen=True)
    fast, plain = (lively(settings, seed=0) for _ in range(2))
    optimiser = torch.optim.Adam(plain.trainable_parameters(), lr=settings.learning_rate)
    learner = learner_for([fast], [settings])
    images = ColourTransform(mean=fast.encoder.mean, std=fast.encoder.std, device=CPU).normalise(discs.images)
    for _ in range(3):
        found = learner.step(images, discs.masks)
        optimiser.zero_grad()
        grid = plain.decoder.layers(plain.encoder.features(images))
        logits = torch.nn.functional.interpolate(grid, size=64, mode="bilinear", align_corners=False)[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, discs.masks.float())
        loss.backward()
        optimiser.step()
        assert float(found.losses[0]) == pytest.approx(loss.item(), rel=1e-4)
    for mine, theirs in zip(fast.trainable_parameters(), plain.trainable_parameters(), strict=True):
        assert (mine - theirs).abs().mean() < 1e-5
