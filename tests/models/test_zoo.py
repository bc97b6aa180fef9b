"""One set of promises over every pair of encoder and decoder."""

import pytest
import torch

from isicbench.errors import ConfigError
from isicbench.evaluation.diagnosis.grids import logits_stride
from isicbench.models.names import DECODERS
from isicbench.models.names import ENCODERS as LISTED
from isicbench.models.segmenter import build_segmenter
from isicbench.models.zoo import build_encoder
from isicbench.testing.networks import NETWORK_PROMISES, network_config

ENCODERS = ("mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "resnet18", "regnet_y_400mf", "convnext_tiny",
            "timm:mobilenetv3_small_050", "timm:resnet10t")  # fmt: skip
"""One of each family; `isicbench encoders` lists them all."""
PAIRS = [(encoder, decoder) for encoder in ENCODERS for decoder in DECODERS] + [("timm:densenet121", "unet")]


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def pair(request):
    pytest.importorskip("timm") if request.param[0].startswith("timm:") else None
    settings = network_config(*request.param)
    return settings, build_segmenter(settings, seed=0)


@pytest.mark.parametrize("promise", NETWORK_PROMISES, ids=lambda promise: promise.__name__)
def test_a_pair_keeps_what_every_network_promises(pair, promise):
    promise(*pair)


def test_the_logits_lie_on_the_grid_that_diagnoses_reckon_with(pair):
    settings, segmenter = pair
    with torch.inference_mode():
        grid = segmenter.grid(torch.zeros(2, 3, 64, 64))
    assert grid.shape == (2, 64 // logits_stride(settings), 64 // logits_stride(settings))


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_encoder_can_be_built(name):
    strides = [level.stride for level in build_encoder(name, decoder="unet").levels]
    assert strides[-4:] == [4, 8, 16, 32]
    assert strides[0] == logits_stride(network_config(name, "unet"))


@pytest.mark.parametrize(
    ("encoder", "decoder", "hint"), [("resnet81", "conv", "resnet18"), ("resnet18", "unett", "unet")]
)
def test_an_unknown_name_is_one_error_with_the_nearest(encoder, decoder, hint):
    with pytest.raises(ConfigError) as raised:
        build_segmenter(network_config(encoder, decoder), seed=0)
    assert hint in raised.value.hint
