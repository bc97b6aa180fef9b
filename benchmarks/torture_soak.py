"""Thousands of runs in the same workers: memory, open files, threads and processes must not grow."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.tiny_study import TinyStudy
from isicbench.records import RunStatus
from isicbench.store.store import Store

STUDY = (
    *("--frozen", "--fine-tuned", "--lr", "1e-3", "--lr", "1e-4", "--data-seed", "0"),
    *("--epochs", "1", "--devices", "cpu:2"),
)
"""Four runs a seed: the frozen ones side by side in large groups, the fine-tuned ones alone."""
WORKERS = 2
GROWTH_MIB = 48
"""By which a process's resident memory may differ between the second quarter of the runs and the last one."""
RUNS_TO_JUDGE_MEMORY = 200
"""Of fewer, a quarter holds so few runs that its least memory is that of whichever group of runs happened to train."""
LOOK_SECONDS = 0.1
CLEARING_SECONDS = 5.0
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Sample:
    process: str
    """`command`, or `worker` with its pid."""
    completed: int
    """Runs of all workers by then."""
    memory_mib: float
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Growth:
    """The least of a process's figures in the second quarter of the runs, and in the last: a leak lifts the floor."""

    process: str
    memory_mib: tuple[float, float]
    files: tuple[float, float]
    threads: tuple[float, float]

    def leaks(self, *, runs: int) -> bool:
        """Judged over so many runs."""
        grown_mib = self.memory_mib[1] - self.memory_mib[0]
        return (grown_mib > GROWTH_MIB and runs >= RUNS_TO_JUDGE_MEMORY) or any(
            last > first for first, last in (self.files, self.threads)
        )


def soak(folder: Path, *, runs: int, minutes: float) -> bool:
    """Whether the first two workers did all runs, or those of so many minutes, and no process grew by files or threads,
    nor, over enough runs, by memory."""
    seeds = [word for seed in range(runs // 4) for word in ("--seed", str(seed))]
    study = TinyStudy(folder, *STUDY, *seeds, side_px=32)
    command = study.start("soak.db")
    samples = list(_samples(study, command, minutes=minutes))
    if command.returncode not in (0, INTERRUPTED) or not samples:
        print(f"exit code {command.returncode}, {len(samples)} samples: {study.log[-2000:]}")
        return False
    completed = samples[-1].completed
    begin = min if completed >= RUNS_TO_JUDGE_MEMORY else max
    names = dict.fromkeys(sample.process for sample in samples)
    found = [growth for name in names if (growth := growth_of(samples, name, begin=begin))]
    what = "least figures" if begin is min else "most and least figures"
    print(f"{completed} runs; {what} of the 2nd and the 4th quarter of them:")
    for growth in found:
        print(f"  {growth}")
    return len(found) == 1 + WORKERS and not any(growth.leaks(runs=completed) for growth in found)


def growth_of(
    samples: Sequence[Sample], process: str, *, begin: Callable[[Iterable[float]], float] = min
) -> Growth | None:
    """None for a process that was not there in one of the quarters. With `begin` of `max` the least of the last quarter
    is compared with the most of the second: a few runs' last quarter may be one group in the midst of its work."""
    total = samples[-1].completed
    own = [sample for sample in samples if sample.process == process]
    early = [sample for sample in own if total * 0.25 <= sample.completed < total * 0.5]
    late = [sample for sample in own if sample.completed >= total * 0.75]
    if not early or not late:
        return None

    def least(name: str) -> tuple[float, float]:
        return begin(getattr(s, name) for s in early), min(getattr(s, name) for s in late)

    return Growth(process, least("memory_mib"), least("files"), least("threads"))


def _samples(study: TinyStudy, command: subprocess.Popen[bytes], *, minutes: float) -> Iterator[Sample]:
    """Until no run is left; the command is asked to end after so many minutes. A process that is ending has given back
    most of what it had."""
    began = cleared = time.monotonic()
    store: Store | None = None
    while command.poll() is None:
        store = store or study.opened("soak.db")
        if store:
            progress = store.study_progress(1)
            if progress.get(RunStatus.QUEUED) or progress.get(RunStatus.RUNNING):
                yield from _processes(command, progress.get(RunStatus.COMPLETED, 0))
        if time.monotonic() - cleared > CLEARING_SECONDS:
            _remove_weights(study.folder)
            cleared = time.monotonic()
        if time.monotonic() - began > minutes * 60:
            command.send_signal(signal.SIGINT)
            command.wait()
        time.sleep(LOOK_SECONDS)


def _processes(command: subprocess.Popen[bytes], completed: int) -> Iterator[Sample]:
    """Of the command and each worker; none of one that is just gone."""
    try:
        scheduler = psutil.Process(command.pid)
        for process in (scheduler, *scheduler.children(recursive=True)):
            name = "command" if process == scheduler else f"worker {process.pid}"
            with process.oneshot():
                memory = process.memory_info().rss / 2**20
                yield Sample(name, completed, round(memory), process.num_fds(), process.num_threads())
    except psutil.Error:
        return


def _remove_weights(folder: Path) -> None:
    """15 MB a run: thousands of them would fill the disk."""
    for path in folder.glob("runs/*/model.pt"):
        path.unlink(missing_ok=True)
