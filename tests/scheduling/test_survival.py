"""Studies whose processes are stopped, killed and hung: what was trained is gone on with, to the last bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from isicbench.records import RunStatus
from isicbench.scheduling.run_folder import run_folder
from isicbench.store.store import Store, open_store
from tests.commands import isicbench, start_isicbench
from tests.scheduling.test_studies import PYTHONPATH, opened_runs
from tests.waiting import wait_until

EVERY_STEP = ("--checkpoint-minutes", 0)


def store() -> Store:
    return open_store("results.db", create=False)


def results(database: Store, run_id: int):
    """Losses and test scores: what must not depend on how often a run was interrupted."""
    epochs = [(e.epoch, e.train_loss, e.validation_loss, e.gradient_norm) for e in database.epochs([run_id])[run_id]]
    evaluations = database.evaluations([run_id], with_image_scores=True)[run_id]
    return epochs, [(e.split, e.resolution, e.image_scores) for e in evaluations]


def unbroken(quick, *options: object):
    assert isicbench("run", *quick, *options, "--db", "unbroken.db").returncode == 0
    return results(open_store("unbroken.db", create=False), 1)


def at_epoch(number: int):
    wait_until(lambda: Path("results.db").exists())
    return wait_until(lambda: next((run for run in opened_runs() if run.epoch > number and run.step), None))


def test_a_killed_worker_costs_a_run_nothing_but_the_steps_since_its_checkpoint(quick, tmp_path):
    options = ("--frozen", "--epochs", 20, "--devices", "cpu")
    command = start_isicbench("run", *quick, *options, *EVERY_STEP, log=tmp_path / "run.log")
    victim = at_epoch(3)
    psutil.Process(victim.owner.pid).kill()
    assert command.wait(timeout=300) == 0, (tmp_path / "run.log").read_text()
    failed, retried = store().runs()
    assert (failed.status, failed.failure.kind) == (RunStatus.FAILED, "signal")
    assert (retried.status, retried.retry_of) == (RunStatus.COMPLETED, failed.id)
    kept = store().epochs([failed.id])[failed.id]
    assert store().epochs([retried.id])[retried.id][:3] == kept[:3]
    assert results(store(), retried.id) == unbroken(quick, *options)
    assert list(run_folder(store().folder, retried).glob("checkpoint-*")) == []


def test_a_run_whose_workers_keep_dying_is_given_up(quick, tmp_path):
    command = start_isicbench(
        "run", *quick, "--frozen", "--epochs", 400, "--devices", "cpu", "--retries", 1, log=tmp_path / "run.log"
    )
    first = at_epoch(1)
    psutil.Process(first.owner.pid).kill()
    second = wait_until(lambda: next((run for run in opened_runs() if run.id != first.id and run.step), None))
    psutil.Process(second.owner.pid).kill()
    assert command.wait(timeout=120) == 7
    assert [run.status for run in store().runs()] == [RunStatus.FAILED] * 2


def test_a_notice_of_preemption_is_obeyed_and_resume_goes_on_in_the_same_row(quick, tmp_path):
    options = ("--fine-tuned", "--epochs", 10, "--devices", "cpu")
    command = start_isicbench("run", *quick, *options, log=tmp_path / "run.log")
    at_epoch(1)
    command.send_signal(signal.SIGUSR1)
    assert command.wait(timeout=60) == 130
    assert "isicbench resume --all" in (tmp_path / "run.log").read_text()
    [run] = store().runs()
    assert run.status is RunStatus.INTERRUPTED
    kept = store().epochs([run.id])[run.id]
    done = isicbench("resume", run.id, "--devices", "cpu")
    assert done.returncode == 0, done.stderr
    [resumed] = store().runs()
    assert resumed.status is RunStatus.COMPLETED
    assert store().epochs([run.id])[run.id][: len(kept)] == kept
    assert results(store(), run.id) == unbroken(quick, *options)


def test_a_group_that_was_killed_with_its_command_goes_on(quick, tmp_path):
    options = ("--frozen", "--seed", 0, "--seed", 1, "--data-seed", 5, "--epochs", 60, "--devices", "cpu")
    command = start_isicbench("run", *quick, *options, log=tmp_path / "run.log")
    orphan = at_epoch(2)
    command.kill()
    command.wait(timeout=30)
    wait_until(lambda: not psutil.pid_exists(orphan.owner.pid))
    assert [run.status for run in store().runs()] == [RunStatus.INTERRUPTED] * 2
    done = isicbench("resume", "--all", "--devices", "cpu")
    assert done.returncode == 0, done.stderr
    runs = store().runs()
    assert [run.status for run in runs] == [RunStatus.COMPLETED] * 2
    assert len({run.owner.pid for run in runs}) == 1
    assert isicbench("run", *quick, *options, "--db", "unbroken.db").returncode == 0
    whole = open_store("unbroken.db", create=False)
    for run in runs:
        assert results(store(), run.id) == results(whole, run.id)


def test_a_worker_that_stands_still_is_ended_and_its_run_tried_again(quick, tmp_path):
    command = start_isicbench(
        *("run", *quick, "--frozen", "--epochs", 60, "--devices", "cpu", "--hang-minutes", 0.5),
        log=tmp_path / "run.log",
    )
    victim = at_epoch(1)
    psutil.Process(victim.owner.pid).suspend()
    assert command.wait(timeout=300) == 0
    hung, retried = store().runs()
    assert (hung.status, hung.failure.kind) == (RunStatus.FAILED, "hang")
    assert hung.log_path in hung.failure.message
    assert retried.status is RunStatus.COMPLETED


def test_a_hanging_step_leaves_its_stack_in_the_log(tmp_path):
    code = """
import time
from isicbench.scheduling.watchdog import Watchdog

def a_step_that_hangs():
    time.sleep(60)

with Watchdog(0.2):
    a_step_that_hangs()
"""
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", code], stderr=log)
    wait_until(lambda: "a_step_that_hangs" in (tmp_path / "log").read_text() or process.poll())
    process.kill()
    assert "a_step_that_hangs" in (tmp_path / "log").read_text()


def test_a_worker_whose_scheduler_is_gone_before_torch_is_loaded_ends_at_once(tmp_path):
    (tmp_path / "torch.py").write_text("import time\ntime.sleep(600)")
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "isicbench.scheduling.worker", "--slot", "cpu:0", "--device", "cpu"),
            *("--threads", "1", "--checkpoint-minutes", "10", "--hang-seconds", "0"),
        ],
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PYTHONPATH}"},
    )
    assert worker.wait(timeout=120) == 0


def test_resume_says_what_it_cannot_go_on_with(quick):
    assert isicbench("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu").returncode == 0
    for arguments, words in (
        ((), "--all"),
        ((1,), "run 1 is completed"),
        ((1, "--all"), "name the runs to resume, or --all"),
        ((9,), "there is no run 9"),
        ((1, "--retries", -1), "--retries -1"),
    ):
        done = isicbench("resume", *arguments, "--devices", "cpu")
        assert done.returncode in (2, 5)
        assert words in done.stderr
    done = isicbench("resume", "--all", "--devices", "cpu")
    assert (done.returncode, len(store().runs())) == (0, 1)
    assert "Nothing to resume" in done.stderr
