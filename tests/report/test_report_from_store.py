"""The whole way: a real SQLite database, written as a worker writes it, and the report read back from it."""

from pathlib import Path

import pytest

from isicbench.records import Failure, Owner, RunStatus
from isicbench.report.markdown import write_markdown
from isicbench.store.store import Store, open_store
from isicbench.store.studies import RunRequest
from tests.report.study_records import COLLAPSE, config, dataset, environment, epochs, evaluation, predictions


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(str(tmp_path / "results.db"))
    configs = [config(frozen=True), config(), config(learning_rate=0.1)]
    requests = [RunRequest(name=None, config=c, seed=0, dataset=dataset()) for c in configs]
    collapsed, trained, killed = store.add_study("isicbench run", requests).run_ids
    for run_id in (collapsed, trained):
        complete(store, run_id, iou=0.0 if run_id == collapsed else 0.5715)
    store.record_diagnoses(collapsed, [COLLAPSE])
    claim(store, killed)
    store.record_epoch(killed, epochs(1)[0])
    store.finish(killed, RunStatus.FAILED, failure=Failure(kind="signal", message="killed by signal 9"))
    return store


def claim(store: Store, run_id: int) -> None:
    owner = Owner(host="secret-host", pid=1, process_started=0.0, slot="cpu:0")
    assert store.claim(run_id, owner, log_path=f"runs/{run_id}.log")


def complete(store: Store, run_id: int, *, iou: float) -> None:
    claim(store, run_id)
    store.record_environment(run_id, environment())
    for record in epochs(4):
        store.record_epoch(run_id, record)
    store.record_evaluation(run_id, evaluation(iou=iou))
    sampled = predictions(2, quality=1.0 if iou else 0.0)
    store.record_predictions(run_id, [s for s, _ in sampled], [p for _, p in sampled])
    store.finish(run_id, RunStatus.COMPLETED, train_seconds=30.0, images_per_second=700.0)


def test_report_of_a_real_database_has_every_row_and_picture(store: Store, tmp_path: Path):
    written = write_markdown(store, store.runs(), out=tmp_path / "reports")
    assert [path.name for path in written] == ["report.md", "loss.png", "scores.png", "predictions.png"]
    text = written[0].read_text()
    assert "| Feature Extraction (Frozen Encoder) **[collapsed]** | 0.0000 | 0.7118 | 0.4000 | 0.4375 |" in text
    assert "| Fine-tuning (Unfrozen Encoder), lr 0.001 | 0.5715 | 0.7118 | 0.4000 | 0.4375 |" in text
    assert "**[failed]** | – | – | – | – |" in text
    assert "killed by signal 9 (log: runs/3.log)" in text
    assert "200 train and 60 test images" in text
    assert "secret-host" not in text
