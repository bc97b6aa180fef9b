"""What can be made of a run that was really trained: its network, its card, its costs, and the run once more."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from typer.testing import CliRunner

from isicbench.cli.costs import app as costs_app
from isicbench.cli.export import app as export_app
from isicbench.cli.reproduce import app as reproduce_app
from isicbench.config import Config
from isicbench.data.catalog import open_dataset
from isicbench.data.prepare import prepare
from isicbench.data.synthetic import write_synthetic
from isicbench.errors import ConfigError, DataError, WeightsError
from isicbench.models.segmenter import build_segmenter
from isicbench.records import RunStatus
from isicbench.scheduling.execution import execute
from isicbench.scheduling.planning import describe_dataset
from isicbench.scheduling.repetition import repetition_request
from isicbench.store.store import Store, open_store
from isicbench.store.studies import RunRequest
from tests.store.store_records import queue, request, start

NAME = "A *star*"
CONFIG = Config(
    dataset="folder",
    encoder="mobilenet_v3_small",
    weights="random",
    frozen=True,
    image_size_px=64,
    batch_size=4,
    epochs=2,
    validation_share=0.25,
)


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory, shared_home) -> Path:
    """A frozen run on a CPU with its results.db, and the images in `pairs`."""
    folder = tmp_path_factory.mktemp("trained")
    write_synthetic(folder / "pairs", train=12, test=4, seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISICBENCH_HOME", str(shared_home))
        dataset = open_dataset("folder", data_dir=folder / "pairs")
        record = describe_dataset(dataset, prepared=prepare(dataset, size_px=64))
        asked = RunRequest(
            config=replace(CONFIG, dataset_fingerprint=record.fingerprint), seed=3, dataset=record, name=NAME
        )
        store = open_store(str(folder / "results.db"))
        [run_id] = queue(store, asked)
        start(store, run_id)
        ended = execute(store, [store.run(run_id)], device=torch.device("cpu"), should_stop=lambda: False)
        store.close()
    assert ended == {run_id: RunStatus.COMPLETED}
    return folder


@pytest.fixture
def trained(trained_folder) -> Store:
    """The same, here, to do with as one likes."""
    shutil.copytree(trained_folder, ".", dirs_exist_ok=True)
    return open_store("results.db", create=False)


def test_model_command_says_the_largest_difference_and_writes_what_the_file_comes_from(trained):
    done = CliRunner().invoke(export_app, ["model", "1", "--format", "onnx", "--output", "new/run.onnx"])
    assert done.exit_code == 0, done.exception
    assert "On 4 test images: largest difference of a logit" in done.stdout
    [evaluation, _] = trained.evaluations([1])[1]
    assert f"Dice {evaluation.dice:.4f}, by the run's network {evaluation.dice:.4f}" in done.stdout
    said = {entry.key: entry.value for entry in onnx.load("new/run.onnx").metadata_props}
    run = trained.run(1)
    assert (said["run_uid"], said["config_hash"], said["experiment"]) == (run.uid, run.config.config_hash, NAME)
    assert json.loads(said["config"]) == run.config.to_dict()
    assert (said["threshold"], said["input_size_px"], json.loads(said["classes"])) == (
        "0.5",
        "64",
        ["background", "lesion"],
    )
    assert said["dataset_fingerprint"] == run.config.dataset_fingerprint
    assert json.loads(said["normalisation"])["mean"] == pytest.approx([0.485, 0.456, 0.406])
    again = CliRunner().invoke(export_app, ["model", "1", "--format", "onnx", "--output", "new/run.onnx"])
    assert isinstance(again.exception, DataError)


def test_card_command_writes_the_runs_card(trained):
    done = CliRunner().invoke(export_app, ["card", NAME, "--output", "new/README.md"])
    assert done.exit_code == 0, done.exception
    assert "# A \\*star\\*\n" in Path("new/README.md").read_text()
    assert isinstance(CliRunner().invoke(export_app, ["card", "1", "-o", "new/README.md"]).exception, DataError)


def test_run_records_what_its_network_costs_and_the_command_adds_the_time(trained, monkeypatch):
    monkeypatch.setattr("isicbench.models.costs.LATENCY_SECONDS", 0.1)
    counted = trained.costs([1])[1]
    parameters = sum(tensor.numel() for tensor in build_segmenter(CONFIG, seed=0).parameters())
    assert (counted.parameters, counted.latency_ms) == (parameters, None)
    done = CliRunner().invoke(costs_app, ["--json"])
    assert done.exit_code == 0, done.exception
    [network] = json.loads(done.stdout)
    measured = trained.costs([1])[1]
    assert network["costs"]["latency_ms"] == measured.latency_ms > 0
    assert measured.latency_on.endswith("1 thread")
    assert (measured.parameters, measured.gflops) == (counted.parameters, counted.gflops)
    assert {artifact.kind for artifact in trained.artifacts(1)} == {"model", "costs"}
    shutil.rmtree("runs")
    assert trained.costs([1]) == {}


def test_run_comes_out_again_to_the_last_bit_and_the_repetition_is_marked(trained):
    done = CliRunner().invoke(reproduce_app, ["1", "--json"])
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    assert (found["equal"], found["agrees"], found["other_surroundings"]) == (True, True, [])
    assert len(found["figures"]) == 2 * 4 + 2 * 2
    assert all(figure["recorded"] == figure["repeated"] for figure in found["figures"])
    repeated, run = open_store("repeated.db", create=False), trained.run(1)
    assert (repeated.run(1).config, repeated.run(1).seed) == (run.config, run.seed)
    assert repeated.study(1).tags == (f"repetition-of-{run.uid[:8]}",)
    assert len(trained.runs()) == 1


def test_other_data_and_other_weights_are_refused(trained, tmp_path, monkeypatch):
    run = trained.run(1)
    write_synthetic(tmp_path / "others", train=5, test=2, seed=2)
    with pytest.raises(DataError, match="another dataset"):
        repetition_request(trained, run, data_dir=tmp_path / "others", weights=None)
    with pytest.raises(WeightsError, match="named random"):
        repetition_request(trained, run, data_dir=None, weights="mine.pt")
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(DataError, match="--dataset folder needs a folder"):
        repetition_request(trained, run, data_dir=None, weights=None)
    request = repetition_request(trained, run, data_dir=Path("pairs"), weights=None)
    assert (request.config, request.seed, request.name) == (run.config, run.seed, run.experiment)
    assert len(request.dataset.images) == 16


def test_run_that_was_not_trained_to_its_end_is_not_repeated(trained):
    [run_id] = queue(trained, request())
    with pytest.raises(ConfigError, match="is queued"):
        repetition_request(trained, trained.run(run_id), data_dir=None, weights=None)
