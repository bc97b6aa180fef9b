"""`isicbench watch` on terminals, in files and in notebooks, while runs' rows change under it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from isicbench.records import Owner, RunStatus, StepRecord
from isicbench.store.experiments import RunRequest
from isicbench.store.store import Store, open_store
from tests.commands import PROGRAM
from tests.report.study_records import COLLAPSE, config, dataset, epoch
from tests.waiting import wait_until

OWNER = Owner(host="host", pid=os.getpid(), process_started=0.0, slot="cpu:0")
CONTROL = re.compile(rb"\x1b|[\x00-\x08\x0b-\x1f\x7f]")
KERNEL = {"TERM": "xterm-color", "CLICOLOR": "1", "FORCE_COLOR": "1", "JPY_PARENT_PID": "1"}
"""What a Jupyter kernel sets, on a terminal of its own, for what is called by `!`."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Run 1 at its first epoch, run 2 in the queue."""
    store = open_store(str(tmp_path / "watched.db"))
    store.add_study("run", [RunRequest(config=config(), seed=seed, dataset=dataset()) for seed in (0, 1)])
    store.claim(1, OWNER, log_path="runs/1.log")
    store.record_progress(1, StepRecord(epoch=1, step=1, steps=10))
    return store


def end_study(store: Store, said: Callable[[], bytes]) -> None:
    """Two epochs of run 1, seen one by one, and an end of both runs."""
    wait_until(lambda: b"Following 2 runs: 1 running, 1 queued" in said())
    store.record_epoch(1, epoch(1))
    wait_until(lambda: b"0.7000" in said())
    store.record_epoch(1, epoch(2))
    wait_until(lambda: b"0.5000" in said())
    store.record_diagnoses(1, [COLLAPSE])
    store.finish(1, RunStatus.COMPLETED, train_seconds=20.0)
    store.finish(2, RunStatus.INTERRUPTED)


def watch_on_terminal(store: Store, **environment: str) -> bytes:
    """All that it wrote to a terminal of 80 x 24, until it ended by itself."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [*PROGRAM, "watch", "--db", store.url], stdin=theirs, stdout=theirs, stderr=theirs, env=kept | environment
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    heard = bytearray()

    def said() -> bytes:
        try:
            while block := os.read(ours, 65536):
                heard.extend(block)
        except OSError:  # nothing more at the moment, or the terminal's other end is closed
            pass
        return bytes(heard)

    try:
        end_study(store, said)
        assert wait_until(lambda: (said(), process.poll())[1] is not None)
        assert process.returncode == 0
        return said()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_terminal_is_drawn_over_and_holds_slots_losses_queue_and_diagnosis(store):
    said = watch_on_terminal(store, TERM="xterm").decode()
    assert "\x1b[1A" in said
    for part in ("cpu:0", "Next: run 2, seed 1", "0.5000", "█▁", "collapsed_background", "1 completed, 1 interrupted"):
        assert part in said


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, KERNEL], ids=["dumb", "notebook"])
def test_terminal_that_obeys_no_cursor_gets_a_line_an_event(store, environment):
    said = watch_on_terminal(store, **environment).replace(b"\r\n", b"\n")
    assert CONTROL.findall(said) == []
    assert [line.split("  ")[0] for line in said.decode().splitlines() if " epoch " in line][-2:] == [
        "[run 1] epoch 1/4",
        "[run 1] epoch 2/4",
    ]


def test_file_gets_a_line_an_event_and_no_control_character_even_where_colour_is_forced(store, tmp_path):
    log = tmp_path / "watch.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*PROGRAM, "watch", "--db", store.url],
            stdout=output,
            stderr=output,
            env=os.environ | {"FORCE_COLOR": "1", "TERM": "xterm-256color"},
        )
    try:
        end_study(store, log.read_bytes)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert CONTROL.findall(log.read_bytes()) == []
    lines = log.read_text().splitlines()
    assert [line.partition("  ")[0] for line in lines[-5:]] == [
        "[run 1] epoch 1/4",
        "[run 1] epoch 2/4",
        f"[run 1] diagnosis collapsed_background: {COLLAPSE.message}",
        f"[run 1] {config().default_name}, seed 0: completed in 20.0 s, but it has collapsed: see its diagnosis",
        f"[run 2] {config().default_name}, seed 1: interrupted",
    ]
