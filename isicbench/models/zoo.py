"""From a config's names to encoders and decoders."""

from collections.abc import Callable, Sequence

from torch import nn

from isicbench.errors import ConfigError
from isicbench.models.decoders import ConvDecoder
from isicbench.models.encoders import Backbone, Encoder
from isicbench.models.names import TIMM, require_known
from isicbench.models.plugin_networks import plugin_backbone, plugin_decoder
from isicbench.models.pyramid_decoders import (
    DeepLabV3PlusDecoder,
    FPNDecoder,
    LRASPPDecoder,
    SegformerDecoder,
    UNetDecoder,
)
from isicbench.models.timm_encoders import timm_backbone
from isicbench.models.torchvision_encoders import torchvision_backbone
from isicbench.plugins import is_plugin_name

LEVELS = 4
"""That an encoder must have for a decoder that reads them all."""
_PYRAMID_DECODERS: dict[str, Callable[[Sequence[int]], nn.Module]] = {
    "deeplabv3plus": DeepLabV3PlusDecoder,
    "fpn": FPNDecoder,
    "lraspp": LRASPPDecoder,
    "segformer": SegformerDecoder,
    "unet": UNetDecoder,
}


def build_encoder(name: str, *, decoder: str = "conv") -> Encoder:
    """An encoder with random weights that gives what the decoder reads.

    Raises `ConfigError` for a name that is not known, and for a network that has too few levels.
    """
    require_known(encoder=name, decoder=decoder)
    backbone = _backbone(name)
    pyramid = _reads_pyramid(decoder)
    if pyramid and len(backbone.levels) < LEVELS:
        raise ConfigError(
            f"--encoder {name} has {len(backbone.levels)} levels, and --decoder {decoder} needs {LEVELS}",
            hint="Take --decoder conv, or another encoder.",
        )
    return Encoder(backbone, pyramid=pyramid)


def build_decoder(name: str, encoder: Encoder) -> nn.Module:
    """A decoder with random weights for the encoder's maps."""
    channels = [level.channels for level in encoder.levels]
    if is_plugin_name(name):
        return plugin_decoder(name).build(channels)
    if name in _PYRAMID_DECODERS:
        return _PYRAMID_DECODERS[name](channels)
    return ConvDecoder(encoder.channels)


def _backbone(name: str) -> Backbone:
    if is_plugin_name(name):
        return plugin_backbone(name)
    return timm_backbone(name) if name.startswith(TIMM) else torchvision_backbone(name)


def _reads_pyramid(decoder: str) -> bool:
    return plugin_decoder(decoder).pyramid if is_plugin_name(decoder) else decoder in _PYRAMID_DECODERS


_SOURCES = {
    "conv": "the study: conv 3x3 to 128, conv 1x1",
    "deeplabv3plus": "Chen et al., ECCV 2018",
    "fpn": "Lin et al., CVPR 2017; Kirillov et al., CVPR 2019",
    "lraspp": "Howard et al., ICCV 2019",
    "segformer": "Xie et al., NeurIPS 2021 (its head)",
    "unet": "Ronneberger et al., MICCAI 2015",
}


def decoder_source(name: str) -> str:
    """Where a decoder comes from."""
    return _SOURCES[name]
