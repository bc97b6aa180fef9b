import numpy as np
import pytest
import torch

from isicbench.config import Config
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.training.images import ResidentImages


@pytest.fixture
def discs() -> ResidentImages:
    """16 images of 64 px: a dark disc on a light ground, its mask the disc."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    images, masks = [], []
    for _ in range(16):
        y, x, radius = rng.integers(20, 44), rng.integers(20, 44), rng.integers(12, 20)
        mask = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
        image = np.where(mask[..., None], [90, 60, 50], [220, 180, 160]) + rng.integers(-10, 10, (64, 64, 3))
        images.append(image.astype(np.uint8))
        masks.append(mask.astype(np.uint8))
    ids = [f"disc_{i:02d}" for i in range(16)]
    return ResidentImages.load(
        image_ids=ids, images=np.stack(images), masks=np.stack(masks), device=torch.device("cpu")
    )


@pytest.fixture
def lively():
    """Builds segmenters with random weights whose BatchNorm statistics fit their activations.

    With a fresh network's statistics the features of a frozen random encoder are near 1e-9, and all images look alike.
    """

    def build(config: Config, *, seed: int) -> Segmenter:
        segmenter = build_segmenter(config, seed=seed)
        features = segmenter.encoder.features
        images = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 4 - 2
        for layer in features.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = None  # the plain mean over batches, here of one
        features.train()
        with torch.no_grad():
            features(images)
        features.train(not config.frozen)
        segmenter.encoder.forget_engine()
        return segmenter

    return build
