"""The encoders and decoders that a config can name."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from torch import nn

from isicbench.errors import ConfigError
from isicbench.models.decoders import ConvDecoder
from isicbench.models.encoders import Backbone, Encoder
from isicbench.models.pyramid_decoders import (
    DeepLabV3PlusDecoder,
    FPNDecoder,
    LRASPPDecoder,
    SegformerDecoder,
    UNetDecoder,
)
from isicbench.models.timm_encoders import PREFIX, timm_backbone
from isicbench.models.torchvision_encoders import torchvision_backbone, torchvision_names

PYRAMID_DECODERS: dict[str, Callable[[Sequence[int]], nn.Module]] = {
    "deeplabv3plus": DeepLabV3PlusDecoder,
    "fpn": FPNDecoder,
    "lraspp": LRASPPDecoder,
    "segformer": SegformerDecoder,
    "unet": UNetDecoder,
}
DECODERS = ("conv", *PYRAMID_DECODERS)


def build_encoder(name: str, *, decoder: str) -> Encoder:
    """An encoder with random weights that gives what the decoder reads.

    Raises `ConfigError` for a name that is not known, and for a network that has too few levels.
    """
    backbone = _backbone(name)
    if reads_pyramid(decoder) and len(backbone.levels) < 4:
        raise ConfigError(
            f"--encoder {name} has {len(backbone.levels)} levels, and --decoder {decoder} needs 4",
            hint="Take --decoder conv, or another encoder.",
        )
    return Encoder(backbone, pyramid=reads_pyramid(decoder))


def build_decoder(name: str, encoder: Encoder) -> nn.Module:
    """A decoder with random weights for the encoder's maps. Raises `ConfigError` for a name that is not known."""
    if reads_pyramid(name):
        return PYRAMID_DECODERS[name]([level.channels for level in encoder.levels])
    return ConvDecoder(encoder.channels)


def reads_pyramid(decoder: str) -> bool:
    """Whether the decoder reads a map of every level. Raises `ConfigError` for a name that is not known."""
    if decoder not in DECODERS:
        raise _unknown("--decoder", decoder, DECODERS, command="isicbench decoders")
    return decoder in PYRAMID_DECODERS


def _backbone(name: str) -> Backbone:
    if name.startswith(PREFIX):
        return timm_backbone(name)
    if name not in torchvision_names():
        raise _unknown("--encoder", name, torchvision_names(), command="isicbench encoders")
    return torchvision_backbone(name)


def _unknown(option: str, name: str, names: Sequence[str], *, command: str) -> ConfigError:
    near = get_close_matches(name, names, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return ConfigError(f"{option} {name}: not known", hint=f"{meant}All of them: {command}")
