"""Encoders and decoders of other packages, held to what the built-in ones are before they train.

An encoder is a callable without arguments that returns a `Backbone` with random weights. A decoder is a callable with
an attribute `pyramid`: of the deepest map's channels without it, of every level's with it, the finest first; it
returns a `Decoder`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from isicbench.models.encoders import Backbone, Encoder
from isicbench.plugins import Kind, Plugin, find_plugin

SIDE_PX = 64
"""Of the empty image that a network is tried on."""


def plugin_backbone(name: str) -> Backbone:
    """Raises `PluginError` where it cannot be made, or its maps are not those that its levels tell."""
    plugin = find_plugin(Kind.ENCODER, name)
    backbone = plugin.call(plugin.load())
    if not isinstance(backbone, Backbone):
        raise plugin.error(f"it returns {type(backbone).__name__}, expected isicbench.models.encoders.Backbone")
    if not isinstance(backbone.network, nn.Module) or not backbone.levels:
        raise plugin.error("its Backbone has no network of torch.nn, or no levels")
    _require_maps(plugin, backbone)
    return backbone


@dataclass(frozen=True, slots=True)
class PluginDecoder:
    """Another package's decoder before it is built."""

    plugin: Plugin
    make: Callable[[Any], Any]
    pyramid: bool

    def build(self, channels: Sequence[int]) -> nn.Module:
        """With random weights; raises `PluginError` where it gives no `(N, 1, h, w)` logits of maps like these."""
        decoder = self.plugin.call(self.make, list(channels) if self.pyramid else channels[-1])
        if not isinstance(decoder, nn.Module):
            raise self.plugin.error(f"it returns {type(decoder).__name__}, expected a module of torch.nn")
        sides = [8 * 2 ** (len(channels) - 1 - place) for place in range(len(channels))]
        maps = tuple(torch.zeros(2, count, side, side) for count, side in zip(channels, sides, strict=True))
        logits = _tried(self.plugin, decoder, maps if self.pyramid else maps[-1])
        if not isinstance(logits, Tensor) or logits.ndim != 4 or logits.shape[:2] != (2, 1):
            raise self.plugin.error(f"of 2 images its logits are {_shape(logits)}, expected (2, 1, h, w)")
        return decoder


def plugin_decoder(name: str) -> PluginDecoder:
    """Raises `PluginError` where it cannot be imported, or does not say what it reads."""
    plugin = find_plugin(Kind.DECODER, name)
    make = plugin.load()
    pyramid = getattr(make, "pyramid", None)
    if not isinstance(pyramid, bool):
        raise plugin.error("it has no attribute pyramid (True: it reads every level's map, False: the deepest one)")
    return PluginDecoder(plugin, make, pyramid)


def _require_maps(plugin: Plugin, backbone: Backbone) -> None:
    strides = [level.stride for level in backbone.levels]
    if strides != sorted(set(strides)):
        raise plugin.error(f"its levels have the strides {strides}, expected rising ones: the finest map first")
    maps = _tried(plugin, Encoder(backbone, pyramid=True).plain_maps(), torch.zeros(2, 3, SIDE_PX, SIDE_PX))
    sides = [-(-SIDE_PX // stride) for stride in strides]
    expected = [(2, level.channels, side, side) for level, side in zip(backbone.levels, sides, strict=True)]
    found = [tuple(one.shape) if isinstance(one, Tensor) else type(one).__name__ for one in maps]
    if found != expected:
        raise plugin.error(f"of 2 images of {SIDE_PX} px its maps are {found}, expected {expected} by its levels")


@torch.no_grad()
def _tried(plugin: Plugin, network: nn.Module, given: Tensor | tuple[Tensor, ...]) -> Any:
    """What the network gives in evaluation mode; it is left in the mode that it was in."""
    training = {module: module.training for module in network.modules()}
    network.eval()
    found = plugin.call(network, given)
    for module, mode in training.items():
        module.training = mode
    return found


def _shape(found: object) -> str:
    return str(tuple(found.shape)) if isinstance(found, Tensor) else type(found).__name__
