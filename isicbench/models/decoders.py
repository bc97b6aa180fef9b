"""The study's decoder, and how a decoder tells what it reads."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from isicbench.models.convolution import convolve_tiles, feature_tiles


class Decoder(Protocol):
    """A module that turns features into `(N, 1, h, w)` logits on a grid of its own."""

    pyramid: bool
    """Whether it reads a map of every level, or the deepest alone."""


class ConvDecoder(nn.Module):
    """The study's decoder: a 3x3 convolution to 128 channels, ReLU, and a 1x1 convolution to one.

    `(N, channels, h, w)` features become `(N, 1, h, w)` logits on the encoder's grid. Whoever runs several decoders on
    the same features gives each their `tiles`.
    """

    pyramid = False

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 128, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(128, 1, kernel_size=1),
        )

    def forward(self, features: Tensor, tiles: Tensor | None = None) -> Tensor:
        if tiles is None:
            tiles = feature_tiles(features)
        if tiles is None:
            logits: Tensor = self.layers(features)
            return logits
        first, _, head = self.layers
        assert isinstance(first, nn.Conv2d)
        assert isinstance(head, nn.Conv2d)
        assert first.bias is not None
        hidden = torch.relu(convolve_tiles(tiles, first.weight, size=features.shape[-2:]) + first.bias)
        return functional.linear(hidden, head.weight.flatten(1), head.bias).permute(2, 3, 0, 1)


def plain_decoder(decoder: nn.Module) -> nn.Module:
    """The decoder as layers of torch alone: the study's without its shortcut for small maps, with the same results."""
    return decoder.layers if isinstance(decoder, ConvDecoder) else decoder
