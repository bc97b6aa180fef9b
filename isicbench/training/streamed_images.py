"""Images that stay on disk, for datasets beyond the memory; batches reach the device as they are needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isicbench.data.streaming import read_rows, stream_batches


@dataclass(frozen=True, slots=True, eq=False)
class StreamedImages:
    """`images` `(N, H, W, 3)` and `masks` `(N, H, W)` of prepared files, mapped, and of those the positions `index`.

    Training on them gives what training on resident ones gives.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    index: NDArray[np.int64]
    device: torch.device

    def __len__(self) -> int:
        return len(self.index)

    @property
    def size(self) -> tuple[int, int]:
        _, height, width = self.masks.shape
        return height, width

    def images_at(self, part: slice) -> Tensor:
        return self._sent(read_rows(self.images, self.index[part]))

    def masks_at(self, part: slice) -> Tensor:
        return self._sent(read_rows(self.masks, self.index[part]))

    def batches(self, rows: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """As `Images.batches`; a thread reads ahead."""
        for batch in stream_batches(self.images, self.masks, [self.index[positions.numpy()] for positions in rows]):
            yield self._sent(batch.images), self._sent(batch.masks)

    def _sent(self, pixels: NDArray[np.uint8]) -> Tensor:
        tensor = torch.from_numpy(pixels)
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor
