"""Kill workers and commands of a study at random, start it again until it is complete, and compare it with an unbroken
one."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.kill_targets import Killer
from benchmarks.tiny_study import TinyStudy
from isicbench.records import EpochRecord, RunRecord, RunStatus
from isicbench.store.store import Store

STUDY = ("--frozen", "--fine-tuned", "--lr", "1e-3", "--lr", "1e-4", "--epochs", "5", "--devices", "cpu:2")
"""Frozen runs of one seed train side by side, fine-tuned ones alone."""
SURVIVING = ("--checkpoint-minutes", "0.005", "--retries", "1000")
SEEDS = 3
"""Of the study; with both experiments and both rates 12 runs."""
KILLS_IN_A_STUDY = 50
"""Then it may complete, and another one begins."""
LOOK_SECONDS = 0.2
RESTARTS = 1000

Seen = dict[tuple[int, int], EpochRecord]
"""By run and epoch."""


@dataclass(slots=True)
class Counts:
    kills: Counter[str] = field(default_factory=Counter)
    """Processes that were killed, by what they were at."""
    studies: int = 0
    starts: int = 0
    """Of the command."""
    attempts: int = 0
    """Rows of runs, those that took up an earlier one's work included."""
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


def torture(folder: Path, *, kills: int, seed: int, seeds: int = SEEDS) -> bool:
    """Whether nothing was lost, stuck, doubled or different after so many kills."""
    study = TinyStudy(folder, *STUDY, *(word for number in range(seeds) for word in ("--seed", str(number))))
    if study.start("unbroken.db").wait() != 0:
        raise RuntimeError(study.log)
    expected = _results(_opened(study, "unbroken.db"))
    chance, counts = random.Random(seed), Counts()
    while counts.kills.total() < kills:
        database = f"study-{counts.studies}.db"
        most = min(counts.kills.total() + KILLS_IN_A_STUDY, kills)
        seen = _break(study, database, most=most, chance=chance, counts=counts)
        _count(_opened(study, database), seen, expected, counts)
        counts.studies += 1
        print(f"seed {seed}: {counts}", flush=True)
    return counts.sound


def _break(study: TinyStudy, database: str, *, most: int, chance: random.Random, counts: Counts) -> Seen:
    """Kill, until there were `most` kills in all, and restart until the study is complete; the epochs that were seen
    on the way."""
    seen: Seen = {}
    killer = Killer(chance)
    for _ in range(RESTARTS):
        command = study.start(database, *SURVIVING)
        counts.starts += 1
        for store in _looks(study, database, command):
            if counts.kills.total() < most:
                counts.kills.update(killer.strike(command, store))
            if store:
                seen |= _epochs(store)
        if command.returncode == 0:
            return seen
    raise RuntimeError(f"not complete after {RESTARTS} starts: {study.log[-4000:]}")


def _looks(study: TinyStudy, database: str, command: subprocess.Popen[bytes]) -> Iterator[Store | None]:
    """The database again and again while the command runs; None where there is none yet."""
    store: Store | None = None
    while command.poll() is None:
        store = store or study.opened(database)
        yield store
        time.sleep(LOOK_SECONDS)


def _epochs(store: Store) -> Seen:
    found = store.epochs([run.id for run in store.runs()])
    return {(run_id, epoch.epoch): _timeless(epoch) for run_id, epochs in found.items() for epoch in epochs}


def _opened(study: TinyStudy, database: str) -> Store:
    if (store := study.opened(database)) is None:
        raise RuntimeError(f"{database} cannot be opened: {study.log[-4000:]}")
    return store


def _count(store: Store, seen: Seen, expected: dict[object, object], counts: Counts) -> None:
    runs, kept, found = store.runs(), _epochs(store), _results(store)
    completed = Counter(_key(run) for run in runs if run.status is RunStatus.COMPLETED)
    counts.attempts += len(runs)
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
