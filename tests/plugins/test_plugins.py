"""Plugins are found by their names, held to their contracts, and named where they break them."""

import subprocess
import sys

import numpy as np
import pytest

from isicbench.config import Config
from isicbench.data.catalog import list_datasets, open_dataset
from isicbench.errors import ConfigError
from isicbench.evaluation.plugin_metrics import load_metrics
from isicbench.models.listing import list_decoders
from isicbench.models.zoo import build_decoder, build_encoder
from isicbench.plugins import Kind, PluginError, find_plugin, is_plugin_name, packages_of
from isicbench.scoring.pairs import evaluation_of, score_pair
from isicbench.testing import BrokenPromiseError, check_dataset, check_decoder, check_loss, check_metric
from isicbench.training.losses import list_losses, loss_of
from tests.plugins.installing import put, put_written

MEAN = "def mean(grid, masks):\n    '''Mean of the logits, squared.'''\n    return (grid ** 2).mean()\n"
HEAD = "from isicbench.models.encoders import Backbone, Level\nfrom torch import nn\n"


def backbone(level: str) -> str:
    return f"{HEAD}def one():\n    net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1))\n    return {level}\n"


def of_levels(channels: int, stride: int) -> str:
    level = f"Level(channels={channels}, stride={stride}, end=0)"
    return f"Backbone(network=net, levels=({level},), mean=(0.0,) * 3, std=(1.0,) * 3)"


def test_two_packages_may_use_one_name_and_each_is_found_under_its_own(site):
    for package in ("lesion-nets", "other-nets"):
        put(site, package, kind=Kind.LOSS, code=MEAN, entries={"mean": "mean"})
    assert float(loss_of("lesion-nets:mean")(*[__import__("torch").ones(1, 2, 2)] * 2)) == 1.0
    listed = {part.name: (part.package, part.licence, part.what) for part in list_losses() if part.package}
    assert listed == {
        f"{package}:mean": (f"{package} 1.0", "MIT", "Mean of the logits, squared")
        for package in ("lesion-nets", "other-nets")
    }
    assert packages_of(["bce", "other-nets:mean"]) == {"other-nets": "1.0"}


def test_one_name_twice_in_a_package_is_an_error_that_names_both(site):
    put(site, "lesion-nets", kind=Kind.LOSS, code=MEAN + "other = mean\n", entries={"mean": "mean", "mean ": "other"})
    with pytest.raises(PluginError, match=r"lesion_nets:mean and lesion_nets:other"):
        loss_of("lesion-nets:mean")


def test_a_broken_plugin_is_named_with_its_package_and_the_rest_is_listed(site):
    put(site, "broken", kind=Kind.LOSS, code="import no_such_module\n", entries={"a": "a"})
    put(site, "lesion-nets", kind=Kind.LOSS, code=MEAN, entries={"mean": "mean"})
    problems = {part.name: part.problem for part in list_losses()}
    assert "broken 1.0" in problems["broken:a"]
    assert "ModuleNotFoundError: No module named 'no_such_module'" in problems["broken:a"]
    assert [name for name, problem in problems.items() if problem] == ["broken:a"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (backbone("net"), "it returns Sequential"),
        (backbone(of_levels(16, 2)), r"maps are \[\(2, 8, 32, 32\)\], expected \[\(2, 16, 32, 32\)\]"),
        (backbone(of_levels(8, 4)), r"expected \[\(2, 8, 16, 16\)\]"),
        (f"{HEAD}def one():\n    raise ValueError('no such depth')\n", "ValueError: no such depth"),
        ("one = 3\n", "cannot be called"),
    ],
)
def test_an_encoder_that_is_none_is_refused_with_what_it_gave(site, code, said):
    put(site, "lesion-nets", kind=Kind.ENCODER, code=code, entries={"one": "one"})
    with pytest.raises(PluginError, match=said) as raised:
        build_encoder("lesion-nets:one")
    assert "lesion-nets 1.0" in raised.value.message


@pytest.mark.parametrize(
    ("pyramid", "outputs", "said"), [("'yes'", 1, "attribute pyramid"), ("False", 2, r"expected \(2, 1, h, w\)")]
)
def test_a_decoder_that_is_none_is_refused_and_the_others_are_listed(site, pyramid, outputs, said):
    code = (
        f"from torch import nn\nclass one(nn.Conv2d):\n    pyramid = {pyramid}\n"
        f"    def __init__(self, channels):\n        super().__init__(channels, {outputs}, 1)\n"
    )
    put(site, "lesion-heads", kind=Kind.DECODER, code=code, entries={"one": "one"})
    with pytest.raises(PluginError, match=said):
        build_decoder("lesion-heads:one", build_encoder("mobilenet_v3_small", decoder="lesion-heads:one"))
    problems: list[str] = []
    listed = list(list_decoders(encoder="mobilenet_v3_small", size_px=32, broken=problems.append))
    assert len(listed) == 6
    assert "lesion-heads" in problems[0]


