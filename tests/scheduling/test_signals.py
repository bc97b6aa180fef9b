"""Asking a study to stop: signals, and terminals that close."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from isicbench.records import RunStatus
from isicbench.scheduling.stop_signals import stop_signals
from isicbench.store.store import open_store
from tests.commands import PROGRAM, start_isicbench
from tests.scheduling.test_studies import opened_runs
from tests.waiting import wait_until

ENDLESS = ("--frozen", "--epochs", 2000, "--devices", "cpu")


def at_work():
    """The run that has begun its second epoch."""
    wait_until(lambda: Path("results.db").exists())
    return wait_until(lambda: next((run for run in opened_runs() if run.epoch > 1 and run.step), None))


def only_run():
    [run] = open_store("results.db", create=False).runs()
    return run


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal's two ends: what shows it, and what programs have open."""
    shown, programs = pty.openpty()
    try:
        yield shown, programs
    finally:
        os.close(programs)


def start_in_terminal(shown: int, programs: int, *words: object) -> subprocess.Popen[bytes]:
    """Start a command as a login shell would: the terminal is its session's own, and hangs up as it closes, which the
    command does not ignore, as these tests may be told to."""
    code = "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    code += "signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=programs,
        stdout=programs,
        stderr=programs,
        start_new_session=True,
    )


def test_study_that_is_asked_to_stop_saves_and_is_interrupted(quick, tmp_path):
    command = start_isicbench("run", *quick, *ENDLESS, log=tmp_path / "run.log")
    worker = at_work().owner.pid
    command.send_signal(signal.SIGTERM)
    assert command.wait(timeout=60) == 130
    assert "isicbench resume --all" in (tmp_path / "run.log").read_text()
    assert only_run().status is RunStatus.INTERRUPTED
    assert list(Path("runs").glob("*/checkpoint-*.pt"))
    assert not psutil.pid_exists(worker)


def test_second_request_waits_for_no_step(quick, tmp_path):
    command = start_isicbench("run", *quick, *ENDLESS, log=tmp_path / "run.log")
    worker = psutil.Process(at_work().owner.pid)
    worker.suspend()  # a step that takes for ever
    command.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=2)
    command.send_signal(signal.SIGINT)
    assert command.wait(timeout=60) == 130
    assert only_run().status is RunStatus.INTERRUPTED
    assert not worker.is_running()


def test_closed_terminal_interrupts_a_study(quick):
    with terminal() as (shown, programs):
        command = start_in_terminal(shown, programs, *PROGRAM, "run", *quick, *ENDLESS, "--db", "results.db")
    at_work()
    os.close(shown)
    command.wait(timeout=60)
    assert only_run().status is RunStatus.INTERRUPTED
    assert list(Path("runs").glob("*/checkpoint-*.pt"))


def test_closed_terminal_leaves_a_study_under_nohup_alone_although_nobody_reads_its_lines_any_more(quick):
    words = (*PROGRAM, "run", *quick, "--frozen", "--epochs", 40, "--devices", "cpu")
    with terminal() as (shown, programs):
        begun = start_in_terminal(shown, programs, "sh", "-c", 'nohup "$@" 2>&1 >table | cat >lines', "sh", *words)
    at_work()
    os.close(shown)
    begun.wait(timeout=60)
    wait_until(lambda: only_run().status is not RunStatus.RUNNING)
    assert only_run().status is RunStatus.COMPLETED
    wait_until(lambda: "completed" in Path("table").read_text())
    assert "completed" not in Path("lines").read_text()


def test_an_ignored_hangup_is_no_request():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        assert signal.SIGHUP in stop_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert signal.SIGHUP not in stop_signals()
        assert signal.SIGTERM in stop_signals()
    finally:
        signal.signal(signal.SIGHUP, before)
