"""One set of promises over every pair of encoder and decoder."""

import copy

import pytest
import torch

from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.evaluation.diagnosis.grids import logits_stride
from isicbench.models.names import DECODERS
from isicbench.models.names import ENCODERS as LISTED
from isicbench.models.segmenter import build_segmenter
from isicbench.models.zoo import build_encoder
from isicbench.training.figures import StepFigures
from isicbench.training.learners import learner_for

ENCODERS = ("mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "resnet18", "regnet_y_400mf", "convnext_tiny",
            "timm:densenet121", "timm:resnet10t")  # fmt: skip
"""One of each family; `isicbench encoders` lists them all."""
PAIRS = [(encoder, decoder) for encoder in ENCODERS for decoder in DECODERS]
SIZES = [(64, 64), (65, 97)]


def config(encoder: str, decoder: str, **changes) -> Config:
    return Config(**{"weights": "random", "encoder": encoder, "decoder": decoder, "image_size_px": 64} | changes)


def batch(height: int = 64, width: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(3, 3, height, width, generator=generator)
    return images, (torch.rand(3, height, width, generator=generator) < 0.3).to(torch.uint8)


def step(segmenter, settings: Config) -> StepFigures:
    return learner_for([segmenter], [settings]).step(*batch())


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def pair(request):
    pytest.importorskip("timm") if request.param[0].startswith("timm:") else None
    settings = config(*request.param, frozen=True)
    return settings, build_segmenter(settings, seed=0)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_logits_have_the_size_of_the_images(pair, height, width):
    _, segmenter = pair
    with torch.inference_mode():
        logits = segmenter(batch(height, width)[0])
    assert logits.shape == (3, 1, height, width)
    assert torch.isfinite(logits).all()


def test_the_logits_lie_on_the_grid_that_diagnoses_reckon_with(pair):
    settings, segmenter = pair
    with torch.inference_mode():
        grid = segmenter.grid(batch()[0])
    assert grid.shape == (3, 64 // logits_stride(settings), 64 // logits_stride(settings))


def test_the_frozen_engine_gives_the_plain_networks_maps(pair):
    _, segmenter = pair
    plain = copy.deepcopy(segmenter.encoder)
    images = batch()[0]
    with torch.inference_mode():
        found, expected = segmenter.encoder(images), plain._maps()(images)
    found, expected = ([maps] if torch.is_tensor(maps) else maps for maps in (found, expected))
    assert [tuple(maps.shape[1:2]) for maps in found] == [(level.channels,) for level in plain.levels]
    for ours, theirs, level in zip(found, expected, plain.levels, strict=True):
        assert ours.shape[-1] == -(-64 // level.stride)
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()))


def test_a_frozen_encoder_stays_as_it_is_to_the_last_bit_and_the_decoder_moves(pair):
    settings, segmenter = pair
    before = {name: tensor.clone() for name, tensor in segmenter.state_dict().items()}
    segmenter.train()
    assert not any(module.training for module in segmenter.encoder.modules())
    figures = step(segmenter, settings)
    changed = {name for name, tensor in segmenter.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed
    assert all(name.startswith("decoder.") for name in changed)
    assert float(figures.gradient_norms) > 0


def test_fine_tuning_reaches_every_parameter(pair):
    settings = config(pair[0].encoder, pair[0].decoder)
    segmenter = build_segmenter(settings, seed=0).train()
    before = {name: parameter.detach().clone() for name, parameter in segmenter.named_parameters()}
    learner = learner_for([segmenter], [settings])
    for _ in range(2):
        assert torch.isfinite(learner.step(*batch()).losses).all()
    still = [name for name, parameter in segmenter.named_parameters() if torch.equal(parameter, before[name])]
    assert not still


def test_saved_and_loaded_it_gives_the_same_logits(pair, tmp_path):
    settings, segmenter = pair
    torch.save(segmenter.state_dict(), tmp_path / "model.pt")
    loaded = build_segmenter(settings, seed=9)
    loaded.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    with torch.inference_mode():
        assert torch.equal(loaded.eval()(batch()[0]), segmenter.eval()(batch()[0]))


def test_a_batch_of_one_image_trains(pair):
    settings = config(pair[0].encoder, pair[0].decoder, frozen=True)
    segmenter = build_segmenter(settings, seed=0).train()
    images, masks = batch()
    assert torch.isfinite(learner_for([segmenter], [settings]).step(images[:1], masks[:1]).losses).all()


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_encoder_can_be_built(name):
    strides = [level.stride for level in build_encoder(name, decoder="unet").levels]
    assert strides[-4:] == [4, 8, 16, 32]
    assert strides[0] == logits_stride(config(name, "unet"))


@pytest.mark.parametrize(
    ("encoder", "decoder", "hint"), [("resnet81", "conv", "resnet18"), ("resnet18", "unett", "unet")]
)
def test_an_unknown_name_is_one_error_with_the_nearest(encoder, decoder, hint):
    with pytest.raises(ConfigError) as raised:
        build_segmenter(config(encoder, decoder), seed=0)
    assert hint in raised.value.hint
