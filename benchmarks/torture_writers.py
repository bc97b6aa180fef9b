"""Many processes that record epochs in one database at the same time."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from isicbench.config import Config
from isicbench.records import DatasetRecord, EpochRecord, Owner
from isicbench.store.store import open_store
from isicbench.store.studies import RunRequest


def write_at_once(folder: Path, *, writers: int, epochs: int, database: str | None = None) -> bool:
    """Whether every epoch that was written is there, with its figures, and no writer met an error.

    `database` is an empty one on a server; else an SQLite file in `folder` is made.
    """
    database = database or str(folder / "writers.db")
    store = open_store(database)
    if store.runs():
        raise SystemExit(f"{store.url_shown} holds runs already: name an empty database")
    dataset = DatasetRecord(name="none", fingerprint="0" * 64, train_count=1, test_count=1, source="", licence="")
    config = Config(dataset="none", dataset_fingerprint="0" * 64, weights="random")
    requests = [RunRequest(config=config, seed=seed, dataset=dataset) for seed in range(writers)]
    run_ids = store.add_study("benchmarks.torture writers", requests).run_ids
    for run_id in run_ids:
        store.claim(run_id, Owner(host="here", pid=1, process_started=0.0, slot=str(run_id)), log_path="")
    each = epochs // writers
    began = time.monotonic()
    with ProcessPoolExecutor(writers, mp_context=multiprocessing.get_context("spawn")) as pool:
        ended = list(pool.map(partial(_write, store.url, each), run_ids))
    errors = [error for error, _ in ended if error]
    slowest = max(seconds for _, seconds in ended)
    rate = each * writers / (time.monotonic() - began)
    expected = [_epoch(number) for number in range(1, each + 1)]
    found = store.epochs(run_ids)
    lost = sum(epoch not in found.get(run_id, []) for run_id in run_ids for epoch in expected)
    print(f"{writers} writers, {each * writers} epochs: {len(errors)} errors, {lost} lost")
    print(f"{rate:.0f} epochs a second, the writers' start included; the slowest record took {slowest:.2f} s")
    for error in errors:
        print(error)
    return not errors and not lost


def _write(database: str, epochs: int, run_id: int) -> tuple[str, float]:
    """The error that ended it, or nothing, and the seconds of the slowest record."""
    store = open_store(database, create=False)
    slowest = 0.0
    try:
        for number in range(1, epochs + 1):
            began = time.monotonic()
            store.record_epoch(run_id, _epoch(number))
            slowest = max(slowest, time.monotonic() - began)
    except Exception as error:
        return repr(error), slowest
    return "", slowest


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
