"""Encoders: networks that turn an image into a map of features."""

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from isicbench.config import Precision
from isicbench.models.engine import Engine, frozen_engine

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class MobileNetV2(nn.Module):
    """MobileNetV2's convolutions without its classifier (Sandler et al., CVPR 2018).

    `(N, 3, H, W)` normalised images become `(N, 1280, ceil(H / 32), ceil(W / 32))` features. Once frozen, they are
    computed by an engine made for inference, with the weights of the first call; loading weights or moving the
    encoder makes another.
    """

    channels = 1280
    stride = 32
    mean = IMAGENET_MEAN
    std = IMAGENET_STD

    def __init__(self) -> None:
        super().__init__()
        self.features = mobilenet_v2(weights=None).features
        self.frozen = False
        self.precision: Precision = "fp32"
        self._engine: Engine | None = None
        self.register_load_state_dict_post_hook(_forget_engine)  # type: ignore[no-untyped-call]

    def freeze(self, *, precision: Precision) -> None:
        """Give it no gradient, and keep it in evaluation mode whatever `train()` says."""
        self.frozen, self.precision = True, precision
        self.requires_grad_(False).eval()

    def forget_engine(self) -> None:
        self._engine = None

    def train(self, mode: bool = True) -> Self:
        return super().train(mode and not self.frozen)

    def forward(self, images: Tensor) -> Tensor:
        if not self.frozen:
            features: Tensor = self.features(images.contiguous(memory_format=torch.channels_last))
            return features
        if self._engine is None:
            self._engine = frozen_engine(self.features, device=images.device, precision=self.precision)
        return self._engine(images)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self.forget_engine()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_engine": None}  # it holds threads, and is made again where it is needed


def _forget_engine(encoder: MobileNetV2, _keys: object) -> None:
    encoder.forget_engine()
