"""Exported networks give the logits of the network that they come from, whatever encoder and decoder."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from isicbench.config import Config
from isicbench.errors import ExportError
from isicbench.exporting.deployed_network import DeployedNetwork
from isicbench.exporting.model_check import check_model
from isicbench.exporting.model_files import model_bytes, read_metadata, read_model
from isicbench.exporting.model_formats import ModelFormat
from isicbench.models.names import DECODERS
from isicbench.models.segmenter import build_segmenter

SIDE = 64
CASES = [
    *(("mobilenet_v3_small", decoder, ModelFormat.ONNX) for decoder in DECODERS),
    *((encoder, "conv", ModelFormat.ONNX) for encoder in ("mobilenet_v2", "regnet_y_400mf")),
    ("mobilenet_v3_small", "unet", ModelFormat.TORCHSCRIPT),
    ("mobilenet_v3_small", "conv", ModelFormat.EXPORTED_PROGRAM),
]
METADATA = {"run": "7", "experiment": 'ünï "quoted"\n', "classes": '["background", "lesion"]'}


@pytest.fixture(scope="module")
def split():
    """Three random pictures, so that a batch of one and a batch of two go through."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    masks = random.integers(0, 2, (3, SIDE, SIDE), dtype=np.uint8)
    return SimpleNamespace(image_ids=("a", "b", "c"), images=images, masks=masks)


def segmenter_of(encoder: str, decoder: str):
    return build_segmenter(
        Config(weights="random", encoder=encoder, decoder=decoder, image_size_px=SIDE), seed=0
    ).eval()


@pytest.mark.parametrize(("encoder", "decoder", "form"), CASES, ids=[" ".join(case) for case in CASES])
def test_file_gives_the_logits_of_torch_and_its_metadata(encoder, decoder, form, split):
    segmenter = segmenter_of(encoder, decoder)
    content = model_bytes(DeployedNetwork(segmenter, size_px=SIDE), METADATA, form=form)
    check = check_model(read_model(content, form=form), segmenter, split, threshold=0.5)
    assert check.holds
    assert check.largest_difference < 1e-4
    assert (check.image_count, check.largest_logit > 0) == (3, True)
    assert read_metadata(content, form=form) == METADATA


@pytest.fixture(scope="module")
def plain(split):
    """A network of torch as a predicting function, and its segmenter."""
    segmenter = segmenter_of("mobilenet_v3_small", "conv")
    network = DeployedNetwork(segmenter, size_px=SIDE)

    def predict(images):
        with torch.inference_mode():
            return network(torch.from_numpy(images)).numpy()

    return predict, segmenter


@pytest.mark.parametrize("wrong", [lambda logits: logits + 1e-3, lambda logits: logits * np.nan], ids=["off", "NaN"])
def test_network_that_computes_something_else_is_refused(plain, split, wrong):
    predict, segmenter = plain
    assert check_model(predict, segmenter, split, threshold=0.5).holds
    check = check_model(lambda images: wrong(predict(images)), segmenter, split, threshold=0.5)
    with pytest.raises(ExportError, match="differs from the run's") as raised:
        check.require()
    assert raised.value.exit_code == 12


def test_one_pixel_of_one_image_is_enough_to_refuse(plain, split):
    predict, segmenter = plain

    def altered(images):
        logits = predict(images).copy()
        logits[-1, 0, 5, 5] += 0.01
        return logits

    assert not check_model(altered, segmenter, split, threshold=0.5).holds


class Bessel(nn.Module):
    """No ONNX operator computes it."""

    def forward(self, maps):
        return torch.special.bessel_j0(maps[:, :1])


def test_operator_that_onnx_lacks_is_one_error_that_names_the_other_formats():
    segmenter = segmenter_of("mobilenet_v3_small", "conv")
    segmenter.decoder = Bessel()
    with pytest.raises(ExportError, match="bessel") as raised:
        model_bytes(DeployedNetwork(segmenter, size_px=SIDE), METADATA, form=ModelFormat.ONNX)
    assert "torchscript, exported-program" in raised.value.hint
