"""The segmenter: an encoder, a decoder, and bilinear upsampling to the input's size."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from isicbench.config import Config
from isicbench.models.decoders import ConvDecoder
from isicbench.models.encoders import MobileNetV2
from isicbench.models.weights import load_encoder_weights


class Segmenter(nn.Module):
    """`(N, 3, H, W)` normalised images become `(N, 1, H, W)` logits.

    A frozen encoder gets no gradient and stays in evaluation mode whatever `train()` says: its BatchNorm statistics
    do not move and its Dropout is off. No graph is kept for it.
    """

    def __init__(self, encoder: MobileNetV2, decoder: ConvDecoder, *, frozen: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.frozen = frozen
        self.encoder.requires_grad_(not frozen)
        self.train()

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            features = self.encoder(images)
        logits = self.decoder(features)
        return functional.interpolate(logits, size=images.shape[-2:], mode="bilinear", align_corners=False)

    def trainable_parameters(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


def build_segmenter(config: Config, *, seed: int) -> Segmenter:
    """A segmenter with its initial weights: random ones from `seed`, the encoder's from `config.weights`.

    Raises `WeightsError` where these cannot be had.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = MobileNetV2()
        decoder = ConvDecoder(encoder.channels)
    load_encoder_weights(encoder, config)
    return Segmenter(encoder, decoder, frozen=config.frozen)
