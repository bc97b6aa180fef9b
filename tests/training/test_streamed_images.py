"""Images beyond the memory: streamed from disk, with the results that resident ones give."""

import numpy as np
import pytest
import torch

from isicbench.config import Config
from isicbench.data.catalog import open_folder
from isicbench.data.prepare import prepare
from isicbench.data.synthetic import write_synthetic
from isicbench.errors import ConfigError
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.training.images import ResidentImages
from isicbench.training.inference import predict_probabilities
from isicbench.training.loop import train
from isicbench.training.placement import image_budget_bytes, place_images
from isicbench.training.streamed_images import StreamedImages

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def split(tmp_path_factory, shared_home):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("ISICBENCH_HOME", str(shared_home))
    folder = tmp_path_factory.mktemp("pairs")
    write_synthetic(folder, train=11, test=1, seed=4)
    yield prepare(open_folder(folder), size_px=64).train
    monkeypatch.undo()


def trained(images, *, frozen: bool):
    config = Config(weights="random", frozen=frozen, epochs=2, batch_size=4, image_size_px=64)
    segmenter = build_segmenter(config, seed=0).to(memory_format=torch.channels_last)
    events = train(segmenter, config, seed=0, training=images, validation=images)
    epochs = [event for event in events if isinstance(event, EpochRecord)]
    losses = [(epoch.train_loss, epoch.validation_loss, epoch.validation_dice) for epoch in epochs]
    return losses, segmenter.state_dict(), predict_probabilities(segmenter, images)


@pytest.mark.parametrize("frozen", [True, False])
def test_streamed_training_equals_resident_training_to_the_last_bit(split, monkeypatch, frozen):
    index = np.array([0, 2, 3, 5, 6, 7, 8, 9, 10])
    monkeypatch.setenv("ISICBENCH_IMAGE_MEMORY_MIB", "0.01")
    streamed = place_images(split, index=index, device=CPU)
    monkeypatch.setenv("ISICBENCH_IMAGE_MEMORY_MIB", "100")
    resident = place_images(split, index=index, device=CPU)
    assert isinstance(streamed, StreamedImages)
    assert isinstance(resident, ResidentImages)
    losses, weights, probabilities = trained(streamed, frozen=frozen)
    expected_losses, expected_weights, expected_probabilities = trained(resident, frozen=frozen)
    assert losses == expected_losses
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected_weights.items())
    assert np.array_equal(probabilities, expected_probabilities)


def test_the_budget_counts_only_the_images_that_are_asked_for(split, monkeypatch):
    mib_an_image = 64 * 64 * 4 / 2**20
    monkeypatch.setenv("ISICBENCH_IMAGE_MEMORY_MIB", str(3 * mib_an_image))
    assert isinstance(place_images(split, index=np.arange(3), device=CPU), ResidentImages)
    assert isinstance(place_images(split, index=np.arange(4), device=CPU), StreamedImages)


def test_without_a_setting_part_of_the_free_memory_is_used(monkeypatch):
    monkeypatch.delenv("ISICBENCH_IMAGE_MEMORY_MIB", raising=False)
    assert 2**20 < image_budget_bytes(CPU) < 2**50


@pytest.mark.parametrize("setting", ["", "much", "-1", "nan", "inf"])
def test_a_setting_that_is_no_number_is_one_clear_error(monkeypatch, setting):
    monkeypatch.setenv("ISICBENCH_IMAGE_MEMORY_MIB", setting)
    with pytest.raises(ConfigError, match="no number of MiB"):
        image_budget_bytes(CPU)
