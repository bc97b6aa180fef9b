import pytest
import torch

from isicbench.config import Config
from isicbench.errors import WeightsError
from isicbench.models.segmenter import build_segmenter
from isicbench.models.weight_files import find_weights


def config(**changes) -> Config:
    return Config(**{"weights": "random", **changes})


@pytest.mark.parametrize(("height", "width"), [(128, 128), (96, 160), (65, 97)])
def test_logits_have_the_size_of_the_images(height, width):
    segmenter = build_segmenter(config(), seed=0).eval()
    with torch.inference_mode():
        assert segmenter(torch.zeros(2, 3, height, width)).shape == (2, 1, height, width)


def test_decoder_is_the_studys():
    layers = [str(layer) for layer in build_segmenter(config(), seed=0).decoder.layers]
    assert layers == [
        "Conv2d(1280, 128, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))",
        "ReLU()",
        "Conv2d(128, 1, kernel_size=(1, 1), stride=(1, 1))",
    ]


def test_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (build_segmenter(config(), seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["decoder.layers.0.weight"], other["decoder.layers.0.weight"])


def test_building_leaves_the_callers_random_state_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    build_segmenter(config(), seed=5)
    assert torch.equal(before, torch.get_rng_state())


def test_frozen_encoder_keeps_no_graph_and_stays_in_evaluation_mode():
    segmenter = build_segmenter(config(frozen=True), seed=0)
    segmenter.train()
    assert not any(module.training for module in segmenter.encoder.modules())
    assert segmenter.decoder.training
    names = [name for name, parameter in segmenter.named_parameters() if parameter.requires_grad]
    assert names
    assert all(name.startswith("decoder.") for name in names)
    features = []
    segmenter.encoder.register_forward_hook(lambda module, inputs, output: features.append(output))
    segmenter(torch.rand(2, 3, 64, 64)).sum().backward()
    assert features[0].grad_fn is None


def test_weights_from_a_file_reach_the_encoder(tmp_path):
    source = build_segmenter(config(), seed=9).encoder.state_dict()
    torch.save(source, tmp_path / "mine.pt")
    weights = find_weights(str(tmp_path / "mine.pt"))
    (tmp_path / "mine.pt").unlink()  # a kept copy is used from now on
    built = build_segmenter(config(weights=weights.name, weights_sha256=weights.sha256), seed=0)
    assert all(torch.equal(source[name], tensor) for name, tensor in built.encoder.state_dict().items())


def test_a_missing_file_of_weights_is_an_error():
    with pytest.raises(WeightsError, match="no such file"):
        find_weights("nowhere.pt")


def test_another_networks_weights_are_an_error(tmp_path):
    torch.save({"layer.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="lacks"):
        find_weights(str(tmp_path / "other.pt"))


def test_weights_of_another_shape_are_an_error(tmp_path):
    state = build_segmenter(config(), seed=0).encoder.state_dict()
    torch.save({name: tensor[:1] if tensor.dim() else tensor for name, tensor in state.items()}, tmp_path / "odd.pt")
    with pytest.raises(WeightsError, match="has the shape"):
        find_weights(str(tmp_path / "odd.pt"))


class RunsCode:
    """A pickle that would run code when it is loaded."""

    def __reduce__(self):
        return (print, ("code ran",))


def test_a_file_that_holds_code_is_refused_and_the_code_never_runs(tmp_path, capsys):
    torch.save({"features": RunsCode()}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError, match="not a file of weights"):
        find_weights(str(tmp_path / "evil.pt"))
    assert "code ran" not in capsys.readouterr().out


def test_real_pretrained_features_load(sample_data):
    weights = find_weights(str(sample_data / "weights" / "mobilenet_v2_features.pt"))
    assert weights.name == "mobilenet_v2_features.pt"
    build_segmenter(config(weights=weights.name, weights_sha256=weights.sha256), seed=0)
