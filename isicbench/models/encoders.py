"""Encoders: networks that turn an image into a map of features."""

from torch import Tensor, nn
from torchvision.models import mobilenet_v2

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class MobileNetV2(nn.Module):
    """MobileNetV2's convolutions without its classifier (Sandler et al., CVPR 2018).

    `(N, 3, H, W)` normalised images become `(N, 1280, ceil(H / 32), ceil(W / 32))` features.
    """

    channels = 1280
    stride = 32
    mean = IMAGENET_MEAN
    std = IMAGENET_STD

    def __init__(self) -> None:
        super().__init__()
        self.features = mobilenet_v2(weights=None).features

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.features(images)
        return features
