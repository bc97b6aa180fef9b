"""What `isicbench encoders` and `isicbench decoders` list."""

from collections.abc import Iterator
from dataclasses import dataclass

from isicbench.models.names import DECODERS, ENCODERS, IMAGENET_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEncoder:
    name: str
    parameters: int
    gflops: float
    channels: dict[str, int]
    """By stride."""
    imagenet_file: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDecoder:
    name: str
    parameters: int
    network_gflops: float
    """The encoder included."""
    source: str


def list_encoders(*, size_px: int) -> Iterator[ListedEncoder]:
    """Every encoder without a decoder, at one image of `size_px`."""
    from isicbench.models.costs import network_cost
    from isicbench.models.torchvision_encoders import LICENCE
    from isicbench.models.zoo import build_encoder

    for name in ENCODERS:
        encoder = build_encoder(name, decoder="unet")  # which reads every level
        cost = network_cost(encoder, size_px=size_px)
        yield ListedEncoder(
            name=name,
            parameters=cost.parameters,
            gflops=cost.gflops,
            channels={str(level.stride): level.channels for level in encoder.levels},
            imagenet_file=IMAGENET_FILES[name],
            licence=LICENCE,
        )


def list_decoders(*, encoder: str, size_px: int) -> Iterator[ListedDecoder]:
    """Every decoder behind an encoder, at one image of `size_px`. Raises `ConfigError` for an unknown encoder."""
    from isicbench.config import Config
    from isicbench.models.costs import network_cost
    from isicbench.models.segmenter import build_segmenter
    from isicbench.models.zoo import decoder_source

    for name in DECODERS:
        segmenter = build_segmenter(Config(weights="random", encoder=encoder, decoder=name), seed=0)
        yield ListedDecoder(
            name=name,
            parameters=sum(parameter.numel() for parameter in segmenter.decoder.parameters()),
            network_gflops=network_cost(segmenter, size_px=size_px).gflops,
            source=decoder_source(name),
        )
