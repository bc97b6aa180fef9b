"""Networks of PyTorch Image Models (timm) as backbones, by names like `timm:resnet18`."""

from typing import Any

import torch
from torch import Tensor, nn

from isicbench.errors import ConfigError
from isicbench.models.encoders import Backbone, Level
from isicbench.models.names import TIMM


def timm_backbone(name: str) -> Backbone:
    """The network with random weights and its own normalisation.

    Raises `ConfigError` where timm is not installed, does not know the name, or cannot give its maps.
    """
    timm = _timm()
    model = name.removeprefix(TIMM)
    try:
        network = timm.create_model(model, pretrained=False, features_only=True)
    except (RuntimeError, AttributeError, ValueError, AssertionError) as error:
        near = timm.list_models(f"*{model[:6]}*")[:5]
        raise ConfigError(
            f"--encoder {name}: timm cannot give its feature maps ({next(iter(str(error).splitlines()), '')})",
            hint=f"Near: {', '.join(TIMM + found for found in near)}" if near else "See: timm.list_models()",
        ) from error
    info = network.feature_info
    levels = tuple(
        Level(channels=channels, stride=stride, end=place)
        for place, (channels, stride) in enumerate(zip(info.channels(), info.reduction(), strict=True))
    )
    settings = network.pretrained_cfg
    return Backbone(network=TimmMaps(network), levels=levels, own_maps=True, mean=settings["mean"], std=settings["std"])


class TimmMaps(nn.Module):
    """timm's list of maps as a tuple."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        maps: list[Tensor] = self.network(images)
        return tuple(found.contiguous(memory_format=torch.channels_last) for found in maps)


def _timm() -> Any:
    try:
        import timm
    except ModuleNotFoundError:
        raise ConfigError("encoders named timm: need timm", hint="Install it: pip install 'isicbench[timm]'") from None
    return timm
