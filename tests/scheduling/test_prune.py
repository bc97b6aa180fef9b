"""`isicbench prune` takes what no finished result needs, nothing else, and leaves no row without its file."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from isicbench.data.prepare import PREPROCESSING_VERSION
from isicbench.home import home
from isicbench.records import ArtifactRecord, RunStatus
from isicbench.scheduling.database_check import check_database
from isicbench.scheduling.pruning import carry_out, plan_prune
from isicbench.scheduling.run_folder import folder_name, log_path, recorded_path, run_folder
from isicbench.store.store import open_store
from tests.commands import isicbench
from tests.store.store_records import DATASET, owner, queue, request

ENDS = {
    "completed": RunStatus.COMPLETED,
    "failed": RunStatus.FAILED,
    "diverged": RunStatus.DIVERGED,
    "interrupted": RunStatus.INTERRUPTED,
    "running": None,
}
FILES = ("checkpoint-0001.pt", "model.123.tmp", "model.pt", "worker.log")


@pytest.fixture
def store():
    """A run of each status, with a model, a checkpoint, a temporary file and a log each."""
    store = open_store("results.db")
    for seed, status in enumerate(ENDS.values()):
        [run_id] = queue(store, request(seed=seed))
        run = store.run(run_id)
        folder = run_folder(store.folder, run)
        folder.mkdir(parents=True)
        for name in FILES:
            (folder / name).write_bytes(f"{name} of {run_id}".encode())
        log = recorded_path(store.folder, log_path(store.folder, run))
        assert store.claim(run_id, owner(f"cpu:{seed}"), log_path=log)
        content = (folder / "model.pt").read_bytes()
        store.record_artifact(
            run_id,
            ArtifactRecord(
                kind="model",
                path=recorded_path(store.folder, folder / "model.pt"),
                sha256=hashlib.sha256(content).hexdigest(),
                bytes=len(content),
            ),
        )
        if status:
            assert store.finish(run_id, status)
    return store


def files_left(store) -> dict[str, set[str]]:
    """Of each run, by its status."""
    return {run.status.value: {path.name for path in run_folder(store.folder, run).glob("*")} for run in store.runs()}


def wrong(choice: str = "results.db") -> list[str]:
    return [finding.message for finding in check_database(choice).findings if finding.level == "wrong"]


def notes() -> list[str]:
    return [finding.message for finding in check_database("results.db").findings if finding.level == "note"]


def test_prune_keeps_what_finished_results_need_and_what_runs_go_on_with(store):
    removed, failed = carry_out(store, plan_prune(store))
    assert failed == []
    assert files_left(store) == {
        "completed": {"model.pt", "worker.log"},
        "failed": {"checkpoint-0001.pt", "worker.log"},
        "diverged": {"worker.log"},
        "interrupted": {"checkpoint-0001.pt", "model.pt", "worker.log"},
        "running": set(FILES),
    }
    assert len(removed) == 8
    assert plan_prune(store) == []


@pytest.mark.parametrize("options", [{}, {"logs": True}, {"checkpoints": True}, {"logs": True, "checkpoints": True}])
def test_check_agrees_after_every_kind_of_prune(store, options):
    assert wrong() == []
    assert notes()
    carry_out(store, plan_prune(store, **options))
    assert wrong() == []
    assert notes() == []


def test_logs_and_checkpoints_go_only_where_asked_for(store):
    carry_out(store, plan_prune(store, logs=True, checkpoints=True))
    assert files_left(store) == {
        "completed": {"model.pt"},
        "failed": set(),
        "diverged": set(),
        "interrupted": {"model.pt", "worker.log"},
        "running": set(FILES),
    }
    logs = {run.status.value: bool(run.log_path) for run in store.runs()}
    assert logs == dict.fromkeys(("completed", "failed", "diverged"), False) | {"interrupted": True, "running": True}
    assert not run_folder(store.folder, store.run(2)).exists()


def test_checkpoint_of_a_failed_run_goes_once_another_attempt_completed(store):
    [again] = queue(store, request(seed=1))
    assert store.claim(again, owner("cpu:9"), log_path="")
    assert store.finish(again, RunStatus.COMPLETED)
    carry_out(store, plan_prune(store))
    assert {path.name for path in run_folder(store.folder, store.run(2)).iterdir()} == {"worker.log"}


def test_run_that_was_queued_again_since_the_plan_keeps_its_files(store):
    planned = plan_prune(store, checkpoints=True)
    queue(store, request(seed=3))  # the interrupted one
    before = set(run_folder(store.folder, store.run(4)).iterdir())
    carry_out(store, planned)
    assert set(run_folder(store.folder, store.run(4)).iterdir()) == before


def stray(store, run_id: int = 77) -> Path:
    folder = store.folder / folder_name(run_id, "ab" * 16)
    folder.mkdir()
    (folder / "model.pt").write_text("weights")
    return folder


def test_folder_of_a_run_in_no_database_goes(store):
    folder = stray(store)
    assert any("belongs to no run" in line for line in notes())
    carry_out(store, plan_prune(store))
    assert not folder.exists()


def test_folder_of_another_database_s_run_stays(store):
    other = open_store("other.db")
    [run_id] = queue(other, request())
    folder = run_folder(other.folder, other.run(run_id))
    assert folder.parent == store.folder
    folder.mkdir()
    (folder / "model.pt").write_text("weights")
    carry_out(store, plan_prune(store))
    assert (folder / "model.pt").exists()


def test_strays_stay_where_a_neighbour_cannot_be_read(store):
    folder = stray(store)
    Path("broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    carry_out(store, plan_prune(store))
    assert folder.exists()


def test_links_are_never_followed(store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "checkpoint-1.pt").write_text("mine")
    folder = run_folder(store.folder, store.run(1))
    (folder / "linked").symlink_to(outside)
    (folder / "checkpoint-2.pt").symlink_to(outside / "checkpoint-1.pt")
    (store.folder / folder_name(88, "ab" * 16)).symlink_to(outside)
    carry_out(store, plan_prune(store, logs=True, checkpoints=True))
    assert (outside / "checkpoint-1.pt").read_text() == "mine"
    assert not (folder / "checkpoint-2.pt").is_symlink()


def prepared(name: str, *, days_old: float = 2) -> Path:
    folder = home() / "prepared" / name
    folder.mkdir(parents=True)
    (folder / "train_images.npy").write_bytes(b"x" * 100)
    moment = time.time() - days_old * 86400
    os.utime(folder, (moment, moment))
    return folder


def test_prepared_arrays_go_only_with_cache_and_only_of_unknown_datasets(store, monkeypatch, tmp_path):
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "own-home"))
    known = prepared(f"{DATASET.fingerprint[:16]}-64-v{PREPROCESSING_VERSION}")
    unknown = prepared(f"{'1' * 16}-64-v{PREPROCESSING_VERSION}")
    outdated = prepared(f"{DATASET.fingerprint[:16]}-64-v{PREPROCESSING_VERSION - 1}")
    new = prepared(f"{'2' * 16}-64-v{PREPROCESSING_VERSION}", days_old=0)
    mine = prepared("my-notes")
    carry_out(store, plan_prune(store))
    assert all(folder.exists() for folder in (known, unknown, outdated, new, mine))
    carry_out(store, plan_prune(store, cache=True))
    assert [folder.exists() for folder in (known, unknown, outdated, new, mine)] == [True, False, False, True, True]


def test_prune_command_asks_first_and_a_dry_run_removes_nothing(store):
    before = files_left(store)
    dry = isicbench("prune", "--dry-run")
    assert dry.returncode == 0
    assert "Would remove 8 files" in dry.stdout
    assert isicbench("prune").returncode == 1  # the question has no answer
    assert files_left(store) == before
    assert "Removed 8 files" in isicbench("prune", "--yes").stdout
    assert "Nothing to remove" in isicbench("prune", "--yes").stdout


def test_check_names_lost_and_changed_files_and_ends_with_5(store):
    assert isicbench("db", "check").returncode == 0
    model = run_folder(store.folder, store.run(1)) / "model.pt"
    content = model.read_bytes()
    model.write_bytes(content[::-1])
    run_folder(store.folder, store.run(2)).joinpath("model.pt").write_bytes(b"")
    run_folder(store.folder, store.run(3)).joinpath("worker.log").unlink()
    done = isicbench("db", "check", "--json")
    assert done.returncode == 5
    found = json.loads(done.stdout)
    assert found["sound"] is False
    messages = [finding["message"] for finding in found["findings"] if finding["level"] == "wrong"]
    assert len(messages) == 3
    assert "another SHA-256" in messages[0]
    assert "has 0 bytes" in messages[1]
    assert "worker.log is not there" in messages[2]
    assert wrong() == messages


def test_check_names_a_row_that_cannot_be_read(store):
    import sqlite3

    with sqlite3.connect("results.db") as connection:
        connection.execute("UPDATE runs SET created_at = 'then' WHERE id = 1")
    done = isicbench("db", "check")
    assert done.returncode == 5
    assert "a row cannot be read" in done.stdout
    assert "Traceback" not in done.stderr
