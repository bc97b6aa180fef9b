"""What one run costs: statements, rows and bytes in the database, files on disk, prepared bytes an image."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from sqlalchemy import Engine, event, text

from benchmarks.virtual_time import VirtualClock
from benchmarks.write_lock import WriteLock
from isicbench.compute.processes import host_name, process_started
from isicbench.config import Config
from isicbench.data.prepare import prepared_folder
from isicbench.data.synthetic import write_synthetic
from isicbench.records import Owner, RunRecord, StepRecord
from isicbench.scheduling.execution import execute
from isicbench.scheduling.planning import Request, plan_study, prepare_plan
from isicbench.scheduling.run_folder import log_path, recorded_path, run_folder
from isicbench.store.store import Store, open_store

SEEDS = 2
"""Runs of either experiment; the first of all also brings in what all share, and is left out of the sizes."""
BEATS = 50
WRITES = (
    *("claim", "record_progress", "record_epoch", "record_environment", "record_evaluation"),
    *("record_probabilities", "record_diagnoses", "record_predictions", "record_artifact", "finish"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A writing transaction, from its begin to the end of its commit."""

    method: str
    seconds: float
    """Of this process's processor: a disk's flush, a server and the way to it are not in it."""
    statements: int
    """Begin and commit among them: on a server each is a way there and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCosts:
    epochs: int
    test_images: int
    writes: tuple[Write, ...]
    """Of all runs that were measured, one after another."""
    runs: int
    rows: Mapping[str, int]
    """Of one run, by table."""
    database_bytes: int
    """By which the database grew with each run after the first."""
    sent_bytes: int
    """Statements of one run and their values, as text."""
    model_bytes: int
    checkpoint_bytes: int
    prepared_bytes_an_image: int

    def times(self, method: str) -> int:
        """How often a run writes so."""
        return round(len(self.writes_of(method)) / self.runs)

    def writes_of(self, method: str) -> list[Write]:
        return [write for write in self.writes if write.method == method]

    def typical(self, method: str) -> Write:
        """The median by seconds."""
        found = sorted(self.writes_of(method), key=lambda write: write.seconds)
        return found[len(found) // 2]


def measure_run_costs(folder: Path, *, database: str, epochs: int = 10, train: int = 24, test: int = 379) -> RunCosts:
    """Train real runs of both experiments, on few training images and as many test images as the challenge has.

    What training images cost is time alone: rows, statements and files of a run do not depend on them.
    """
    os.environ["ISICBENCH_HOME"] = str(folder / "home")
    write_synthetic(folder / "pairs", train=train, test=test)
    request = Request(
        base=Config(dataset="folder", weights="random", epochs=epochs, batch_size=8),
        axes={"frozen": [True, False]},
        seeds=range(SEEDS),
        data_dir=folder / "pairs",
    )
    plan = prepare_plan(plan_study(request))
    lock = WriteLock(VirtualClock())
    store = open_store(database)
    study = store.add_study("benchmarks.scaling", plan.runs)
    writes: list[Write] = []
    sizes, sent, checkpoints = [], [], []
    with lock.watching():
        note_writes(store, lock, writes)
        for run_id in study.run_ids:
            with _sent_bytes() as counted:
                checkpoints.append(_train(store, run_id))
            sent.append(sum(counted))
            sizes.append(_database_bytes(store))
        for _ in range(BEATS):
            store.record_progress(study.run_ids[-1], StepRecord(epoch=1, step=1, steps=1))
    last = store.run(study.run_ids[-1])
    own = run_folder(store.folder, last)
    prepared = prepared_folder(last.config.dataset_fingerprint, last.config.image_size_px)
    return RunCosts(
        epochs=epochs,
        test_images=test,
        writes=tuple(writes),
        runs=len(study.run_ids),
        rows=_rows(store, last),
        database_bytes=round((sizes[-1] - sizes[0]) / (len(sizes) - 1)),
        sent_bytes=round(statistics.mean(sent[1:])),
        model_bytes=(own / "model.pt").stat().st_size,
        checkpoint_bytes=max(checkpoints),
        prepared_bytes_an_image=_bytes_of(prepared) // (train + test),
    )


def costs_to_json(costs: RunCosts) -> dict[str, Any]:
    return asdict(costs)


def costs_from_json(values: Mapping[str, Any]) -> RunCosts:
    return RunCosts(**{**values, "writes": tuple(Write(**write) for write in values["writes"])})


def load_seconds() -> float:
    """What a worker loads before it can claim a run, in seconds of a core."""
    code = "import time, torch, isicbench.scheduling.serving; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def note_writes(store: Store, lock: WriteLock, writes: list[Write]) -> None:
    """From now on each writing call of this store adds what its transaction took, as the lock sees it."""

    def noted(method: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def write(*arguments: Any, **options: Any) -> Any:
            held, statements = lock.held_seconds, lock.statements
            result = call(*arguments, **options)
            writes.append(
                Write(method=method, seconds=lock.held_seconds - held, statements=lock.statements - statements)
            )
            return result

        return write

    for method in WRITES:
        setattr(store, method, noted(method, getattr(store, method)))


def _train(store: Store, run_id: int) -> int:
    """From the claim to the end, as a worker does it; the size of the checkpoint after its first epoch."""
    run = store.run(run_id)
    owner = Owner(host=host_name(), pid=os.getpid(), process_started=process_started(), slot="cpu:0")
    log = log_path(store.folder, run)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    claimed = store.claim(run_id, owner, log_path=recorded_path(store.folder, log))
    assert claimed is not None
    sizes: list[int] = []

    def look() -> bool:
        sizes.extend(path.stat().st_size for path in log.parent.glob("checkpoint-*.pt"))
        return False

    execute(store, [claimed], device=torch.device("cpu"), should_stop=look)
    return max(sizes, default=0)


def _rows(store: Store, run: RunRecord) -> dict[str, int]:
    """In the tables that grow with each run."""
    evaluations = store.evaluations([run.id], with_image_scores=True)[run.id]
    probabilities = store.probabilities([run.id])[run.id]
    return {
        "runs and study_runs": 2,
        "epochs": len(store.epochs([run.id])[run.id]),
        "evaluations": len(evaluations),
        "image_scores": sum(len(evaluation.image_scores) for evaluation in evaluations),
        "probabilities": len(probabilities),
        "threshold_scores": sum(len(record.threshold_scores) for record in probabilities),
        "predictions": len(store.predictions([run.id])[run.id]),
        "diagnoses": len(run.diagnoses),
        "artifacts": len(store.artifacts(run.id)),
    }


@contextmanager
def _sent_bytes() -> Iterator[list[int]]:
    """Of each statement and its values, as long as the context lasts."""
    found: list[int] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append(len(statement) + _size(values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _size(value: Any) -> int:
    """As text; pictures as they are."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Mapping):
        return _size(value.values())
    if isinstance(value, Iterable):
        return sum(_size(one) for one in value)
    return len(str(value))


def _database_bytes(store: Store) -> int:
    with store.transaction() as connection:
        if connection.dialect.name == "sqlite":
            pages, size = (connection.scalar(text(f"PRAGMA {name}")) for name in ("page_count", "page_size"))
            return int(pages) * int(size)
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")))


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
