"""A run in a database of its own, to time what a worker records of it."""

import os
from dataclasses import dataclass
from pathlib import Path

from isicbench.compute.processes import host_name, process_started
from isicbench.config import Config
from isicbench.records import DatasetRecord, EpochRecord, Owner, StepRecord
from isicbench.store.store import Store, open_store
from isicbench.store.studies import RunRequest

FINGERPRINT = "0" * 64


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes as a worker does, a transaction each."""

    store: Store
    run_id: int

    def epoch(self, number: int) -> None:
        losses = {"train_loss": 0.5, "validation_loss": 0.5, "validation_iou": 0.4, "validation_dice": 0.5}
        seconds = {"train_seconds": 4.0, "validation_seconds": 0.5, "images_per_second": 180.0}
        self.store.record_epoch(
            self.run_id, EpochRecord(epoch=number, foreground_share=0.2, learning_rate=1e-4, **losses, **seconds)
        )

    def progress(self) -> None:
        self.store.record_progress(self.run_id, StepRecord(epoch=1, step=1, steps=29))


def record_epochs(path: Path) -> Recorder:
    """A claimed run in a new database."""
    store = open_store(str(path))
    dataset = DatasetRecord(
        name="bench", fingerprint=FINGERPRINT, train_count=1, test_count=1, source="drawn", licence="CC0-1.0"
    )
    config = Config(dataset="bench", dataset_fingerprint=FINGERPRINT, weights="random")
    [run_id] = store.add_study("isicbench bench", [RunRequest(config=config, seed=0, dataset=dataset)]).run_ids
    owner = Owner(host=host_name(), pid=os.getpid(), process_started=process_started(), slot="cpu:0")
    store.claim(run_id, owner, log_path="")
    return Recorder(store, run_id)
