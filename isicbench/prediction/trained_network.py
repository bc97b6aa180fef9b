"""A completed run's network, for images that no mask belongs to."""

import numpy as np
import torch
from numpy.typing import NDArray

from isicbench import __version__
from isicbench.prediction.stream import Network
from isicbench.records import RunRecord
from isicbench.scheduling.trained_run import load_trained, weights_of
from isicbench.scoring.upsampling import Probabilities
from isicbench.store.store import Store
from isicbench.training.images import ResidentImages
from isicbench.training.inference import inference_batch, predict_probabilities


def open_network(store: Store, run: RunRecord, *, device: str) -> Network:
    """The run's network on a `device` (`cpu` or `cuda`), computing as it did when the test set was scored.

    Raises `ConfigError` for a run without a network, `WeightsError` where its weights are not those on record.
    """
    place = torch.device(device)
    segmenter = load_trained(store, run, device=place)

    def predict(images: NDArray[np.uint8]) -> Probabilities:
        # There are no masks; what predicts looks at nothing but their size.
        masks = np.zeros(images.shape[:3], np.uint8)
        ids = [str(row) for row in range(len(images))]
        data = ResidentImages.load(image_ids=ids, images=images, masks=masks, device=place)
        return predict_probabilities(segmenter, data)

    return Network(predict=predict, size_px=run.config.image_size_px, batch=inference_batch(place))


def origin_of(store: Store, run: RunRecord, *, threshold: float) -> str:
    """Which network, threshold and version a mask comes from, in one line."""
    _, sha256 = weights_of(store, run)
    return f"isicbench {__version__}: run {run.uid}, weights sha256 {sha256}, threshold {threshold:g}"
