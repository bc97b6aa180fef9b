"""Images and masks for the device that computes, and the one way from bytes to a network's input."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isicbench.data.prepare import PreparedSplit


def slices(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover `count` rows."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


class Images(Protocol):
    """N images of one size and their masks; whatever it hands out lies on `device`."""

    def __len__(self) -> int: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""

    def images_at(self, part: slice) -> Tensor:
        """`(B, H, W, 3)` uint8, consecutive ones."""

    def masks_at(self, part: slice) -> Tensor:
        """`(B, H, W)` uint8 of 0 and 1."""

    def batches(self, rows: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and masks at each of the `(B,)` int64 positions in turn, which lie on the CPU."""


@dataclass(frozen=True, slots=True, eq=False)
class ResidentImages:
    """`images` `(N, H, W, 3)` uint8 and `masks` `(N, H, W)` uint8 of 0 and 1, both on the device that computes."""

    image_ids: tuple[str, ...]
    images: Tensor
    masks: Tensor

    def __len__(self) -> int:
        return len(self.image_ids)

    @property
    def device(self) -> torch.device:
        return self.images.device

    @property
    def size(self) -> tuple[int, int]:
        _, height, width = self.masks.shape
        return height, width

    def images_at(self, part: slice) -> Tensor:
        return self.images[part]

    def masks_at(self, part: slice) -> Tensor:
        return self.masks[part]

    def batches(self, rows: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """As `Images.batches`; the positions of all batches are sent to the device at once."""
        if not rows:
            return
        on_devices = torch.split(torch.cat(list(rows)).to(self.device), [len(batch) for batch in rows])
        for on_device in on_devices:
            yield self.images[on_device], self.masks[on_device]

    @classmethod
    def of(cls, split: PreparedSplit, *, device: torch.device, index: NDArray[np.int64] | None = None) -> Self:
        """A prepared split's images, or those at the positions `index`."""
        return cls.load(image_ids=split.image_ids, images=split.images, masks=split.masks, index=index, device=device)

    @classmethod
    def load(
        cls,
        *,
        image_ids: Sequence[str],
        images: NDArray[np.uint8],
        masks: NDArray[np.uint8],
        index: NDArray[np.int64] | None = None,
        device: torch.device,
    ) -> Self:
        """Copy prepared arrays, or those of their images that `index` names, to the device."""
        chosen = np.arange(len(image_ids)) if index is None else index
        return cls(
            image_ids=tuple(image_ids[i] for i in chosen),
            images=torch.from_numpy(np.ascontiguousarray(images[chosen])).to(device),
            masks=torch.from_numpy(np.ascontiguousarray(masks[chosen])).to(device),
        )


class ColourTransform:
    """Applies one affine colour map an image and normalises, for a whole batch in one product.

    The colour maps work on values from 0 to 1 and clamp to that range; the result has the channels' `mean` and `std`
    taken out, as the encoder's weights expect.
    """

    def __init__(self, *, mean: Sequence[float], std: Sequence[float], device: torch.device) -> None:
        self.scale = 1 / torch.tensor(std, device=device)
        self.offset = -torch.tensor(mean, device=device) * self.scale
        self.ranges = [(-centre / spread, (1 - centre) / spread) for centre, spread in zip(mean, std, strict=True)]

    def normalise(self, images: Tensor) -> Tensor:
        """`(N, H, W, 3)` uint8 to `(N, 3, H, W)` float32."""
        colours = images.permute(0, 3, 1, 2).float()
        return torch.addcmul(self.offset[:, None, None], colours, self.scale[:, None, None] / 255).contiguous()

    def jitter(self, images: Tensor, matrices: Tensor, offsets: Tensor) -> Tensor:
        """As `normalise`, with each image's colours mapped first: `(N, 3, 3)` matrices and `(N, 3)` offsets."""
        pixels = images.flatten(1, 2).float().transpose(1, 2)
        folded = matrices * (self.scale[:, None] / 255)
        shifts = offsets * self.scale + self.offset
        mapped = torch.baddbmm(shifts[:, :, None], folded, pixels)
        for channel, (low, high) in zip(mapped.unbind(1), self.ranges, strict=True):
            channel.clamp_(low, high)
        return mapped.view(len(images), 3, *images.shape[1:3])
