"""Kill workers and commands of a study at random, start it again until it is complete, and compare it with an unbroken
one."""

import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from benchmarks.tiny_study import TinyStudy
from isicbench.compute.processes import is_alive
from isicbench.errors import StoreError
from isicbench.records import EpochRecord, RunRecord, RunStatus
from isicbench.store.store import Store, open_store

STUDY = ("--frozen", "--fine-tuned", "--epochs", "6", "--seed", "0", "--seed", "1", "--devices", "cpu:2")
SURVIVING = ("--checkpoint-minutes", "0.01", "--retries", "1000")
KILLS_IN_A_STUDY = 25
"""Then it may complete, and another one begins."""
LONGEST_WAIT_SECONDS = 1.5
"""From the sight of a living worker to the kill."""
RESTARTS = 1000


@dataclass(slots=True)
class Counts:
    kills: Counter[str] = field(default_factory=Counter)
    studies: int = 0
    epochs_seen: int = 0
    lost: int = 0
    """Epochs that were seen in the database and were gone, or other ones, at the end."""
    stuck: int = 0
    """Runs that were neither completed nor failed at the end."""
    double: int = 0
    """Results of one config and seed beyond the first."""
    different: int = 0
    """Results that are not the unbroken study's to the last bit, or missing."""

    @property
    def sound(self) -> bool:
        return not (self.lost or self.stuck or self.double or self.different)


def torture(folder: Path, *, kills: int, seed: int) -> bool:
    """Whether nothing was lost, stuck, doubled or different after so many kills."""
    study = TinyStudy(folder, *STUDY)
    if study.start("unbroken.db").wait() != 0:
        raise RuntimeError((folder / "run.log").read_text())
    expected = _results(open_store(str(folder / "unbroken.db"), create=False))
    chance, counts = random.Random(seed), Counts()
    while counts.kills.total() < kills:
        database = f"study-{counts.studies}.db"
        most = min(KILLS_IN_A_STUDY, kills - counts.kills.total())
        seen = _break(study, database, kills=most, chance=chance, counts=counts)
        _count(open_store(str(folder / database), create=False), seen, expected, counts)
        counts.studies += 1
        print(f"seed {seed}: {counts}", flush=True)
    return counts.sound


def _break(
    study: TinyStudy, database: str, *, kills: int, chance: random.Random, counts: Counts
) -> dict[tuple[int, int], EpochRecord]:
    """Kill and restart until the study is complete; the epochs that were seen on the way."""
    seen: dict[tuple[int, int], EpochRecord] = {}
    for _ in range(RESTARTS):
        command = study.start(database, *SURVIVING)
        while command.poll() is None:
            store = _opened(study.folder / database)
            victims = _victims(command, store)
            if kills and victims:
                time.sleep(chance.uniform(0, LONGEST_WAIT_SECONDS))
                kind = chance.choice(sorted(victims))
                if _kill(victims[kind]):
                    counts.kills[kind] += 1
                    kills -= 1
            _look(store, seen)
            time.sleep(0.05)
        if command.returncode == 0:
            return seen
    raise RuntimeError(f"not complete after {RESTARTS} starts: {(study.folder / 'run.log').read_text()[-4000:]}")


def _victims(command: subprocess.Popen[bytes], store: Store | None) -> dict[str, list[tuple[int, float]]]:
    """Pid and start time of whom to kill: a worker, the command, or both at once; empty while none works."""
    owners = [run.owner for run in store.running_runs() if run.owner] if store else []
    alive = [
        (owner.pid, owner.process_started) for owner in owners if is_alive(owner.pid, started=owner.process_started)
    ]
    if not alive:
        return {}
    try:
        scheduler = (command.pid, psutil.Process(command.pid).create_time())
    except psutil.Error:
        return {}
    return {"worker": alive[:1], "command": [scheduler], "both": [scheduler, alive[-1]]}


def _kill(processes: list[tuple[int, float]]) -> bool:
    """Whether one of them was there to be killed."""
    killed = False
    for pid, started in processes:
        if is_alive(pid, started=started):
            psutil.Process(pid).kill()
            killed = True
    return killed


def _look(store: Store | None, seen: dict[tuple[int, int], EpochRecord]) -> None:
    if store is not None:
        for run_id, epochs in store.epochs([run.id for run in store.runs()]).items():
            seen |= {(run_id, epoch.epoch): _timeless(epoch) for epoch in epochs}


def _opened(file: Path) -> Store | None:
    try:
        return open_store(str(file), create=False) if file.exists() else None
    except StoreError:
        return None  # being made


def _count(
    store: Store, seen: dict[tuple[int, int], EpochRecord], expected: dict[object, object], counts: Counts
) -> None:
    runs = store.runs()
    kept: dict[tuple[int, int], EpochRecord] = {}
    _look(store, kept)
    completed = Counter(_key(run) for run in runs if run.status is RunStatus.COMPLETED)
    found = _results(store)
    counts.epochs_seen += len(seen)
    counts.lost += sum(kept.get(key) != epoch for key, epoch in seen.items())
    counts.stuck += sum(run.status not in (RunStatus.COMPLETED, RunStatus.FAILED) for run in runs)
    counts.double += sum(count - 1 for count in completed.values())
    counts.different += sum(found.get(key) != result for key, result in expected.items())


def _results(store: Store) -> dict[object, object]:
    """Epochs and test scores, image by image, of every completed run."""
    runs = store.runs(statuses=[RunStatus.COMPLETED])
    ids = [run.id for run in runs]
    epochs, evaluations = store.epochs(ids), store.evaluations(ids, with_image_scores=True)
    return {
        _key(run): repr(
            (
                [_timeless(epoch) for epoch in epochs[run.id]],
                [replace(evaluation, seconds=0.0) for evaluation in evaluations[run.id]],
            )
        )
        for run in runs
    }


def _key(run: RunRecord) -> object:
    return run.config.config_hash, run.seed


def _timeless(epoch: EpochRecord) -> EpochRecord:
    """Without what depends on how fast the machine was."""
    return replace(epoch, train_seconds=0.0, validation_seconds=0.0, images_per_second=0.0)
