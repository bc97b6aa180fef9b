"""A process is known by its pid and its start, whatever happens to the machine's clock."""

import os
import subprocess
import sys

import psutil
import pytest

from isicbench.compute.processes import is_alive, process_started


def test_process_is_alive_until_it_ends_and_another_with_its_pid_is_not_it():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process_started(process.pid)
    assert started > process_started()
    assert is_alive(process.pid, started=started)
    assert not is_alive(process.pid, started=started - 5)
    process.communicate(b"\n")
    assert not is_alive(process.pid, started=started)
    assert process_started(process.pid) == 0.0


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere the system keeps the time of day at which a process began")
@pytest.mark.parametrize("seconds", [1.0, -7200.0])
def test_clock_that_is_set_in_the_meantime_makes_nobody_dead(monkeypatch, seconds):
    started, booted = process_started(), psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted + seconds)
    assert psutil.boot_time() == booted + seconds
    assert is_alive(os.getpid(), started=started)
