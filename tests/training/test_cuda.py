"""The parts of training that are other on a GPU than on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from isicbench.config import Config
from isicbench.models.names import DECODERS
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.images import ResidentImages
from isicbench.training.loop import RunEvent, TrainingDivergedError, train, train_together
from isicbench.training.losses import LOSSES
from isicbench.training.optimisers import OPTIMISERS
from isicbench.training.state import TrainingState
from isicbench.training.streamed_images import StreamedImages

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible: pytest -m gpu"),
]


def on_gpu(data: ResidentImages) -> ResidentImages:
    return ResidentImages(data.image_ids, data.images.cuda(), data.masks.cuda())


def placed(settings: Config, *, seed: int, device: torch.device) -> Segmenter:
    return build_segmenter(settings, seed=seed).to(device).to(memory_format=torch.channels_last)


def losses(data: ResidentImages | StreamedImages, settings: Config) -> list[float]:
    segmenter = placed(settings, seed=0, device=data.device)
    records = list(train(segmenter, settings, seed=0, training=data, validation=data))
    return [r.train_loss for r in records if isinstance(r, EpochRecord)]


def config(**changes) -> Config:
    settings = {"weights": "random", "image_size_px": 64, "batch_size": 3, "epochs": 4, "learning_rate": 1e-3}
    return Config(**settings | changes)


@pytest.mark.parametrize("frozen", [True, False])
def test_graph_replays_and_the_smaller_last_batch_train_as_the_cpu_does(discs, frozen):
    settings = config(frozen=frozen)
    assert losses(on_gpu(discs), settings) == pytest.approx(losses(discs, settings), abs=2e-2)


CHANGES = [
    *({"decoder": name} for name in DECODERS),
    *({"loss": name} for name in LOSSES),
    *({"optimiser": name, "weight_decay": 0.01} for name in OPTIMISERS),
    *({"optimiser": name, "schedule": "one-cycle"} for name in OPTIMISERS),
    {"schedule": "cosine", "warmup_epochs": 1.0},
    {"clip_norm": 0.5},
    {"batch_parts": 3},
    {"encoder_rate_share": 0.1, "warmup_epochs": 1.0},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_every_recipe_is_captured_and_trains_as_without_a_graph(discs, changes, monkeypatch):
    settings = config(**{"epochs": 2, "learning_rate": 1e-4} | changes)
    replayed = losses(on_gpu(discs), settings)
    monkeypatch.setattr("isicbench.training.loop.graphed", lambda learner, config, *, device: learner.step)
    assert replayed == pytest.approx(losses(on_gpu(discs), settings), rel=2e-2)


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


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("streamed", [False, True])
def test_nothing_waits_for_the_device_between_an_epochs_steps(discs, frozen, streamed):
    data = as_streamed(discs) if streamed else on_gpu(discs)
    settings = config(frozen=frozen, batch_size=2)
    events = train(placed(settings, seed=0, device=data.device), settings, seed=0, training=data, validation=data)
    steps = 0
    for event in events:
        if isinstance(event, StepRecord) and event.epoch > 1 and event.step < event.steps:
            steps += 1
            with waiting_is_an_error():
                next(events)
    assert steps > 6


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def as_streamed(data: ResidentImages) -> StreamedImages:
    index = torch.arange(len(data)).numpy()
    return StreamedImages(data.images.numpy(), data.masks.numpy(), index, torch.device("cuda"))


def test_streamed_images_train_as_resident_ones(discs):
    assert losses(as_streamed(discs), config()) == pytest.approx(losses(on_gpu(discs), config()), abs=1e-3)


def test_runs_side_by_side_train_as_each_alone(discs):
    data = on_gpu(discs)
    configs = [config(frozen=True, data_seed=5, learning_rate=rate) for rate in (1e-3, 1e-4)]
    segmenters = [placed(settings, seed=seed, device=data.device) for seed, settings in enumerate(configs)]
    segmenters[1].encoder = segmenters[0].encoder
    events = list(train_together(segmenters, configs, data_seed=5, training=data, validation=data))
    for index, settings in enumerate(configs):
        together = [e.event.train_loss for e in events if e.index == index and isinstance(e.event, EpochRecord)]
        alone = train(
            placed(settings, seed=index, device=data.device), settings, seed=0, training=data, validation=data
        )
        assert together == pytest.approx([e.train_loss for e in alone if isinstance(e, EpochRecord)], abs=1e-3)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_training_goes_on_from_its_state_as_if_unbroken(discs, frozen):
    data, settings = on_gpu(discs), config(frozen=frozen)

    def events(resume_from: list[TrainingState] | None = None) -> Iterator[RunEvent]:
        segmenter = placed(settings, seed=0, device=data.device)
        return train_together(
            [segmenter], [settings], data_seed=0, training=data, validation=data, resume_from=resume_from
        )

    unbroken = [e.event.train_loss for e in events() if isinstance(e.event, EpochRecord)]
    for number, event in enumerate(events(), start=1):
        if number == 10:
            state = event.state()
            break
    assert state is not None
    resumed = [e.event.train_loss for e in events([state]) if isinstance(e.event, EpochRecord)]
    assert resumed == pytest.approx(unbroken[-len(resumed) :], abs=1e-3)


def test_a_divergence_within_a_graph_is_seen(discs):
    with pytest.raises(TrainingDivergedError) as error:
        losses(on_gpu(discs), config(learning_rate=1e30))
    assert (error.value.epoch, error.value.step) == (1, 2)
