"""Decoders: networks that turn features into logits."""

from torch import Tensor, nn

from isicbench.models.convolution import convolve


class FeatureConv2d(nn.Conv2d):
    """A 3x3 convolution with padding 1 that takes the fast way where there is one."""

    def forward(self, features: Tensor) -> Tensor:
        assert self.bias is not None
        return convolve(features, self.weight) + self.bias[:, None, None]

    def _get_name(self) -> str:
        return "Conv2d"


class ConvDecoder(nn.Module):
    """The study's decoder: a 3x3 convolution to 128 channels, ReLU, and a 1x1 convolution to one.

    `(N, channels, h, w)` features become `(N, 1, h, w)` logits on the encoder's grid.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            FeatureConv2d(channels, 128, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(128, 1, kernel_size=1),
        )

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.layers(features)
        return logits
