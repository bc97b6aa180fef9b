"""What is frozen for a while or in part, averaged weights, an early stop, gathered gradients.

That each of them goes on from a checkpoint stands in `test_recipes`.
"""

import copy
from dataclasses import replace

import pytest
import torch

from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.evaluation.chosen_epoch import merit, scored_epoch
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.scheduling.group import Group, copied_state, count_changed
from isicbench.training.inference import measure
from isicbench.training.learners import learner_for
from isicbench.training.loop import train


def config(**changes) -> Config:
    values = {"weights": "random", "image_size_px": 64, "batch_size": 6, "epochs": 3, "learning_rate": 1e-3}
    return Config(**values | changes)


def segmenter_for(settings: Config):
    return build_segmenter(settings, seed=0).to(memory_format=torch.channels_last)


def trained(discs, settings: Config):
    segmenter = segmenter_for(settings)
    events = list(train(segmenter, settings, seed=1, training=discs, validation=discs))
    return segmenter, [event for event in events if isinstance(event, EpochRecord)]


def state_of(module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def changed(module, before) -> set[str]:
    return {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}


@pytest.mark.parametrize("encoder", ["mobilenet_v2", "convnext_tiny", "timm:resnet10t", "timm:densenet121"])
def test_stages_up_to_a_stride_stay_as_they_are_and_the_others_train(encoder):
    pytest.importorskip("timm") if encoder.startswith("timm:") else None
    settings = config(encoder=encoder, freeze_until=8)
    segmenter = build_segmenter(settings, seed=0).train()
    before, still = state_of(segmenter), segmenter.encoder.frozen_state()
    learner = learner_for([segmenter], [settings])
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        learner.step(images, torch.ones(2, 64, 64, dtype=torch.uint8))
    moved = changed(segmenter, before)
    assert still
    assert not {f"encoder.{name}" for name in still} & moved
    trains = {f"encoder.{name}" for name in segmenter.encoder.state_dict()} - {f"encoder.{name}" for name in still}
    assert trains <= moved
    reader = copy.deepcopy(segmenter.encoder)
    assert any(module.training for module in reader.features.modules())
    assert not any(module.training for module in reader._still.modules)


def test_what_gives_the_frozen_map_gives_the_same_in_training_and_evaluation():
    """Dropout and stochastic depth before it are off."""
    segmenter = build_segmenter(config(encoder="efficientnet_b0", decoder="unet", freeze_until=16), seed=0)
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    training, evaluating = segmenter.train().encoder(images), segmenter.eval().encoder(images)
    same = [torch.equal(a, b) for a, b in zip(training, evaluating, strict=True)]
    assert same == [True, True, True, True, False]


def test_a_tensor_that_moved_while_it_was_frozen_is_found():
    in_part = build_segmenter(config(freeze_until=4), seed=0)
    at_first = build_segmenter(config(unfreeze_at=2), seed=0)
    still, first = in_part.encoder.frozen_state(), copied_state(at_first.encoder)
    with torch.no_grad():
        in_part.encoder.features[1].conv[0][1].running_mean.add_(1)
        at_first.encoder.features[18][0].weight.add_(1)
    assert count_changed(in_part.encoder, still) == 1
    empty = {"data_seed": 0, "prepared": None, "training": None, "validation": None, "frozen_state": {}}
    with pytest.raises(ValueError, match="1 tensors of the encoder changed while it was frozen"):
        Group(segmenters=[at_first], first_state=first, **empty).require_unmoved()


def test_a_stride_without_a_map_is_an_error_that_names_those_with_one():
    for encoder, stride, known in (("mobilenet_v2", 32, "2, 4, 8, 16"), ("convnext_tiny", 2, "4, 8, 16")):
        with pytest.raises(ConfigError) as raised:
            build_segmenter(config(encoder=encoder, freeze_until=stride), seed=0)
        assert known in raised.value.hint


def test_a_frozen_encoder_has_nothing_to_unfreeze():
    for changes in ({"freeze_until": 8}, {"unfreeze_at": 2}):
        with pytest.raises(ConfigError, match="frozen"):
            config(frozen=True, **changes)


def test_an_encoder_is_as_it_was_until_the_epoch_that_unfreezes_it(discs):
    settings = config(unfreeze_at=3)
    segmenter = segmenter_for(settings)
    before = state_of(segmenter.encoder)
    decoder = state_of(segmenter.decoder)
    for event in train(segmenter, settings, seed=1, training=discs, validation=discs):
        moved = changed(segmenter.encoder, before)
        if event.epoch < 3:
            assert segmenter.frozen
            assert not moved
            assert changed(segmenter.decoder, decoder) == set(decoder)
        else:
            assert moved == set(before)


def test_before_it_is_unfrozen_it_trains_as_a_frozen_one(discs):
    frozen, staged = (trained(discs, config(weight_decay=0.01, **c))[1] for c in ({"frozen": True}, {"unfreeze_at": 3}))
    for left, right in zip(frozen[:2], staged[:2], strict=True):
        assert left.train_loss == pytest.approx(right.train_loss, rel=1e-5)
    assert frozen[2].train_loss != pytest.approx(staged[2].train_loss, rel=1e-3)


def test_gathered_gradients_are_those_of_one_large_batch(discs):
    """Of a frozen encoder: under BatchNorm the steps' images are normalised apart."""
    one, gathered = (
        trained(discs, config(frozen=True, loss="focal", **c))[0]
        for c in ({"batch_size": 12}, {"batch_size": 4, "accumulate": 3})
    )
    for name, tensor in one.decoder.state_dict().items():
        assert torch.allclose(tensor, gathered.decoder.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_averaged_weights_are_validated_and_left_in_the_network(discs):
    settings = config(ema_decay=0.99)
    segmenter, ends = trained(discs, settings)
    plain, _ = trained(discs, replace(settings, ema_decay=0.0))
    assert changed(segmenter, state_of(plain)) >= {"decoder.layers.2.weight", "encoder.features.0.0.weight"}
    assert measure(segmenter, discs, threshold=0.5).loss == ends[-1].validation_loss


def test_the_average_is_that_of_its_definition(discs):
    settings = config(ema_decay=0.6, frozen=True, epochs=2, accumulate=2)
    segmenter = segmenter_for(settings)
    weight = segmenter.decoder.layers[2].weight
    average, changes = weight.detach().clone(), 0
    for event in train(segmenter, settings, seed=1, training=discs, validation=discs):
        if not isinstance(event, EpochRecord) and event.step in (2, 3):  # of 3: the last one stands alone
            changes += 1
            decay = min(0.6, changes / (changes + 9))
            average = decay * average + (1 - decay) * weight.detach()
    assert torch.allclose(weight, average, atol=1e-6)


def test_the_best_epochs_weights_are_kept_where_they_are_asked_for(discs):
    settings = config(learning_rate=0.03, keep="best")
    segmenter, ends = trained(discs, settings)
    best = scored_epoch(settings, ends)
    assert best == max(ends, key=merit)
    assert best.epoch < ends[-1].epoch
    assert measure(segmenter, discs, threshold=0.5).loss == best.validation_loss
    last, _ = trained(discs, replace(settings, keep="last"))
    assert measure(last, discs, threshold=0.5).loss == ends[-1].validation_loss


def test_a_training_ends_once_no_epoch_was_better_for_so_long(discs):
    ends = trained(discs, config(learning_rate=0.03, epochs=6, patience=2))[1]
    best = max(ends, key=merit)
    assert best.epoch == 2
    assert ends[-1].epoch == 4


def test_nothing_is_chosen_on_the_test_set():
    for changes in ({"patience": 1}, {"keep": "best"}, {"folds": 5, "fold": 1}):
        with pytest.raises(ConfigError, match="test"):
            config(validate_on="test", **changes)
