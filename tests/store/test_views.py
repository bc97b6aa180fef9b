"""What people read with pandas or the sqlite3 shell."""

from collections.abc import Callable
from dataclasses import fields, replace

import pandas as pd
import pytest

from isicbench.config import Config
from isicbench.evaluation.chosen_epoch import scored_epoch
from isicbench.records import EpochRecord, ImageScore, RunStatus
from isicbench.store.store import Store
from tests.store.store_records import (
    EVALUATION,
    FINE_TUNED,
    FROZEN,
    complete,
    end,
    epoch,
    queue,
    request,
    start,
)

pytestmark = pytest.mark.filterwarnings("error::UserWarning", "error::sqlalchemy.exc.SAWarning")


Read = Callable[[str], pd.DataFrame]


@pytest.fixture
def read(store: Store) -> Read:
    """A view as people read it; pandas wants the driver's name in a server's URL."""
    url = store.url if "://" in store.url else f"sqlite:///{store.url}"
    return lambda view: pd.read_sql(view, url)


def test_results_has_one_row_a_completed_run_with_all_that_a_table_needs(store, read):
    done, failed, other = queue(store, request(), request(seed=1), request(FINE_TUNED, seed=2, name="mine"))
    complete(store, done)
    end(store, failed, RunStatus.FAILED)
    complete(store, other)
    store.record_diagnoses(other, [])
    queue(store, request(seed=3))
    table = read("results").set_index("run_id")
    assert list(table.index) == [done, other]
    row = table.loc[done]
    expected = {
        "experiment": "Feature Extraction (Frozen Encoder)",
        "seed": 0,
        "iou": EVALUATION.iou,
        "dice": EVALUATION.dice,
        "micro_iou": EVALUATION.micro_iou,
        "micro_dice": EVALUATION.micro_dice,
        "train_loss": epoch(2).train_loss,
        "validation_loss": epoch(2).validation_loss,
        "epochs": 2,
        "encoder": "mobilenet_v2",
        "decoder": "conv",
        "weights": "random",
        "image_size_px": 128,
        "batch_size": 16,
        "learning_rate": 1e-3,
        "dataset": "synthetic",
        "dataset_fingerprint": "d" * 64,
        "validate_on": "held-out",
        "threshold": 0.5,
        "train_seconds": 7.0,
        "images_per_second": 57.5,
        "peak_memory_mib": 812.25,
        "device": "cpu",
        "git_revision": "0f1e2d3+changes",
        "config_hash": FROZEN.config_hash,
        "collapsed": 1,
    }
    assert {name: row[name] for name in expected} == expected
    assert pd.to_datetime(row["finished_at"], utc=True) == store.run(done).finished_at
    assert table["frozen"].astype(bool).tolist() == [True, False]
    assert table["collapsed"].tolist() == [1, 0]
    assert table["experiment"].tolist()[1] == "mine"


def test_results_names_every_setting_that_tells_experiments_apart(store, read):
    settings = {field.name for field in fields(Config)} - {"validation_share", "validation_seed"}
    assert settings <= set(read("results").columns)


def test_results_keeps_one_row_a_run_however_often_it_was_scored(store, read):
    from dataclasses import replace

    [run_id] = queue(store)
    complete(store, run_id)
    for other in ({"resolution": "original"}, {"split": "validation"}, {"threshold": 0.3, "final": False}):
        store.record_evaluation(run_id, replace(EVALUATION, iou=0.99, **other))
    assert read("results")["iou"].tolist() == [EVALUATION.iou]
    assert len(read("image_results")) == 4 * len(EVALUATION.image_scores)


def test_completed_run_without_scores_is_a_row_with_gaps_not_a_missing_row(store, read):
    [run_id] = queue(store)
    end(store, run_id, RunStatus.COMPLETED)
    table = read("results")
    assert table["run_id"].tolist() == [run_id]
    assert table[["iou", "train_loss", "device"]].isna().all(axis=None)


def test_epoch_results_has_every_epoch_of_every_run(store, read):
    done, failed = queue(store, request(), request(seed=1))
    complete(store, done)
    end(store, failed, RunStatus.FAILED)
    store.record_epoch(failed, epoch(1))
    table = read("epoch_results")
    keys = table[["run_id", "seed", "status", "epoch"]].to_records(index=False).tolist()
    assert keys == [(done, 0, "completed", 1), (done, 0, "completed", 2), (failed, 1, "failed", 1)]
    for field in fields(EpochRecord):
        assert table[field.name].tolist()[1] == getattr(epoch(2), field.name)


def test_image_results_has_every_image_of_every_evaluation(store, read):
    [run_id] = queue(store)
    complete(store, run_id)
    table = read("image_results")
    assert set(table["run_id"]) == {run_id}
    assert set(table["split"]) == {"test"}
    for field in fields(ImageScore):
        assert table[field.name].tolist() == [getattr(score, field.name) for score in EVALUATION.image_scores]


def test_losses_in_results_are_those_of_the_epoch_that_was_scored(store, read):
    runs = queue(store, request(replace(FROZEN, keep="best")), request(replace(FROZEN, keep="last", patience=3)))
    for run_id in runs:
        start(store, run_id)
        for number, dice in ((1, 0.3), (2, 0.6), (3, 0.6), (4, 0.5)):
            store.record_epoch(run_id, epoch(number, validation_dice=dice, validation_loss=1 / number))
        store.finish(run_id, RunStatus.COMPLETED)
    table = read("results")
    found = [tuple(row) for row in table[["epochs", "scored_epoch", "validation_loss"]].itertuples(index=False)]
    assert found == [(4, 3, 1 / 3), (4, 4, 1 / 4)]
    for run_id, (_, scored, _) in zip(runs, found, strict=True):
        assert scored_epoch(store.run(run_id).config, store.epochs([run_id])[run_id]).epoch == scored
