import numpy as np
import pytest
import torch

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
