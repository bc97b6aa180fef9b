"""Encoders: networks that turn an image into maps of features, finer ones first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from isicbench.config import Precision
from isicbench.errors import ConfigError
from isicbench.models.engine import Engine, frozen_engine
from isicbench.models.freezing import Part, part_up_to

Features = Tensor | tuple[Tensor, ...]
"""The deepest map `(N, C, h, w)`, or one map a level, the finest first; whichever the decoder reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A map of features: `(N, channels, ceil(H / stride), ceil(W / stride))`."""

    channels: int
    stride: int
    end: int
    """The last of the network's children that this map has gone through."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backbone:
    """A network without its classifier, as a sequence, and what is known of its maps and of its input."""

    network: nn.Module
    """A sequence of layers; with `own_maps`, a module that gives a tuple of all levels' maps itself."""
    levels: tuple[Level, ...]
    own_maps: bool = False
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Of the images that its published weights were trained on, on a scale from 0 to 1."""


class Encoder(nn.Module):
    """A backbone under training, frozen, or frozen up to one of its maps.

    `(N, 3, H, W)` normalised images become the deepest map, or with `pyramid` a map a level. Once frozen, they are
    computed by an engine made for inference, with the weights of the first call; loading weights or moving the encoder
    makes another.
    """

    def __init__(self, backbone: Backbone, *, pyramid: bool) -> None:
        super().__init__()
        self.features = backbone.network
        self.levels = backbone.levels if pyramid else backbone.levels[-1:]
        self.pyramid = pyramid
        self._reader = (_reader_of(backbone, pyramid=pyramid),)  # in a tuple, since its layers are those of `features`
        self._backbone = (backbone,)
        self._still: Part | None = None
        self.mean, self.std = backbone.mean, backbone.std
        self.frozen = False
        self.precision: Precision = "fp32"
        self._engine: Engine | None = None
        self.register_load_state_dict_post_hook(_forget_engine)  # type: ignore[no-untyped-call]

    @property
    def channels(self) -> int:
        """Of the deepest map."""
        return self.levels[-1].channels

    def freeze(self, *, precision: Precision) -> None:
        """Give it no gradient, and keep it in evaluation mode whatever `train()` says."""
        self.frozen, self.precision = True, precision
        self.requires_grad_(False).eval()

    def thaw(self) -> None:
        """Undo `freeze`; what `freeze_up_to` has frozen stays so."""
        self.frozen = False
        self.forget_engine()
        for name, parameter in self.features.named_parameters():
            parameter.requires_grad_(self._still is None or name not in self._still.parameters)
        self.train()

    def freeze_up_to(self, stride: int, *, side: int) -> None:
        """Freeze for good what the map at this stride is computed by, on images of `side` pixels.

        Raises `ConfigError` for a stride at which there is no map, and for the deepest one.
        """
        (backbone,) = self._backbone
        reader = _reader_of(backbone, pyramid=True)
        self._still = part_up_to(backbone.network, reader, level=self.require_stride(stride), side=side)
        self.thaw()

    def require_stride(self, stride: int) -> int:
        """The place of the map at this stride; raises `ConfigError` where there is none before the deepest one."""
        (backbone,) = self._backbone
        strides = [level.stride for level in backbone.levels[:-1]]
        if stride not in strides:
            known = ", ".join(map(str, strides)) or "none"
            raise ConfigError(
                f"--freeze-until {stride}: this encoder has no map at that stride before its last",
                hint=f"Strides that it can be frozen up to: {known}. The whole encoder: --frozen",
            )
        return strides.index(stride)

    def frozen_state(self) -> dict[str, Tensor]:
        """A copy of the weights and statistics that training must leave as they are."""
        if self.frozen:
            return {name: tensor.clone() for name, tensor in self.state_dict().items()}
        if self._still is None:
            return {}
        still = set(self._still.modules)
        names = {f"features.{name}" for name in self._still.parameters}
        for place, module in self.named_modules():
            if module in still:
                names |= {f"{place}.{name}" for name, _ in module.named_buffers(recurse=False)}
        return {name: tensor.clone() for name, tensor in self.state_dict().items() if name in names}

    def forget_engine(self) -> None:
        self._engine = None

    def train(self, mode: bool = True) -> Self:
        super().train(mode and not self.frozen)
        for module in self._still.modules if self._still else ():
            module.training = False
        return self

    def forward(self, images: Tensor) -> Features:
        if not self.frozen:
            return self.plain(images)
        if self._engine is None:
            self._engine = frozen_engine(self.plain_maps(), device=images.device, precision=self.precision)
        return self._engine(images)

    def plain(self, images: Tensor) -> Features:
        """As `forward`, layer by layer in torch, frozen or not."""
        features: Features = self.plain_maps()(images.contiguous(memory_format=torch.channels_last))
        return features

    def plain_maps(self) -> nn.Module:
        """The network that gives the maps, as it trains; a frozen encoder's engine is made of it."""
        return self._reader[0]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self.forget_engine()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_engine": None}  # it holds threads, and is made again where it is needed


def _reader_of(backbone: Backbone, *, pyramid: bool) -> nn.Module:
    """The backbone as a module that gives what a decoder reads."""
    if backbone.own_maps:
        return backbone.network if pyramid else Deepest(backbone.network)
    if not pyramid:
        return backbone.network
    return Maps(backbone.network, ends=tuple(level.end for level in backbone.levels))


class Maps(nn.Module):
    """A sequence whose outputs are those of the children that `ends` names."""

    def __init__(self, network: nn.Module, *, ends: tuple[int, ...]) -> None:
        super().__init__()
        self.network = network
        self.ends = ends

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        maps = []
        for place, layer in enumerate(self.network.children()):
            images = layer(images)
            if place in self.ends:
                maps.append(images)
        return tuple(maps)


class Deepest(nn.Module):
    """The last of a network's maps."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        deepest: Tensor = self.network(images)[-1]
        return deepest


@torch.no_grad()
def find_levels(network: nn.Sequential, *, side: int = 64) -> tuple[Level, ...]:
    """The last map at each stride from 2 on, found by sending an empty image through.

    Raises `ValueError` for a network whose maps do not halve the image again and again.
    """
    was_training = network.training
    network.eval()
    image = torch.zeros(1, 3, side, side)
    levels: dict[int, Level] = {}
    for place, layer in enumerate(network):
        image = layer(image)
        stride = side // image.shape[-1]
        levels[stride] = Level(channels=image.shape[1], stride=stride, end=place)
    network.train(was_training)
    levels.pop(1, None)
    if not levels or any(stride & (stride - 1) for stride in levels) or list(levels) != sorted(levels):
        raise ValueError(f"maps at strides {list(levels)}")
    return tuple(levels.values())


def _forget_engine(encoder: Encoder, _keys: object) -> None:
    encoder.forget_engine()