def test_a_loss_without_a_gradient_is_refused(site):
    put(
        site, "lossy", kind=Kind.LOSS, code="def a(grid, masks):\n    return grid.detach().mean()\n", entries={"a": "a"}
    )
    with pytest.raises(PluginError, match="has no gradient"):
        loss_of("lossy:a")


def test_a_name_is_a_plugins_by_its_form_so_that_a_config_is_read_where_its_package_is_absent():
    assert is_plugin_name("lesion-nets:mean")
    assert not any(map(is_plugin_name, ("bce", "timm:resnet18", "a:b:c", ":b", "a:")))
    assert Config.from_dict(Config(loss="lesion-nets:mean").to_dict()).loss == "lesion-nets:mean"
    with pytest.raises(ConfigError, match="not installed here") as raised:
        find_plugin(Kind.LOSS, "lesion-nets:mean")
    assert "pip install lesion-nets" in raised.value.hint


def test_a_name_that_a_package_lacks_is_not_known_with_the_nearest(site):
    put(site, "lesion-nets", kind=Kind.LOSS, code=MEAN, entries={"mean": "mean"})
    with pytest.raises(ConfigError) as raised:
        loss_of("lesion-nets:maen")
    assert "Did you mean lesion-nets:mean?" in raised.value.hint


def test_looking_for_plugins_imports_neither_them_nor_torch(site):
    put(site, "broken", kind=Kind.METRIC, code="raise SystemExit(3)\n", entries={"a": "a"})
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from isicbench.plugins import installed\n"
        "print([plugin.name for plugin in installed()], {'torch', 'broken'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['broken:a'] set()"


def scored(predicted: np.ndarray, *, resolution: str = "training"):
    metrics = load_metrics()
    true = np.ones((4, 4), np.bool_)
    pairs = [
        score_pair(name, predicted=mask, true=true, metrics=metrics, probabilities=mask.astype(np.float32))
        for name, mask in (("a", predicted), ("b", true))
    ]
    return evaluation_of(
        pairs, split="test", dataset_fingerprint="", resolution=resolution, threshold=0.5, seconds=0, metrics=metrics
    ).plugin_metrics


def test_metrics_are_means_over_images_and_one_that_fails_is_left_alone_with_its_reason(site):
    put(
        site,
        "measures",
        kind=Kind.METRIC,
        code=(
            "def area(predicted, true):\n    return predicted.mean()\n"
            "def soft(probabilities, true):\n    return float(probabilities.sum())\nsoft.reads = 'probabilities'\n"
            "def frail(predicted, true):\n    return 1 / int(predicted.sum())\nfrail.better = 'lower'\n"
            "def wordy(predicted, true):\n    return 'good'\n"
            "def writing(predicted, true):\n    predicted[:] = True\n    return 1.0\n"
        ),
        entries={name: name for name in ("area", "soft", "frail", "wordy", "writing")},
    )
    found = {metric.name: metric for metric in scored(np.zeros((4, 4), np.bool_))}
    assert found["measures:area"].mean == 0.5
    assert found["measures:area"].values == {"a": 0.0, "b": 1.0}
    assert (found["measures:area"].version, found["measures:area"].better) == ("1.0", "higher")
    assert found["measures:soft"].mean == 8.0
    assert "ZeroDivisionError" in found["measures:frail"].problem
    assert np.isnan(found["measures:frail"].mean)
    assert "it returns str, expected a number" in found["measures:wordy"].problem
    assert "read-only" in found["measures:writing"].problem
    at_original_size = scored(np.zeros((4, 4), np.bool_), resolution="original")
    assert "measures:soft" not in {metric.name for metric in at_original_size}
    with pytest.raises(BrokenPromiseError, match="ZeroDivisionError"):
        check_metric("measures:frail")


def test_what_isicbench_new_writes_keeps_the_promises_of_its_kind(site, tmp_path):
    decoder, loss, dataset, metric = (
        put_written(site, kind, f"my-{kind.value}") for kind in (Kind.DECODER, Kind.LOSS, Kind.DATASET, Kind.METRIC)
    )
    check_decoder(decoder, encoders=["mobilenet_v3_small"])
    check_loss(loss)
    check_metric(metric)
    check_dataset(dataset, data_dir=tmp_path / "discs")
    assert open_dataset(dataset, data_dir=tmp_path / "discs").name == "my-dataset:discs"
    assert list_datasets()[-1].package == "my-dataset 1.0"
