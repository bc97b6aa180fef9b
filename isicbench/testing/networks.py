"""What every pair of an encoder and a decoder promises."""

import copy
import io
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.models.encoders import Features
from isicbench.models.names import DECODERS
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.testing.promises import require
from isicbench.training.figures import StepFigures
from isicbench.training.learners import learner_for

SIDE_PX = 64
SIZES = ((64, 64), (65, 97))
"""Height and width: a usual one, and one that no stride divides."""
ENCODERS = ("mobilenet_v3_small", "resnet18")
"""Behind which a decoder is checked: four levels and five."""


def check_encoder(name: str, *, decoders: Iterable[str] = DECODERS) -> None:
    """Check an encoder, by the name that `--encoder` takes, before each decoder."""
    for decoder in decoders:
        check_network(name, decoder)


def check_decoder(name: str, *, encoders: Iterable[str] = ENCODERS) -> None:
    """Check a decoder, by the name that `--decoder` takes, behind each encoder."""
    for encoder in encoders:
        check_network(encoder, name)


def check_network(encoder: str, decoder: str) -> None:
    """Every promise of a pair, on random images of 64 px on a CPU."""
    config = network_config(encoder, decoder)
    the_same_seed_gives_the_same_weights(config)
    segmenter = build_segmenter(config, seed=0)
    for promise in NETWORK_PROMISES:
        promise(config, segmenter)


def network_config(encoder: str, decoder: str) -> Config:
    """Of a frozen pair with random weights."""
    return Config(weights="random", encoder=encoder, decoder=decoder, image_size_px=SIDE_PX, frozen=True)


def logits_have_the_size_of_the_images(config: Config, segmenter: Segmenter) -> None:
    for height, width in SIZES:
        with torch.inference_mode():
            logits = segmenter(_batch(height, width)[0])
        require(logits.shape == (3, 1, height, width), f"logits of 3 images of {height}x{width}: {tuple(logits.shape)}")
        require(bool(torch.isfinite(logits).all()), "logits are finite")


def the_same_seed_gives_the_same_weights(config: Config) -> None:
    first, second = (build_segmenter(config, seed=3).state_dict() for _ in range(2))
    differing = [name for name, tensor in first.items() if not torch.equal(tensor, second[name])]
    require(not differing, f"the same seed gives the same weights, but not of {differing[:3]}")


def the_frozen_engine_gives_the_plain_networks_maps(config: Config, segmenter: Segmenter) -> None:
    plain = copy.deepcopy(segmenter.encoder)
    images = _batch()[0]
    with torch.inference_mode():
        found, expected = _maps(segmenter.encoder(images)), _maps(plain.plain_maps()(images))
    channels = [level.channels for level in plain.levels]
    require([one.shape[1] for one in found] == channels, f"maps have the levels' channels, {channels}")
    for ours, theirs, level in zip(found, expected, plain.levels, strict=True):
        require(ours.shape[-1] == -(-SIDE_PX // level.stride), f"a map at stride {level.stride} has that size")
        near = torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()))
        require(near, "the engine of a frozen encoder gives the network's own maps, to rounding")


def a_frozen_encoder_stays_as_it_is_and_the_decoder_moves(config: Config, segmenter: Segmenter) -> None:
    before = {name: tensor.clone() for name, tensor in segmenter.state_dict().items()}
    segmenter.train()
    training = any(module.training for module in segmenter.encoder.modules())
    require(not training, "a frozen encoder stays in evaluation mode")
    figures = _step(segmenter, config)
    changed = {name for name, tensor in segmenter.state_dict().items() if not torch.equal(tensor, before[name])}
    moved = sorted(name for name in changed if not name.startswith("decoder."))
    require(bool(changed) and float(figures.gradient_norms) > 0, "a step moves the decoder")
    require(not moved, f"a step leaves a frozen encoder to the last bit, but not {moved[:3]}")


def fine_tuning_reaches_every_parameter(config: Config, _segmenter: Segmenter) -> None:
    settings = replace(config, frozen=False)
    segmenter = build_segmenter(settings, seed=0).train()
    before = {name: parameter.detach().clone() for name, parameter in segmenter.named_parameters()}
    learner = learner_for([segmenter], [settings])
    for _ in range(2):
        require(bool(torch.isfinite(learner.step(*_batch()).losses).all()), "losses are finite")
    still = [name for name, parameter in segmenter.named_parameters() if torch.equal(parameter, before[name])]
    require(not still, f"two steps move every parameter, but not {still[:3]}")


def saved_and_loaded_it_gives_the_same_logits(config: Config, segmenter: Segmenter) -> None:
    file = io.BytesIO()
    torch.save(segmenter.state_dict(), file)
    file.seek(0)
    loaded = build_segmenter(config, seed=9)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    with torch.inference_mode():
        same = torch.equal(loaded.eval()(_batch()[0]), segmenter.eval()(_batch()[0]))
    require(same, "saved and loaded, it gives the same logits")


def a_batch_of_one_image_trains(config: Config, segmenter: Segmenter) -> None:
    segmenter.train()
    images, masks = _batch()
    losses = learner_for([segmenter], [config]).step(images[:1], masks[:1]).losses
    require(bool(torch.isfinite(losses).all()), "a batch of one image trains")


NETWORK_PROMISES: tuple[Callable[[Config, Segmenter], None], ...] = (
    logits_have_the_size_of_the_images,
    the_frozen_engine_gives_the_plain_networks_maps,
    a_frozen_encoder_stays_as_it_is_and_the_decoder_moves,
    fine_tuning_reaches_every_parameter,
    saved_and_loaded_it_gives_the_same_logits,
    a_batch_of_one_image_trains,
)
"""Each takes the config of a frozen pair and its segmenter, and raises `BrokenPromiseError`."""


def _batch(height: int = SIDE_PX, width: int = SIDE_PX) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(3, 3, height, width, generator=generator)
    return images, (torch.rand(3, height, width, generator=generator) < 0.3).to(torch.uint8)


def _step(segmenter: Segmenter, config: Config) -> StepFigures:
    return learner_for([segmenter], [config]).step(*_batch())


def _maps(features: Features) -> tuple[Tensor, ...]:
    return (features,) if isinstance(features, Tensor) else features
