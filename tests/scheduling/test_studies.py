"""Whole studies: the real command, real workers, a real database."""

import itertools
import os
import signal
from datetime import timedelta
from pathlib import Path

import pandas as pd
import psutil
import pytest

from isicbench.records import RunStatus
from isicbench.store.store import Store, open_store
from tests.commands import isicbench, start_isicbench
from tests.waiting import wait_until

LOCK_WAIT = timedelta(seconds=1)
"""A claim is timed when it is asked for, and may wait for the write lock until the run before has ended."""
PYTHONPATH = os.environ.get("PYTHONPATH", "")
SEEDS = tuple(itertools.chain.from_iterable(("--seed", str(i)) for i in range(6)))
"""With both experiments: 12 runs."""


def store() -> Store:
    return open_store("results.db", create=False)


def overlapping(runs) -> list[tuple[int, int]]:
    """Pairs of runs that were in one slot at the same time."""
    by_slot = sorted((run.owner.slot, run.started_at, run.finished_at, run.id) for run in runs)
    return [
        (first[3], second[3])
        for first, second in itertools.pairwise(by_slot)
        if first[0] == second[0] and second[1] < first[2] - LOCK_WAIT
    ]


@pytest.mark.long
def test_twelve_runs_on_two_slots_each_complete_once_and_never_two_in_a_slot(quick):
    done = isicbench("run", *quick, "--epochs", 1, *SEEDS, "--devices", "cpu:2")
    assert done.returncode == 0, done.stderr
    runs = store().runs()
    assert len(runs) == 12
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert {run.owner.slot for run in runs} == {"cpu:0", "cpu:1"}
    assert overlapping(runs) == []
    assert {(run.config.frozen, run.seed) for run in runs} == set(itertools.product((True, False), range(6)))


def test_two_commands_on_one_database_share_the_runs_and_the_slots(quick, tmp_path):
    options = ("run", *quick, "--epochs", 1, *SEEDS, "--devices", "cpu:2")
    commands = [start_isicbench(*options, log=tmp_path / f"{i}.log") for i in range(2)]
    codes = [command.wait(timeout=300) for command in commands]
    assert codes == [0, 0], (tmp_path / "0.log").read_text() + (tmp_path / "1.log").read_text()
    runs = store().runs()
    assert len(runs) == 12
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert overlapping(runs) == []


def test_killed_worker_leaves_its_run_failed_and_the_others_complete(quick, tmp_path):
    command = start_isicbench(
        *("run", *quick, "--frozen", "--epochs", 6, *SEEDS[:6], "--devices", "cpu:2", "--retries", 0),
        log=tmp_path / "run.log",
    )
    wait_until(lambda: Path("results.db").exists())
    victim = wait_until(lambda: next((run for run in opened_runs() if run.step), None))
    psutil.Process(victim.owner.pid).kill()
    assert command.wait(timeout=300) == 7
    runs = {run.id: run for run in store().runs()}
    killed = runs.pop(victim.id)
    assert killed.status is RunStatus.FAILED
    assert killed.failure.kind == "signal"
    assert "SIGKILL" in killed.failure.message
    assert Path(killed.log_path).is_file()
    assert {run.status for run in runs.values()} == {RunStatus.COMPLETED}
    printed = (tmp_path / "run.log").read_text()
    assert "SIGKILL" in printed
    assert killed.log_path in printed.replace("\n", "")


def opened_runs():
    """Runs that are running now; none while the database is still being made."""
    from isicbench.errors import StoreError

    try:
        return store().runs(statuses=[RunStatus.RUNNING])
    except StoreError:
        return []


def test_what_is_completed_is_skipped_and_force_repeats_it_bit_for_bit(quick):
    options = ("run", *quick, "--frozen", "--epochs", 2, "--devices", "cpu")
    assert isicbench(*options).returncode == 0
    again = isicbench(*options)
    assert again.returncode == 0
    assert "completed before" in again.stderr
    assert len(store().runs()) == 1
    assert isicbench(*options, "--force").returncode == 0
    first, second = store().runs()
    epochs = store().epochs([first.id, second.id])
    figures = [[(e.train_loss, e.validation_loss) for e in epochs[run.id]] for run in (first, second)]
    assert figures[0] == figures[1]
    scores = pd.read_sql("results", "sqlite:///results.db")[["iou", "dice", "train_loss", "validation_loss"]]
    assert scores.iloc[0].equals(scores.iloc[1])


def test_interrupted_study_goes_on_with_the_same_command(quick, tmp_path):
    options = ("run", *quick, "--frozen", "--epochs", 30, "--devices", "cpu")
    command = start_isicbench(*options, log=tmp_path / "run.log")
    wait_until(lambda: Path("results.db").exists())
    wait_until(lambda: any(run.step for run in opened_runs()))
    command.send_signal(signal.SIGINT)
    assert command.wait(timeout=60) == 130
    [run] = store().runs()
    assert run.status is RunStatus.INTERRUPTED
    assert isicbench(*options).returncode == 0
    [run] = store().runs()
    assert run.status is RunStatus.COMPLETED
    assert len(store().epochs([run.id])[run.id]) == 30


def test_a_dead_schedulers_runs_are_found_by_the_next_command(quick, tmp_path):
    options = ("run", *quick, "--frozen", "--epochs", 40, "--devices", "cpu")
    command = start_isicbench(*options, log=tmp_path / "run.log")
    wait_until(lambda: Path("results.db").exists())
    orphan = wait_until(lambda: next((run for run in opened_runs() if run.step), None))
    command.kill()
    command.wait(timeout=30)
    wait_until(lambda: not psutil.pid_exists(orphan.owner.pid))
    assert store().run(orphan.id).status is RunStatus.INTERRUPTED


def test_a_run_that_diverges_is_marked_so_and_the_others_complete(quick):
    done = isicbench(
        *("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu"),
        *("--seed", 0),
        *("--lr", "1e-3", "--lr", "1e30"),
    )
    assert done.returncode == 7
    completed, diverged = store().runs()
    assert completed.status is RunStatus.COMPLETED
    assert diverged.status is RunStatus.DIVERGED
    assert diverged.diagnoses[0].kind == "diverged"


@pytest.mark.parametrize("kind", ["epoch_results", "image_results", "results"])
def test_pandas_reads_every_view(quick, kind):
    assert isicbench("run", *quick, "--frozen", "--epochs", 2, "--devices", "cpu").returncode == 0
    frame = pd.read_sql(kind, "sqlite:///results.db")
    assert len(frame) == {"epoch_results": 2, "image_results": 2 * 4, "results": 1}[kind]
    assert frame["run_id"].notna().all()


def test_worker_that_dies_as_it_starts_fails_its_run_and_is_not_started_for_ever(quick, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('a torch that does not load')")
    options = ("--epochs", 1, "--devices", "cpu", "--retries", 0)
    done = isicbench("run", *quick, *options, PYTHONPATH=f"{tmp_path}{os.pathsep}{PYTHONPATH}")
    assert done.returncode == 7
    runs = store().runs()
    assert [run.status for run in runs] == [RunStatus.FAILED] * 2
    assert all("before it began" in run.failure.message for run in runs)
    log = Path(runs[0].failure.message.split("what it printed: ")[1])
    assert "a torch that does not load" in log.read_text()
