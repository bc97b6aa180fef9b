"""Torchvision's classifiers as backbones."""

from collections import OrderedDict

from torch import nn
from torchvision import models

from isicbench.models.encoders import Backbone, find_levels

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""What all of torchvision's ImageNet weights were trained with."""

LICENCE = "BSD-3-Clause"
"""Of torchvision's code and weights; ImageNet's images are for research."""


def torchvision_backbone(name: str) -> Backbone:
    """The network with random weights, its classifier left out. The name must be one of `names.ENCODERS`."""
    classifier = getattr(models, name)(weights=None)
    network = _sequence(name, classifier)
    return Backbone(network=network, levels=find_levels(network), mean=IMAGENET_MEAN, std=IMAGENET_STD)


def _sequence(name: str, classifier: nn.Module) -> nn.Sequential:
    if name.startswith(("resnet", "resnext")):
        return _resnet(classifier)
    return _regnet(classifier) if name.startswith("regnet") else _features(classifier)


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
