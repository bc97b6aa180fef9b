"""The torture in its shortened form; the full one is `make torture`. `ISICBENCH_TORTURE_SEED` repeats one."""

import os
import secrets

import pytest

from benchmarks.torture_kills import torture
from benchmarks.torture_soak import Sample, growth_of, soak
from benchmarks.torture_writers import write_at_once


def test_a_study_survives_kills_of_its_workers_and_commands(tmp_path, capsys):
    seed = int(os.environ.get("ISICBENCH_TORTURE_SEED") or secrets.randbelow(10**6))
    sound = torture(tmp_path, kills=6, seed=seed, seeds=1)
    printed = capsys.readouterr().out
    assert sound, f"ISICBENCH_TORTURE_SEED={seed}\n{printed}"
    assert f"seed {seed}" in printed


@pytest.mark.parametrize("writers", [4])
def test_writers_at_once_lose_nothing(tmp_path, writers):
    assert write_at_once(tmp_path, writers=writers, epochs=100 * writers)


def test_workers_open_no_more_files_and_threads_run_by_run(tmp_path, capsys):
    assert soak(tmp_path, runs=16, minutes=10), capsys.readouterr().out


def samples(**last: int) -> list[Sample]:
    """Of a worker over some runs, which ends with `last` and has had passing peaks on the way."""
    flat = {"memory_mib": 500, "files": 9, "threads": 4}
    peak = {"memory_mib": 900, "files": 30, "threads": 20}
    figures = [peak if completed % 3 == 0 else flat | (last if completed >= 75 else {}) for completed in range(101)]
    return [Sample("worker 1", completed, **values) for completed, values in enumerate(figures)]


@pytest.mark.parametrize("last", [{"memory_mib": 560}, {"files": 10}, {"threads": 5}])
def test_a_floor_that_rises_is_a_leak(last):
    assert not growth_of(samples(), "worker 1").leaks(runs=200)
    assert growth_of(samples(**last), "worker 1").leaks(runs=200)


def test_memory_is_not_judged_by_a_handful_of_runs():
    assert not growth_of(samples(memory_mib=560), "worker 1").leaks(runs=32)


def test_a_worker_that_was_replaced_has_no_growth_to_tell(tmp_path):
    assert growth_of([*samples()[:60], Sample("worker 2", 100, 1.0, 1, 1)], "worker 1") is None
