"""A peer: the pipeline of the notebook that the study came from.

Every epoch opens each full-size JPEG and PNG with PIL, resizes and augments it alone with torchvision's transforms,
and a DataLoader with its default settings puts the batches together.
"""

import random
from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ColorJitter, Normalize, Resize
from torchvision.transforms import functional as transforms

from isicbench.benchmarking.plain_network import PlainNetwork, adam, plain_step
from isicbench.data.dataset import Pair


class PairFiles(Dataset[tuple[Tensor, Tensor]]):
    """Image and mask of one pair, decoded and augmented each time."""

    def __init__(self, pairs: Sequence[Pair], *, size_px: int) -> None:
        self.pairs = pairs
        self.resize = Resize((size_px, size_px))
        self.jitter = ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.05)
        self.normalise = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        image = self.resize(Image.open(self.pairs[place].image).convert("RGB"))
        mask = self.resize(Image.open(self.pairs[place].mask).convert("L"))
        if random.random() < 0.5:
            image, mask = transforms.hflip(image), transforms.hflip(mask)
        if random.random() < 0.5:
            image, mask = transforms.vflip(image), transforms.vflip(mask)
        pixels: Tensor = self.normalise(transforms.to_tensor(self.jitter(image)))
        target: Tensor = (transforms.to_tensor(mask) > 0.5).float()
        return pixels, target


def notebook_epoch(
    pairs: Sequence[Pair], *, frozen: bool, size_px: int, batch_size: int, device: torch.device
) -> Callable[[], None]:
    """One epoch each time that it is called."""
    network = PlainNetwork(frozen=frozen).to(device)
    optimiser = adam(network)
    loader = DataLoader(PairFiles(pairs, size_px=size_px), batch_size=batch_size, shuffle=True)

    def epoch() -> None:
        for images, masks in loader:
            plain_step(network, optimiser, images.to(device), masks.to(device)).item()

    return epoch
