"""Studies on a real GPU, run as a user runs them."""

import json

import pytest
import torch

from isicbench.records import RunStatus
from isicbench.store.store import open_store
from tests.commands import isicbench

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible: pytest -m gpu"),
]


def test_several_runs_share_a_device_and_say_what_they_ran_on(quick):
    options = ("--frozen", "--fine-tuned", "--seed", 0, "--seed", 1, "--data-seed", 3, "--epochs", 2)
    done = isicbench("run", *quick, *options, "--devices", "cuda:0", "--jobs-per-device", 2)
    assert done.returncode == 0, done.stderr
    store = open_store("results.db", create=False)
    runs = store.runs()
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert len({run.owner.pid for run in runs}) == 2
    assert all(run.owner.slot.startswith("cuda:") and run.peak_memory_mib > 1 for run in runs)
    environments = store.environments([run.id for run in runs])
    assert {found.device for found in environments.values()} == {torch.cuda.get_device_name()}


def test_auto_takes_the_gpu_and_bf16(quick):
    done = isicbench("run", *quick, "--fine-tuned", "--epochs", 1, "--precision", "auto")
    assert done.returncode == 0, done.stderr
    [run] = open_store("results.db", create=False).runs()
    assert run.owner.slot.startswith("cuda:")
    assert run.config.precision == ("bf16" if torch.cuda.get_device_capability()[0] >= 8 else "fp32")


def test_run_that_does_not_fit_says_which_batch_would(tiny_dataset):
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(free - 3 * 2**30, dtype=torch.uint8, device="cuda")
    data = ("--dataset", "folder", "--data-dir", tiny_dataset, "--weights", "random", "--validation-share", 0.25)
    large = ("--fine-tuned", "--size", 512, "--batch-size", 9, "--decoder", "unet", "--encoder", "resnet50")
    done = isicbench("run", *data, *large, "--epochs", 1, "--devices", "cuda:0")
    del taken
    torch.cuda.empty_cache()
    assert done.returncode == 7, done.stderr
    [run] = open_store("results.db", create=False).runs()
    assert run.failure.kind == "out_of_memory"
    assert "fit: --batch-size" in run.failure.message


def test_a_network_trained_on_the_gpu_scores_the_same_on_the_cpu(quick):
    assert (
        isicbench("run", *quick, "--fine-tuned", "--epochs", 3, "--lr", "1e-3", "--devices", "cuda:0").returncode == 0
    )
    done = isicbench("evaluate", 1, "--split", "validation", "--resolution", "training", "--devices", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    on_gpu = open_store("results.db", create=False).epochs([1])[1][-1].validation_dice
    assert json.loads(done.stdout)[0]["dice"] == pytest.approx(on_gpu, abs=5e-3)
