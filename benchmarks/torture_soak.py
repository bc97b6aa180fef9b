"""Hundreds of runs in one worker: its memory, open files and threads must not grow."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.tiny_study import TinyStudy
from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store.store import Store, open_store

WARM_UP_SHARE = 0.25
"""Of the runs: allocators, kernels and caches settle."""
GROWTH_MIB = 64
"""By which resident memory may differ between the second quarter and the last one."""


@dataclass(frozen=True, slots=True)
class Sample:
    completed: int
    pid: int
    memory_mib: float
    files: int
    threads: int


def soak(folder: Path, *, runs: int) -> bool:
    """Whether one worker did all runs and ended them as large as it was after its warm-up."""
    seeds = [word for seed in range(runs // 2) for word in ("--seed", str(seed))]
    study = TinyStudy(folder, "--frozen", "--fine-tuned", "--epochs", "1", "--devices", "cpu", *seeds)
    command = study.start("soak.db")
    samples: list[Sample] = []
    while command.poll() is None:
        if (store := _opened(folder / "soak.db")) and (sample := _sample(store)):
            samples.append(sample)
        time.sleep(0.5)
    settled = [sample for sample in samples if sample.completed >= runs * WARM_UP_SHARE]
    early = [sample for sample in settled if sample.completed < runs * 0.5]
    late = [sample for sample in settled if sample.completed >= runs * 0.75]
    if command.returncode or not early or not late:
        print(f"exit code {command.returncode}, {len(samples)} samples: {(folder / 'run.log').read_text()[-2000:]}")
        return False
    print(f"{runs} runs, {len({sample.pid for sample in samples})} worker; medians of the 2nd and the 4th quarter:")
    growth = [_median_growth(early, late, name) for name in ("memory_mib", "files", "threads")]
    return growth[0] <= GROWTH_MIB and growth[1] <= 0 and growth[2] <= 0 and len({s.pid for s in samples}) == 1


def _median_growth(early: Sequence[Sample], late: Sequence[Sample], name: str) -> float:
    first, last = (sorted(getattr(s, name) for s in samples)[len(samples) // 2] for samples in (early, late))
    print(f"  {name}: {first:.0f}, {last:.0f}")
    return float(last - first)


def _sample(store: Store) -> Sample | None:
    """None between two runs, and where the worker is just gone."""
    running = [run.owner for run in store.running_runs() if run.owner]
    if not running:
        return None
    try:
        worker = psutil.Process(running[0].pid)
        return Sample(
            completed=len(store.runs(statuses=[RunStatus.COMPLETED])),
            pid=worker.pid,
            memory_mib=worker.memory_info().rss / 2**20,
            files=worker.num_fds(),
            threads=worker.num_threads(),
        )
    except psutil.Error:
        return None


def _opened(file: Path) -> Store | None:
    try:
        return open_store(str(file), create=False) if file.exists() else None
    except StoreError:
        return None  # being made
