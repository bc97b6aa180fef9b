"""The frozen encoder's engines against the plain network."""

import copy
import pickle

import pytest
import torch

from isicbench.config import Config
from isicbench.models.engine import OnnxEngine, TorchEngine
from isicbench.models.segmenter import build_segmenter
from isicbench.models.weight_files import find_weights
from isicbench.models.zoo import build_encoder

CPU = torch.device("cpu")


def frozen(seed: int = 0, **changes) -> Config:
    return Config(**{"weights": "random", "frozen": True, **changes})


@pytest.fixture
def network() -> torch.nn.Module:
    """Features whose BatchNorm statistics are not those of a fresh network."""
    torch.manual_seed(0)
    features = build_encoder("mobilenet_v2").features
    for layer in features.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 1.5)
    return features.eval()


def images(count: int = 5, height: int = 96, width: int = 65) -> torch.Tensor:
    pixels = torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(1))
    return pixels.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("threads", [1, 3])
def test_onnx_runtime_gives_the_plain_networks_features(network, threads):
    with torch.inference_mode():
        expected = network(images(11))
    assert torch.allclose(OnnxEngine(network, threads=threads)(images(11)), expected, atol=1e-5)


def test_the_folded_network_gives_the_plain_networks_features(network):
    engine = TorchEngine(network, device=CPU, dtype=torch.float32)
    with torch.inference_mode():
        expected = network(images())
    assert torch.allclose(engine(images()), expected, atol=1e-5)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in engine.network.modules())


def test_features_in_bfloat16_are_near_and_not_the_same(network):
    with torch.inference_mode():
        expected = network(images())
    features = TorchEngine(network, device=CPU, dtype=torch.bfloat16)(images())
    assert features.dtype == torch.float32
    assert not torch.equal(features, expected)
    assert torch.nn.functional.cosine_similarity(features.flatten(), expected.flatten(), dim=0) > 0.999


def test_what_an_image_gives_does_not_depend_on_the_batch_or_the_threads(network):
    together = OnnxEngine(network, threads=2)(images(19))
    alone = [OnnxEngine(network, threads=1)(images(19)[i : i + 1]) for i in range(19)]
    assert torch.equal(together, torch.cat(alone))


def test_logits_of_real_weights_agree_with_the_plain_network(sample_data):
    weights = find_weights(str(sample_data / "weights" / "mobilenet_v2_features.pt"))
    segmenter = build_segmenter(frozen(weights=weights.name, weights_sha256=weights.sha256), seed=0).eval()
    with torch.inference_mode():
        grid = segmenter.decoder.layers(segmenter.encoder.features(images(6, 128, 128)))
        plain = torch.nn.functional.interpolate(grid, size=128, mode="bilinear", align_corners=False)
        assert torch.allclose(segmenter(images(6, 128, 128)), plain, atol=1e-4)


def test_weights_that_are_loaded_later_are_used():
    segmenter, other = build_segmenter(frozen(), seed=0), build_segmenter(frozen(), seed=1)
    before = segmenter.encoder(images())
    segmenter.load_state_dict(other.state_dict())
    assert not torch.equal(segmenter.encoder(images()), before)
    assert torch.equal(segmenter.encoder(images()), other.encoder(images()))


def test_the_state_holds_torchvisions_names_alone_and_is_no_larger_for_the_engine():
    segmenter = build_segmenter(frozen(), seed=0)
    names = list(segmenter.state_dict())
    segmenter(images())
    assert list(segmenter.state_dict()) == names
    assert all(name.startswith(("encoder.features.", "decoder.layers.")) for name in names)


def test_a_segmenter_in_use_can_be_copied_and_pickled():
    segmenter = build_segmenter(frozen(), seed=0).eval()
    expected = segmenter(images())
    assert torch.equal(copy.deepcopy(segmenter)(images()), expected)
    assert torch.equal(pickle.loads(pickle.dumps(segmenter))(images()), expected)


def test_data_seed_decides_a_random_encoder_and_the_seed_the_decoder():
    first, second = (build_segmenter(frozen(data_seed=7), seed=seed).state_dict() for seed in (0, 1))
    differing = {name.split(".")[0] for name in first if not torch.equal(first[name], second[name])}
    assert differing == {"decoder"}
