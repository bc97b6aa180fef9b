"""What `isicbench encoders` and `isicbench decoders` list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from isicbench.models.names import DECODERS, ENCODERS, IMAGENET_FILES
from isicbench.plugins import Kind, PluginError, first_line, plugins

if TYPE_CHECKING:
    from isicbench.models.encoders import Encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEncoder:
    name: str
    parameters: int
    gflops: float
    channels: dict[str, int]
    """By stride."""
    imagenet_file: str
    """Empty for one of another package."""
    licence: str
    package: str = ""
    """Package and version; empty for a built-in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDecoder:
    name: str
    parameters: int
    network_gflops: float
    """The encoder included."""
    source: str
    package: str = ""
    """Package and version; empty for a built-in one."""
    licence: str = ""
    """Of that package."""


def list_encoders(*, size_px: int, broken: Callable[[str], None]) -> Iterator[ListedEncoder]:
    """Every encoder without a decoder, at one image of `size_px`; `broken` is told why a plugin is left out."""
    from isicbench.models.encoders import Encoder
    from isicbench.models.plugin_networks import plugin_backbone
    from isicbench.models.torchvision_encoders import LICENCE
    from isicbench.models.zoo import build_encoder

    for name in ENCODERS:
        encoder = build_encoder(name, decoder="unet")  # which reads every level
        yield _listed_encoder(name, encoder, size_px=size_px, imagenet_file=IMAGENET_FILES[name], licence=LICENCE)
    for plugin in plugins(Kind.ENCODER):
        try:
            encoder = Encoder(plugin_backbone(plugin.name), pyramid=True)
            listed = plugin.call(_listed_encoder, plugin.name, encoder, size_px=size_px, licence=plugin.licence)
        except PluginError as error:
            broken(error.message)
        else:
            yield replace(listed, package=plugin.source)


def _listed_encoder(
    name: str, encoder: "Encoder", *, size_px: int, licence: str, imagenet_file: str = ""
) -> ListedEncoder:
    from isicbench.models.costs import network_cost

    cost = network_cost(encoder, size_px=size_px)
    return ListedEncoder(
        name=name,
        parameters=cost.parameters,
        gflops=cost.gflops,
        channels={str(level.stride): level.channels for level in encoder.levels},
        imagenet_file=imagenet_file,
        licence=licence,
    )


def list_decoders(*, encoder: str, size_px: int, broken: Callable[[str], None]) -> Iterator[ListedDecoder]:
    """Every decoder behind an encoder, at one image of `size_px`; `broken` is told why a plugin is left out.

    Raises `ConfigError` for an unknown encoder.
    """
    from isicbench.models.plugin_networks import plugin_decoder
    from isicbench.models.zoo import decoder_source

    for name in DECODERS:
        yield _listed_decoder(name, encoder=encoder, size_px=size_px, source=decoder_source(name))
    for plugin in plugins(Kind.DECODER):
        try:
            source = first_line(plugin_decoder(plugin.name).make)
            listed = plugin.call(_listed_decoder, plugin.name, encoder=encoder, size_px=size_px, source=source)
        except PluginError as error:
            broken(error.message)
        else:
            yield replace(listed, package=plugin.source, licence=plugin.licence)


def _listed_decoder(name: str, *, encoder: str, size_px: int, source: str) -> ListedDecoder:
    from isicbench.config import Config
    from isicbench.models.costs import network_cost
    from isicbench.models.segmenter import build_segmenter

    segmenter = build_segmenter(Config(weights="random", encoder=encoder, decoder=name), seed=0)
    return ListedDecoder(
        name=name,
        parameters=sum(parameter.numel() for parameter in segmenter.decoder.parameters()),
        network_gflops=network_cost(segmenter, size_px=size_px).gflops,
        source=source,
    )
