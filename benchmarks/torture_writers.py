"""Many processes that record epochs in one SQLite file at the same time."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from isicbench.config import Config
from isicbench.records import DatasetRecord, EpochRecord, Owner
from isicbench.store.store import open_store
from isicbench.store.studies import RunRequest


def write_at_once(folder: Path, *, writers: int, epochs: int) -> bool:
    """Whether every epoch that was written is there, with its figures, and no writer met an error."""
    database = str(folder / "writers.db")
    store = open_store(database)
    dataset = DatasetRecord(name="none", fingerprint="0" * 64, train_count=1, test_count=1, source="", licence="")
    config = Config(dataset="none", dataset_fingerprint="0" * 64, weights="random")
    requests = [RunRequest(config=config, seed=seed, dataset=dataset) for seed in range(writers)]
    run_ids = store.add_study("benchmarks.torture writers", requests).run_ids
    for run_id in run_ids:
        store.claim(run_id, Owner(host="here", pid=1, process_started=0.0, slot=str(run_id)), log_path="")
    each = epochs // writers
    with ProcessPoolExecutor(writers, mp_context=multiprocessing.get_context("spawn")) as pool:
        errors = [error for error in pool.map(partial(_write, database, each), run_ids) if error]
    expected = [_epoch(number) for number in range(1, each + 1)]
    found = store.epochs(run_ids)
    lost = sum(epoch not in found.get(run_id, []) for run_id in run_ids for epoch in expected)
    print(f"{writers} writers, {each * writers} epochs: {len(errors)} errors, {lost} lost")
    for error in errors:
        print(error)
    return not errors and not lost


def _write(database: str, epochs: int, run_id: int) -> str:
    """The error that ended it, or nothing."""
    store = open_store(database, create=False)
    try:
        for number in range(1, epochs + 1):
            store.record_epoch(run_id, _epoch(number))
    except Exception as error:
        return repr(error)
    return ""


def _epoch(number: int) -> EpochRecord:
    return EpochRecord(
        epoch=number,
        train_loss=1 / number,
        validation_loss=2 / number,
        validation_iou=0.5,
        validation_dice=0.6,
        foreground_share=0.2,
        learning_rate=1e-3,
        train_seconds=1.0,
        validation_seconds=0.5,
        images_per_second=100.0,
        gradient_norm=3.0,
    )
