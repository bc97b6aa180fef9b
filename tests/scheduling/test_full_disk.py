"""A disk that takes no more, played by a limit on the size of files: what cannot be written whole is not there."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from isicbench.records import RunStatus
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


def test_weights_that_do_not_fit_on_the_disk_fail_the_run_and_leave_no_broken_file(quick):
    """Checkpoints and weights have some 15 MB, everything else less than one."""
    options = ("run", *quick, "--frozen", "--epochs", 2, "--devices", "cpu")
    done = limited(8 * MIB, *options)
    assert done.returncode == 7, done.stderr
    store = open_store("results.db", create=False)
    [run] = store.runs()
    assert run.status is RunStatus.FAILED
    assert "model.pt: File too large" in run.failure.message
    log = Path(run.log_path)
    assert "no checkpoint at epoch 2, step 0" in log.read_text()
    assert [path.name for path in log.parent.iterdir()] == [log.name]
    assert len(store.epochs([run.id])[run.id]) == 2
    assert isicbench("db", "check").returncode == 0

    assert isicbench(*options).returncode == 0
    assert isicbench(*options, "--db", "unlimited.db").returncode == 0
    _, again = store.runs()
    assert again.status is RunStatus.COMPLETED
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
