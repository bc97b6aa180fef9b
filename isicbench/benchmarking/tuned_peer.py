"""A peer: the pipeline of somebody who knows PyTorch well and keeps to what is customary.

Images are decoded and resized once and stay in memory. Worker processes that live on augment them one by one with
torchvision.transforms.v2; the network runs in channels_last with a fused Adam.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from isicbench.benchmarking.plain_network import PlainNetwork, adam, plain_step


class CachedPairs(Dataset[tuple[Tensor, Tensor]]):
    """`(N, 3, H, W)` and `(N, 1, H, W)` uint8 tensors in memory, augmented one by one."""

    def __init__(self, images: Tensor, masks: Tensor) -> None:
        self.images, self.masks = images, masks
        self.augment = v2.Compose(
            [
                v2.RandomHorizontalFlip(),
                v2.RandomVerticalFlip(),
                v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.05),
                v2.ToDtype({tv_tensors.Image: torch.float32, tv_tensors.Mask: torch.float32}, scale=True),
                v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        image, mask = self.augment(tv_tensors.Image(self.images[place]), tv_tensors.Mask(self.masks[place]))
        return image.as_subclass(Tensor), mask.as_subclass(Tensor)


def tuned_epoch(
    images: Tensor, masks: Tensor, *, frozen: bool, batch_size: int, workers: int, device: torch.device
) -> Callable[[], None]:
    """One epoch of `(N, 3, H, W)` and `(N, 1, H, W)` uint8 tensors each time that it is called."""
    network = PlainNetwork(frozen=frozen).to(device).to(memory_format=torch.channels_last)
    optimiser = adam(network)
    loader = DataLoader(
        CachedPairs(images, masks),
        batch_size=batch_size,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
    )

    def epoch() -> None:
        for batch, targets in loader:
            on_device = batch.to(device, memory_format=torch.channels_last, non_blocking=True)
            plain_step(network, optimiser, on_device, targets.to(device, non_blocking=True))

    return epoch
