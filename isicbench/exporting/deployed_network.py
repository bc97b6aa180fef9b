"""A segmenter as other tools take it: pixels in, logits out, and nothing to know in between."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from isicbench.models.decoders import plain_decoder
from isicbench.models.segmenter import Segmenter

INPUT, OUTPUT = "images", "logits"


class DeployedNetwork(nn.Module):
    """`(N, 3, size_px, size_px)` float32 RGB from 0 to 1 becomes `(N, 1, size_px, size_px)` float32 logits.

    The normalisation is inside. The segmenter must not be frozen: a frozen encoder's engine is no network of torch.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, segmenter: Segmenter, *, size_px: int) -> None:
        super().__init__()
        self.encoder = segmenter.encoder
        self.decoder = plain_decoder(segmenter.decoder)
        self.size_px = size_px
        self.register_buffer("mean", torch.tensor(segmenter.encoder.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(segmenter.encoder.std)[:, None, None])
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        grid = self.decoder(self.encoder((images - self.mean) / self.std))
        return functional.interpolate(grid, size=(self.size_px, self.size_px), mode="bilinear", align_corners=False)
