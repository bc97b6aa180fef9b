"""A disk that takes no more, played by a limit on the size of files: what cannot be written whole is not there."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from isicbench.records import RunStatus
from isicbench.scheduling.disk_space import is_disk_full, require_room
from isicbench.store.store import Store, open_store
from tests.commands import isicbench

MIB = 2**20


def limited(limit: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, none of whose processes may write a file beyond the limit."""
    return subprocess.run(
        [sys.executable, "-m", "isicbench", *map(str, arguments)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def scores(store: Store, run_id: int):
    evaluations = store.evaluations([run_id], with_image_scores=True)[run_id]
    return [(evaluation.resolution, evaluation.image_scores) for evaluation in evaluations]


def test_weights_that_do_not_fit_on_the_disk_fail_the_run_and_leave_no_broken_file_and_no_other_run_is_begun(quick):
    """Checkpoints and weights have some 15 MB, everything else less than one."""
    options = ("run", *quick, "--frozen", "--epochs", 2, "--seed", 0, "--seed", 1, "--devices", "cpu")
    done = limited(8 * MIB, *options)
    assert done.returncode == 7, done.stderr
    assert "the disk is full: run 1 failed, and nothing further was begun" in done.stderr
    assert "isicbench resume --all" in done.stderr
    store = open_store("results.db", create=False)
    run, waiting = store.runs()
    assert (run.status, run.failure.kind) == (RunStatus.FAILED, "disk_full")
    assert waiting.status is RunStatus.QUEUED
    assert "model.pt: File too large" in run.failure.message
    log = Path(run.log_path)
    assert "no checkpoint at epoch 2, step 0" in log.read_text()
    assert [path.name for path in log.parent.iterdir()] == [log.name]
    assert len(store.epochs([run.id])[run.id]) == 2
    assert isicbench("db", "check").returncode == 0

    assert isicbench("resume", "--all", "--devices", "cpu").returncode == 0
    assert isicbench(*options, "--db", "unlimited.db").returncode == 0
    _, beside, again = store.runs()
    assert (beside.status, again.status, again.retry_of) == (RunStatus.COMPLETED, RunStatus.COMPLETED, run.id)
    assert scores(store, again.id) == scores(open_store("unlimited.db", create=False), 1)
    assert isicbench("db", "check").returncode == 0


def test_arrays_that_do_not_fit_on_the_disk_are_one_error_and_are_made_anew(quick, tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "home"))
    prepare = ("data", "prepare", "--dataset", "folder", "--data-dir", tiny_dataset, "--size", 64)
    done = limited(20_000, *prepare)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("Error: ") == 1
    assert "File too large" in done.stderr
    assert isicbench(*prepare).returncode == 0
    assert isicbench("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu").returncode == 0


def test_disk_without_room_for_the_weights_fails_a_run_before_it_is_trained(monkeypatch, tmp_path):
    network = torch.nn.Linear(1024, 1024, bias=False)
    require_room(tmp_path / "runs", [network])
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=7 * MIB, path=path))
    require_room(tmp_path / "runs", [network])
    with pytest.raises(OSError, match="8 MiB are needed for the weights, 7 MiB are free") as raised:
        require_room(tmp_path / "runs", [network, network])
    assert is_disk_full(raised.value)
    assert not is_disk_full(OSError("another error"))
