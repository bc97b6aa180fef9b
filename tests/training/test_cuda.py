"""The parts of training that are other on a GPU than on a CPU."""

import pytest
import torch

from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.training.images import ResidentImages
from isicbench.training.loop import TrainingDivergedError, train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible: pytest -m gpu"),
]


def on_gpu(data: ResidentImages) -> ResidentImages:
    return ResidentImages(data.image_ids, data.images.cuda(), data.masks.cuda())


def losses(data: ResidentImages, settings: Config) -> list[float]:
    segmenter = build_segmenter(settings, seed=0).to(data.device).to(memory_format=torch.channels_last)
    records = list(train(segmenter, settings, seed=0, training=data, validation=data))
    return [r.train_loss for r in records if isinstance(r, EpochRecord)]


def config(**changes) -> Config:
    settings = {"weights": "random", "image_size_px": 64, "batch_size": 3, "epochs": 4, "learning_rate": 1e-3}
    return Config(**settings | changes)


@pytest.mark.parametrize("frozen", [True, False])
def test_graph_replays_and_the_smaller_last_batch_train_as_the_cpu_does(discs, frozen):
    settings = config(frozen=frozen)
    assert losses(on_gpu(discs), settings) == pytest.approx(losses(discs, settings), abs=2e-2)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_an_encoder_that_is_unfrozen_gets_a_graph_of_its_own_and_averaged_weights_leave_it_whole(discs, optimiser):
    settings = config(unfreeze_at=3, freeze_until=4, ema_decay=0.9, optimiser=optimiser)
    assert losses(on_gpu(discs), settings) == pytest.approx(losses(discs, settings), abs=2e-2)


def test_gathered_steps_train_as_on_the_cpu(discs):
    settings = config(accumulate=2, clip_norm=1.0)
    assert losses(on_gpu(discs), settings) == pytest.approx(losses(discs, settings), abs=2e-2)


def test_bf16_is_near_fp32(discs):
    data = on_gpu(discs)
    assert losses(data, config(precision="bf16")) == pytest.approx(losses(data, config()), abs=5e-2)


def test_a_divergence_within_a_graph_is_seen(discs):
    with pytest.raises(TrainingDivergedError) as error:
        losses(on_gpu(discs), config(learning_rate=1e30))
    assert (error.value.epoch, error.value.step) == (1, 2)
