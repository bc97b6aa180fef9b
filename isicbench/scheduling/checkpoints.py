"""Checkpoint files of a run: written whole or not at all, known by their hash, read without running code."""

import hashlib
import io
import pickle
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from isicbench.records import RunRecord
from isicbench.scheduling.durable_file import write_durably
from isicbench.scheduling.run_folder import run_folder
from isicbench.store.store import Store
from isicbench.training.state import TrainingState

FORMAT = b"isicbench checkpoint 1\n"
NAME = re.compile(r"checkpoint-(\d+)-(\d+)\.pt")
KEPT = 2
"""The newest and the one before it, in case a disk loses what it said it had written."""
COST_SHARE = 0.05
"""Saving at the epochs' ends may take this share of the time; an epoch that ends sooner is passed over."""


def save_checkpoint(folder: Path, run: RunRecord, state: TrainingState) -> Path:
    """Write `checkpoint-EPOCH-STEP.pt`; earlier ones go once it is on the disk and reads back as it was written."""
    path = folder / f"checkpoint-{state.epoch:05d}-{state.step:07d}.pt"
    write_durably(path, _encoded(run, state))
    for old in [*checkpoint_files(folder)[KEPT:], *folder.glob("checkpoint-*.tmp")]:
        old.unlink(missing_ok=True)
    return path


def load_checkpoint(folder: Path, run: RunRecord) -> TrainingState | None:
    """The newest sound checkpoint of this config and seed; None where there is none."""
    return next((state for path in checkpoint_files(folder) if (state := read_checkpoint(path, run))), None)


def read_checkpoint(path: Path, run: RunRecord) -> TrainingState | None:
    """None where the file is cut off, changed, or of another config or seed."""
    try:
        content = path.read_bytes()
        head, payload = content[: len(FORMAT) + 65], content[len(FORMAT) + 65 :]
        if head != FORMAT + _digest(payload):
            return None
        values = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
        if (values["config_hash"], values["seed"]) != (run.config.config_hash, run.seed):
            return None
        return TrainingState.from_values(values)
    except (OSError, RuntimeError, pickle.UnpicklingError, KeyError, TypeError):
        return None


def checkpoint_files(folder: Path) -> list[Path]:
    """Newest position first."""
    found = [(match, path) for path in folder.glob("checkpoint-*.pt") if (match := NAME.fullmatch(path.name))]
    return [path for _, path in sorted(((int(m[1]), int(m[2])), path) for m, path in found)][::-1]


def remove_checkpoints(folder: Path) -> None:
    """All of them, and what an interrupted writing left."""
    for path in folder.glob("checkpoint-*"):
        path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False)
class Continuation:
    """Where a run goes on, and which attempt's epochs lead there."""

    state: TrainingState
    attempt: RunRecord

    @property
    def epochs_kept(self) -> int:
        """How many epochs were completed by then."""
        return self.state.epoch - 1


def find_continuation(store: Store, run: RunRecord) -> Continuation | None:
    """The newest sound checkpoint of the run or, where it has none, of the attempt that it retries.

    One whose epochs the database does not hold (a backup, say) is of no use.
    """
    attempt: RunRecord | None = run
    while attempt is not None:
        if state := load_checkpoint(run_folder(store.folder, attempt), run):
            recorded = [epoch.epoch for epoch in store.epochs([attempt.id]).get(attempt.id, [])]
            if recorded[: state.epoch - 1] == list(range(1, state.epoch)):
                return Continuation(state, attempt)
        attempt = None if attempt.retry_of is None else store.run(attempt.retry_of)
    return None


class CheckpointClock:
    """Says when a checkpoint is due: at an epoch's end, and within one after `minutes`; 0 for every step.

    Unless every step was asked for, an epoch's end is passed over while saving would take more than `COST_SHARE` of
    the time.
    """

    def __init__(self, *, minutes: float, now: Callable[[], float] = time.monotonic) -> None:
        self._minutes = minutes
        self._now = now
        self._saved_at = now()
        self._cost = 0.0

    def is_due(self, *, epoch_ended: bool) -> bool:
        waited = self._now() - self._saved_at
        if epoch_ended:
            return self._minutes == 0 or waited * COST_SHARE >= self._cost
        return waited >= self._minutes * 60

    def saved(self, *, began: float) -> None:
        """Saving began then, and has ended now."""
        self._saved_at = self._now()
        self._cost = self._saved_at - began


def _encoded(run: RunRecord, state: TrainingState) -> bytes:
    file = io.BytesIO()
    torch.save(state.to_values() | {"config_hash": run.config.config_hash, "seed": run.seed}, file)
    payload = file.getvalue()
    return FORMAT + _digest(payload) + payload


def _digest(payload: bytes) -> bytes:
    """SHA-256 in hex, and a line's end."""
    return hashlib.sha256(payload).hexdigest().encode() + b"\n"
