"""Optimisers, schedules, clipping, and batches in parts."""

import io

import pytest
import torch

from isicbench.config import OPTIMISERS, Config
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.training.learners import learner_for
from isicbench.training.loop import train, train_together
from isicbench.training.schedule import FINAL_SHARE, rate_share
from isicbench.training.state import TrainingState


def config(**changes) -> Config:
    values = {"weights": "random", "image_size_px": 64, "batch_size": 4, "epochs": 2, "learning_rate": 1e-3}
    return Config(**values | changes)


def segmenter_for(settings: Config):
    return build_segmenter(settings, seed=0).to(memory_format=torch.channels_last)


def shares(**changes) -> list[float]:
    return [rate_share(config(epochs=10, **changes), done=done, steps=100) for done in range(100)]


def test_a_constant_rate_is_the_rate():
    assert set(shares()) == {1.0}


def test_warm_up_rises_from_near_zero_and_then_stays():
    found = shares(warmup_epochs=2)
    assert found[0] == pytest.approx(1 / 21)
    assert found[:20] == sorted(found[:20])
    assert set(found[20:]) == {1.0}


def test_cosine_falls_to_a_hundredth():
    found = shares(schedule="cosine")
    assert found[0] == 1
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(FINAL_SHARE, abs=1e-3)


def test_one_cycle_rises_for_three_tenths_and_falls_again():
    found = shares(schedule="one-cycle")
    assert found[0] == pytest.approx(FINAL_SHARE)
    assert max(found) == found[30] == 1
    assert found[-1] == pytest.approx(FINAL_SHARE, abs=1e-3)


RECIPES = [
    {"optimiser": "adamw", "weight_decay": 0.01, "schedule": "cosine", "warmup_epochs": 0.5},
    {"optimiser": "sgd", "schedule": "one-cycle", "clip_norm": 0.5},
    {"loss": "bce_dice", "decoder": "unet", "encoder": "resnet18", "encoder_rate_share": 0.1},
    {"loss": "dice", "frozen": True, "batch_parts": 2},
    {"unfreeze_at": 2, "accumulate": 2, "freeze_until": 4, "optimiser": "sgd", "schedule": "one-cycle"},
    {"unfreeze_at": 2, "ema_decay": 0.9, "encoder_rate_share": 0.1},
    {"accumulate": 3, "batch_parts": 2, "ema_decay": 0.5, "frozen": True},
    {"patience": 1, "keep": "best", "learning_rate": 0.03, "epochs": 4},
]


WITHIN_THE_SECOND_EPOCH = 6
"""Events before: an epoch has four steps and its own."""


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_training_that_goes_on_from_any_step_equals_the_unbroken_one_to_the_last_bit(discs, recipe):
    settings = config(**recipe)
    options = {"data_seed": 1, "training": discs, "validation": discs}
    whole = segmenter_for(settings)
    unbroken, states = [], {}
    for place, found in enumerate(train_together([whole], [settings], **options)):
        unbroken.append(found.event)
        if place in (0, WITHIN_THE_SECOND_EPOCH) or isinstance(found.event, EpochRecord):
            states[place] = found.state()
    for place in (0, WITHIN_THE_SECOND_EPOCH, len(unbroken) - 1):
        again = segmenter_for(settings)
        resumed = train_together([again], [settings], **options, resume_from=[revived(states[place])])
        rest, expected = [found.event for found in resumed], unbroken[place + 1 :]
        assert len(rest) == len(expected)
        assert losses(rest) == losses(expected)
        assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in whole.state_dict().items())


def losses(events) -> list[tuple[float, float]]:
    return [(event.train_loss, event.validation_loss) for event in events if isinstance(event, EpochRecord)]


def revived(state: TrainingState) -> TrainingState:
    """As it is after it was in a file."""
    file = io.BytesIO()
    torch.save(state.to_values(), file)
    file.seek(0)
    return TrainingState.from_values(torch.load(file, weights_only=True))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_lowers_the_loss(discs, optimiser):
    settings = config(
        optimiser=optimiser, epochs=4, image_size_px=discs.size[0], learning_rate=1e-2 if optimiser == "sgd" else 1e-3
    )
    events = train(segmenter_for(settings), settings, seed=1, training=discs, validation=discs)
    losses = [event.train_loss for event in events if isinstance(event, EpochRecord)]
    assert losses[-1] < losses[0]


def test_a_batch_in_parts_gives_the_gradients_of_the_whole_batch():
    """Of a frozen encoder: under BatchNorm the parts of a batch are normalised apart."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(5, 3, 64, 64, generator=generator)
    masks = (torch.rand(5, 64, 64, generator=generator) < 0.3).to(torch.uint8)
    norms = []
    for parts in (1, 2, 4):
        settings = config(frozen=True, loss="focal", batch_parts=parts)
        norms.append(float(learner_for([segmenter_for(settings)], [settings]).step(images, masks).gradient_norms))
    assert norms[1:] == pytest.approx([norms[0]] * 2, rel=1e-4)


def test_clipping_shortens_the_step_and_reports_the_norm_before_it():
    images, masks = torch.randn(2, 3, 64, 64), torch.ones(2, 64, 64, dtype=torch.uint8)
    moved, norms = [], []
    for clip in (0.0, 1e-4):
        settings = config(optimiser="sgd", clip_norm=clip)
        segmenter = segmenter_for(settings)
        before = segmenter.decoder.layers[2].weight.detach().clone()
        norms.append(float(learner_for([segmenter], [settings]).step(images, masks).gradient_norms))
        moved.append(float((segmenter.decoder.layers[2].weight.detach() - before).norm()))
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)
    assert moved[1] < 0.1 * moved[0]


def test_the_encoder_learns_at_its_own_share_of_the_rate():
    settings = config(optimiser="adam", encoder_rate_share=0.01)
    optimiser = learner_for([segmenter_for(settings)], [settings]).optimiser
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([1e-5, 1e-3])


def test_the_recorded_rate_is_that_of_the_epochs_last_step(discs):
    settings = config(schedule="cosine", image_size_px=discs.size[0])
    events = train(segmenter_for(settings), settings, seed=1, training=discs, validation=discs)
    rates = [event.learning_rate for event in events if isinstance(event, EpochRecord)]
    assert rates[0] > rates[1] > 0
