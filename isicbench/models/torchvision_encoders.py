"""Torchvision's classifiers as backbones."""

from collections import OrderedDict
from collections.abc import Callable

from torch import nn
from torchvision import models

from isicbench.models.encoders import Backbone, find_levels

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""What all of torchvision's ImageNet weights were trained with."""

LICENCE = "BSD-3-Clause"
"""Of torchvision's code and weights; ImageNet's images are for research."""

_WITH_FEATURES = (
    "convnext_base",
    "convnext_small",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_v2_s",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
)
_RESNETS = ("resnet101", "resnet18", "resnet34", "resnet50", "resnext50_32x4d")
_REGNETS = ("regnet_y_400mf", "regnet_y_800mf", "regnet_y_1_6gf")


def torchvision_names() -> tuple[str, ...]:
    return tuple(sorted(_BACKBONES))


def torchvision_backbone(name: str) -> Backbone:
    """The network with random weights, its classifier left out. Raises `KeyError` for a name that is not listed."""
    network = _BACKBONES[name](getattr(models, name)(weights=None))
    return Backbone(network=network, levels=find_levels(network), mean=IMAGENET_MEAN, std=IMAGENET_STD)


def _features(classifier: nn.Module) -> nn.Sequential:
    features = classifier.features
    assert isinstance(features, nn.Sequential)
    return features


def _resnet(classifier: nn.Module) -> nn.Sequential:
    names = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
    return nn.Sequential(OrderedDict((name, classifier.get_submodule(name)) for name in names))


def _regnet(classifier: nn.Module) -> nn.Sequential:
    blocks = classifier.get_submodule("trunk_output").named_children()
    return nn.Sequential(OrderedDict([("stem", classifier.get_submodule("stem")), *blocks]))


_BACKBONES: dict[str, Callable[[nn.Module], nn.Sequential]] = {
    **dict.fromkeys(_WITH_FEATURES, _features),
    **dict.fromkeys(_RESNETS, _resnet),
    **dict.fromkeys(_REGNETS, _regnet),
}
