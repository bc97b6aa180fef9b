"""What every executor promises: the same command, whatever machines it uses."""

import signal
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from isicbench.records import RunStatus
from isicbench.store.store import open_store
from tests.commands import isicbench, start_isicbench
from tests.requiring import require
from tests.scheduling.test_studies import opened_runs, overlapping
from tests.waiting import wait_until

pytestmark = pytest.mark.cluster
PATIENCE_SECONDS = 600
SEEDS = [word for seed in range(6) for word in ("--seed", str(seed))]


@pytest.fixture(params=["local", "ray", "slurm"])
def place(request):
    """Options for two slots."""
    if request.param == "slurm":
        request.getfixturevalue("slurm")
    if request.param == "ray":
        require("ray", find_spec("ray") is not None, "Ray is not installed: pip install 'isicbench[ray]'")
    return ("--executor", request.param, "--devices", "cpu:2")


def all_runs():
    return open_store("results.db", create=False).runs()


def a_run_at_work(command):
    found = wait_until(
        lambda: next((run for run in opened_runs() if run.step), None) or command.poll() is not None,
        seconds=PATIENCE_SECONDS,
    )
    assert found is not True, "the command ended"
    return found


def test_runs_begin_in_the_grid_s_order_and_each_is_claimed_once(quick, place):
    done = isicbench("run", *quick, "--frozen", "--epochs", 1, *SEEDS, *place)
    assert done.returncode == 0, done.stderr
    runs = all_runs()
    assert [run.status for run in runs] == [RunStatus.COMPLETED] * 6
    begun = [run.seed for run in sorted(runs, key=lambda run: run.started_at)]
    assert all(abs(place - seed) < 2 for place, seed in enumerate(begun)), begun  # two slots claim at one time
    assert overlapping(runs) == []


def test_two_commands_share_the_runs(quick, place, tmp_path):
    commands = [
        start_isicbench("run", *quick, "--frozen", "--epochs", 1, *SEEDS, *place, log=tmp_path / f"{i}.log")
        for i in range(2)
    ]
    codes = [command.wait(timeout=PATIENCE_SECONDS) for command in commands]
    assert codes == [0, 0], (tmp_path / "0.log").read_text() + (tmp_path / "1.log").read_text()
    assert [run.status for run in all_runs()] == [RunStatus.COMPLETED] * 6


def test_cancelled_command_leaves_nothing_running_and_is_gone_on_with(quick, place, tmp_path):
    options = ("run", *quick, "--frozen", "--epochs", 30, *place)
    command = start_isicbench(*options, log=tmp_path / "run.log")
    stopped = a_run_at_work(command)
    command.send_signal(signal.SIGINT)
    assert command.wait(timeout=PATIENCE_SECONDS) == 130
    wait_until(lambda: not psutil.pid_exists(stopped.owner.pid))
    [run] = all_runs()
    assert run.status is RunStatus.INTERRUPTED
    kept = open_store("results.db", create=False).epochs([run.id]).get(run.id, [])
    assert isicbench(*options).returncode == 0
    [run] = all_runs()
    assert run.status is RunStatus.COMPLETED
    assert open_store("results.db", create=False).epochs([run.id])[run.id][: len(kept)] == kept


def test_what_a_run_raises_is_its_own_failure_alone(quick, place):
    done = isicbench("run", *quick, "--frozen", "--epochs", 1, "--lr", "1e-3", "--lr", "1e30", *place)
    assert done.returncode == 7, done.stderr
    assert [run.status for run in all_runs()] == [RunStatus.COMPLETED, RunStatus.DIVERGED]


def test_killed_worker_is_told_of_with_its_log_and_its_run_tried_again(quick, place, tmp_path):
    options = ("run", *quick, "--frozen", "--epochs", 30, *place)
    command = start_isicbench(*options, log=tmp_path / "run.log")
    victim = a_run_at_work(command)
    psutil.Process(victim.owner.pid).kill()
    assert command.wait(timeout=PATIENCE_SECONDS) == 0, (tmp_path / "run.log").read_text()
    failed, retried = all_runs()
    assert (failed.status, failed.failure.kind) == (RunStatus.FAILED, "signal")
    assert Path(failed.log_path).is_file()
    assert (retried.status, retried.retry_of) == (RunStatus.COMPLETED, failed.id)
