"""Encoders, decoders and recipes from the command line."""

import json

import pandas as pd
import pytest

from isicbench.data.synthetic import write_synthetic
from isicbench.models.names import DECODERS, ENCODERS
from tests.commands import isicbench


@pytest.fixture(scope="module")
def folder_of_pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    write_synthetic(folder, train=10, test=2, seed=3)
    return folder


def test_encoders_and_decoders_are_listed_with_their_costs():
    encoders = json.loads(isicbench("encoders", "--size", "64", "--json").stdout)
    assert [row["name"] for row in encoders] == list(ENCODERS)
    assert all(row["parameters"] > 1e5 and row["gflops"] > 0 for row in encoders)
    resnet = next(row for row in encoders if row["name"] == "resnet18")
    assert resnet["channels"] == {"2": 64, "4": 64, "8": 128, "16": 256, "32": 512}
    decoders = isicbench("decoders", "--size", "64")
    assert decoders.returncode == 0
    assert all(name in decoders.stdout for name in DECODERS)
    too_large = isicbench("encoders", "--size", 2**32)
    assert too_large.returncode == 2
    assert "from 32 to 2048 pixels" in too_large.stderr


@pytest.mark.long
def test_a_grid_of_networks_and_losses_is_trained_scored_and_told_apart(folder_of_pairs, tmp_path):
    done = isicbench(
        "run", "--frozen", "--fine-tuned", "--encoder", "mobilenet_v3_small", "--encoder", "resnet18", "--decoder",
        "lraspp", "--decoder", "unet", "--loss", "bce_dice", "--optimiser", "adamw", "--schedule", "one-cycle",
        "--weights", "random", "--epochs", "1", "--batch-size", "4", "--size", "64",
        "--dataset", "folder", "--data-dir", folder_of_pairs, "--devices", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = pd.read_sql("results", f"sqlite:///{tmp_path / 'results.db'}")
    assert len(results) == 8
    assert results.dice.between(0, 1).all()
    assert set(zip(results.encoder, results.decoder, strict=True)) == {
        (encoder, decoder) for encoder in ("mobilenet_v3_small", "resnet18") for decoder in ("lraspp", "unet")
    }
    listed = isicbench("list").stdout
    assert "encoder resnet18" in " ".join(listed.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "resnet81"], "Did you mean resnet18?"),
        (["--decoder", "unett"], "Did you mean unet?"),
        (["--loss", "hinge"], "--loss hinge"),
        (["--optimiser", "rmsprop"], "--optimiser rmsprop"),
        (["--warmup-epochs", "11"], "--warmup-epochs 11"),
        (["--batch-parts", "0"], "--batch-parts 0"),
        (["--encoder", "timm:no_such_network", "--weights", "random"], "timm cannot give its feature maps"),
        (["--encoder", "timm:resnet10t"], "pretrained=True"),
    ],
)
def test_a_wrong_name_or_number_is_one_error_before_anything_is_queued(options, said, tmp_path, folder_of_pairs):
    done = isicbench("run", *options, "--dataset", "folder", "--data-dir", folder_of_pairs)
    assert done.returncode not in (0, 1)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    if (database := tmp_path / "results.db").exists():
        assert pd.read_sql("SELECT * FROM runs", f"sqlite:///{database}").empty
