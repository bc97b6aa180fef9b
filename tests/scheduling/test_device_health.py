"""A device that stops computing takes its run and its worker along, and nothing else."""

import os
from pathlib import Path

import pytest
import torch

from isicbench.plugins import Kind
from isicbench.records import RunStatus
from isicbench.scheduling.device_health import computes
from isicbench.store.store import open_store
from tests.commands import start_isicbench
from tests.plugins.installing import put

LOSS = """
import sys
from pathlib import Path

import torch


def loss(grid, masks):
    marker = Path("device-failed")
    if "isicbench.scheduling.serving" in sys.modules and not marker.exists():
        marker.touch()
        {fail}
    return torch.nn.functional.binary_cross_entropy_with_logits(grid.mean(), masks.float().mean())
"""
"""Fails in a worker, once."""
AS_ON_A_GPU = """
        from isicbench.scheduling import device_health

        device_health.computes.__code__ = (lambda device: False).__code__
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
"""
"""On a CPU nothing of the kind happens, so the worker is told that it did."""
ON_A_GPU = "torch.zeros(1, device=grid.device)[torch.ones(1, dtype=torch.int64, device=grid.device)].item()"
"""An index out of range: an assertion fails in the kernel, and the process's CUDA context with it."""


def path_with(folder: Path) -> str:
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])


@pytest.mark.parametrize(
    ("devices", "fail"),
    [
        pytest.param("cpu", AS_ON_A_GPU, id="stand-in"),
        pytest.param(
            "cuda:0",
            ON_A_GPU,
            id="gpu",
            marks=[
                pytest.mark.gpu,
                pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible: pytest -m gpu"),
            ],
        ),
    ],
)
def test_worker_whose_device_computes_no_more_is_replaced_before_it_spoils_other_runs(quick, tmp_path, devices, fail):
    put(tmp_path, "broken-losses", kind=Kind.LOSS, code=LOSS.format(fail=fail), entries={"once": "loss"})
    options = ("--fine-tuned", "--loss", "broken-losses:once", "--seed", 0, "--seed", 1, "--epochs", 1)
    log = tmp_path / "run.log"
    command = start_isicbench("run", *quick, *options, "--devices", devices, log=log, PYTHONPATH=path_with(tmp_path))
    assert command.wait(timeout=300) == 0, log.read_text()
    broken, beside, retried = open_store("results.db", create=False).runs()
    assert (broken.status, broken.failure.kind) == (RunStatus.FAILED, "device")
    assert "CUDA error" in broken.failure.message
    assert [run.status for run in (beside, retried)] == [RunStatus.COMPLETED] * 2
    assert (retried.retry_of, beside.failure) == (broken.id, None)
    assert broken.owner.pid not in {beside.owner.pid, retried.owner.pid}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("CUDA error: device-side assert triggered", False),
        ("CUDA error: unspecified launch failure", False),
        ("CUDA error: out of memory", True),
    ],
)
def test_device_that_is_merely_full_computes(monkeypatch, message, expected):
    def ones(*_, **__):
        raise RuntimeError(message)

    assert computes(torch.device("cpu"))
    monkeypatch.setattr(torch, "ones", ones)
    assert computes(torch.device("cuda")) is expected
