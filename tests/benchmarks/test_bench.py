"""`isicbench bench` measures every part, and its files hold what is documented. No time is asserted."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from isicbench.benchmarking.inputs import bench_inputs
from isicbench.benchmarking.notebook_peer import PairFiles
from isicbench.benchmarking.parts import PARTS, plain_pair
from isicbench.benchmarking.plain_network import PlainNetwork
from isicbench.cli.bench import Part
from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from tests.commands import isicbench
from tests.docs.pages import DOCS, first_cells, sections

JSON_PAGE = sections(DOCS / "reference" / "json.md")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    done = isicbench("bench", "--quick", "--json", "bench.json", "--figure", "bench.png", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, json.loads((folder / "bench.json").read_text())


def test_quick_bench_measures_every_part_and_every_peer(measured):
    _, printed, value = measured
    names = {row["part"].split(",")[0] for row in value["timings"]}
    assert names == set(PARTS) == set(Part)
    training = [row["way"] for row in value["timings"] if row["part"] == "training, frozen"]
    assert training == ["compute only", "isicbench's loop", "tuned DataLoader", "notebook"]
    assert all(row["lower_quartile"] <= row["seconds"] <= row["upper_quartile"] for row in value["timings"])
    assert all(len(row["rounds"]) == value["rounds"] for row in value["timings"])
    assert all(math.isfinite(row["value"]) and row["value"] > 0 for row in value["ratios"])
    assert "times the notebook's" in " ".join(printed.split())


def test_json_holds_the_documented_keys(measured):
    value = measured[2]
    assert sorted(value) == sorted(first_cells(JSON_PAGE["isicbench bench --json"]))
    for name in ("timings", "ratios"):
        assert sorted(value[name][0]) == sorted(first_cells(JSON_PAGE[name]))
    assert sorted(value["machine"]) == sorted(first_cells(JSON_PAGE["machine"]))


def test_figure_is_a_picture_and_nothing_else_stays(measured):
    folder = measured[0]
    assert Image.open(folder / "bench.png").format == "PNG"
    assert sorted(path.name for path in folder.iterdir()) == ["bench.json", "bench.png"]


def test_only_measures_what_is_named_on_ones_own_files(sample_data):
    done = isicbench(
        "bench", "--quick", "--only", "augmentation", "--data-dir", sample_data / "isic_sample", "--json", "b.json"
    )
    assert done.returncode == 0, done.stderr
    value = json.loads(Path("b.json").read_text())
    assert {row["part"] for row in value["timings"]} == {"augmentation"}
    assert value["images"] == 48


@pytest.mark.long
def test_scale_measures_images_and_commands(tmp_path):
    done = isicbench("bench", "--scale", "--quick", "--json", "scale.json")
    assert done.returncode == 0, done.stderr
    value = json.loads((tmp_path / "scale.json").read_text())
    assert {row["work"] for row in value["images"]} == {"resident", "streamed"}
    assert {row["work"] for row in value["runs"]} == {"enqueue", "list", "report", "compare", "show"}
    listed = first_cells(JSON_PAGE["isicbench bench --scale --json"])
    assert sorted(value) == sorted(listed)
    assert sorted(value["images"][0]) == sorted(first_cells(JSON_PAGE["images and runs"]))


@pytest.fixture(scope="module")
def inputs(shared_home):
    with bench_inputs(images=3, data_dir=None, batch_size=2, size_px=32, rounds=2) as made:
        yield made


def test_peers_see_the_same_pictures_as_isicbench(inputs):
    for place, pair in enumerate(inputs.dataset.train):
        image, mask = plain_pair(pair, 32)
        ours = inputs.prepared.train.images[place].astype(int)
        assert np.abs(image.astype(int) - ours).mean() < 3
        assert (mask == inputs.prepared.train.masks[place]).mean() > 0.99
        assert [tuple(tensor.shape) for tensor in PairFiles([pair], size_px=32)[0]] == [(3, 32, 32), (1, 32, 32)]


def test_caches_of_the_user_stay_as_they_are(inputs):
    assert inputs.folder in inputs.prepared.train.original_masks.path.parents


@pytest.mark.parametrize("frozen", [True, False])
def test_plain_network_is_the_studys(frozen):
    plain, ours = PlainNetwork(frozen=frozen), build_segmenter(Config(weights="random", frozen=frozen), seed=0)
    ours.encoder.features.load_state_dict(plain.features.state_dict())
    theirs = [p for p in plain.parameters() if p.requires_grad]
    assert sum(p.numel() for p in theirs) == sum(p.numel() for p in ours.trainable_parameters())
    assert plain.features.training is not frozen
    assert plain(torch.zeros(2, 3, 64, 64)).shape == (2, 1, 64, 64)


def test_help_of_bench_loads_no_torch():
    script = "import sys; sys.argv = ['isicbench', 'bench', '--help']\nfrom isicbench.cli import main\n"
    script += "try: main()\nexcept SystemExit: pass\nprint('torch' in sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stderr.strip() == "False"
