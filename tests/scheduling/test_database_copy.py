"""Results move between databases without loss, as often as one likes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from isicbench.errors import StoreError
from isicbench.records import Failure, RunStatus
from isicbench.scheduling.database_copy import DatabaseCopy, copy_database, plan_database_copy
from isicbench.scheduling.run_folder import folder_name
from isicbench.store.store import Store, open_store
from tests.commands import isicbench
from tests.postgres_server import PASSWORD, PostgresServer
from tests.scheduling.database_content import content
from tests.store.store_records import (
    AREA,
    EVALUATION,
    FINE_TUNED,
    FROZEN,
    MODEL,
    complete,
    end,
    epoch,
    queue,
    request,
    start,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server_database(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as name:
        yield postgres.url(name)


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "to" / "lab.db") if request.param == "sqlite" else request.getfixturevalue("server_database")


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()


def student(tmp_path: Path, name: str = "student", *, seeds: tuple[int, ...] = (0, 1)) -> Store:
    """A database with completed runs and one that failed and was tried again."""
    (tmp_path / name).mkdir()
    store = open_store(str(tmp_path / name / "results.db"))
    for run_id in queue(store, *[request(seed=seed) for seed in seeds]):
        complete(store, run_id)
        store.record_evaluation(run_id, replace(EVALUATION, split="validation", plugin_metrics=(AREA,)))
        write_files(store, run_id)
    [failed] = queue(store, request(FINE_TUNED, seed=seeds[0], name="mine"))
    start(store, failed)
    store.record_epoch(failed, epoch(1, train_loss=float("nan")))
    store.finish(failed, RunStatus.FAILED, failure=Failure(kind="exception", message="ü", traceback="a\nb"))
    [retry] = queue(store, request(FINE_TUNED, seed=seeds[0]))
    end(store, retry, RunStatus.COMPLETED)
    return store


def write_files(store: Store, run_id: int) -> None:
    folder = store.folder / folder_name(run_id, store.run(run_id).uid)
    folder.mkdir(parents=True)
    (folder / "model.pt").write_text(f"weights of {store.run(run_id).uid}")
    (folder / "left.tmp").write_text("not yet whole")
    store.record_artifact(run_id, replace(MODEL, path=f"runs/{folder.name}/model.pt"))


def changed(done: DatabaseCopy) -> tuple[int, int, int]:
    return len(done.plan.to_write), done.plan.study_count, done.files.count


def test_results_that_went_to_a_server_and_back_are_the_same_in_every_table(tmp_path, server_database):
    source = student(tmp_path)
    copy_database(source.url, server_database)
    assert content(server_database) == content(source.url)
    copy_database(server_database, "to/back.db")
    assert content("to/back.db") == content(source.url)
    assert all(content(source.url).values())  # no table was left out for want of rows


def test_copy_that_is_repeated_changes_nothing(tmp_path, target):
    source = student(tmp_path)
    first = copy_database(source.url, target)
    assert changed(first) == (4, 3, 2)
    before = content(target)
    assert changed(copy_database(source.url, target)) == (0, 0, 0)
    assert content(target) == before


def test_databases_of_several_students_become_one(tmp_path, target):
    """Both hold a copy of one earlier run; it is one run afterwards."""
    first, second = student(tmp_path, "first"), student(tmp_path, "second", seeds=(1, 2))
    copy_database(first.url, second.url)
    shared = {run.uid for run in first.runs()}
    for source in (first, second):
        copy_database(source.url, target)
    lab = open_store(target, create=False)
    assert {run.uid for run in lab.runs()} == shared | {run.uid for run in second.runs()}
    assert len(lab.runs()) == 8
    assert content(target, numbers=False) == content(second.url, numbers=False)
    uids = {run.id: run.uid for run in lab.runs()}
    for run in lab.runs():
        retried = {r.uid: r.retry_of for r in second.runs()}[run.uid]
        assert (uids[run.retry_of] if run.retry_of else None) == (second.run(retried).uid if retried else None)


def test_run_whose_number_is_taken_gets_the_next_and_its_files_follow(tmp_path):
    first, second = student(tmp_path, "first"), student(tmp_path, "second")
    copy_database(first.url, second.url)
    for run in first.runs()[:2]:
        [there] = [other for other in second.runs() if other.uid == run.uid]
        assert there.id == run.id + 4
        [artifact] = second.artifacts(there.id)
        folder = folder_name(there.id, there.uid)
        assert artifact.path == f"runs/{folder}/model.pt"
        assert (second.folder / folder / "model.pt").read_text() == f"weights of {run.uid}"
        assert not (second.folder / folder / "left.tmp").exists()


def test_number_of_a_removed_run_is_not_given_again(tmp_path, target):
    source = student(tmp_path)
    copy_database(source.url, target)
    lab = open_store(target, create=False)
    lab.remove_runs([4])
    copy_database(source.url, target)
    assert [run.id for run in lab.runs()] == [1, 2, 3, 5]
    assert queue(lab, request(seed=9)) == (6,)
    assert [lab.study(number).run_ids for number in (1, 2)] == [(1, 2), (3,)]


def test_runs_that_have_not_ended_are_left_out_and_named(tmp_path, target):
    source = student(tmp_path)
    [running, queued] = queue(source, request(seed=7), request(seed=8))
    start(source, running)
    done = copy_database(source.url, target)
    assert [(run.number, run.reason) for run in done.plan.runs if run.action == "leave"] == [
        (running, "it is running"),
        (queued, "it is queued"),
    ]
    assert len(open_store(target, create=False).runs()) == 4
    source.finish(running, RunStatus.COMPLETED)
    assert changed(copy_database(source.url, target))[:2] == (1, 1)


def test_run_that_went_on_after_it_was_copied_is_brought_up_to_date(tmp_path, target):
    source = student(tmp_path)
    [run_id] = queue(source, request(seed=7))
    start(source, run_id)
    source.record_epoch(run_id, epoch(1))
    source.finish(run_id, RunStatus.INTERRUPTED)
    copy_database(source.url, target)
    lab = open_store(target, create=False)
    assert lab.run(run_id).status is RunStatus.INTERRUPTED
    queue(source, request(seed=7))
    complete(source, run_id)
    source.record_evaluation(1, replace(EVALUATION, threshold=0.25, final=False))
    done = copy_database(source.url, target)
    assert {run.number: run.action for run in done.plan.to_write} == {1: "extend", run_id: "replace"}
    assert content(target) == content(source.url)


def test_run_that_the_target_trains_or_has_finished_is_left_as_it_is_there(tmp_path, target):
    source = student(tmp_path)
    [run_id] = queue(source, request(seed=7))
    end(source, run_id, RunStatus.INTERRUPTED)
    copy_database(source.url, target)
    lab = open_store(target, create=False)
    queue(lab, request(seed=7))
    start(lab, run_id)
    assert changed(copy_database(source.url, target))[0] == 0
    assert lab.run(run_id).status is RunStatus.RUNNING
    lab.finish(run_id, RunStatus.COMPLETED)
    assert changed(copy_database(source.url, target))[0] == 0
    assert lab.run(run_id).status is RunStatus.COMPLETED


KILLED = """
import os, signal, sys
from isicbench.scheduling.database_copy import copy_database

def progress(what, done, total):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

copy_database(sys.argv[1], sys.argv[2], progress=progress)
"""


def test_copy_that_was_killed_goes_on(tmp_path, target):
    source = student(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", KILLED, source.url, target], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [run.id for run in open_store(target, create=False).runs()] == [1, 2]
    assert changed(copy_database(source.url, target))[:2] == (2, 3)
    assert content(target) == content(source.url)


def test_source_is_only_read_and_a_dry_run_writes_nothing(tmp_path, server_database):
    source = student(tmp_path)
    source.close()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.db")}
    assert changed(plan_database_copy(source.url, "to/new.db"))[:2] == (4, 3)
    assert changed(plan_database_copy(source.url, server_database))[:2] == (4, 3)
    assert not Path("to/new.db").exists()
    with pytest.raises(StoreError, match="no database there"):
        open_store(server_database, create=False)
    copy_database(source.url, "to/new.db")
    assert {path: path.read_bytes() for path in before} == before


def test_experiment_keeps_the_name_that_the_target_gave_it(tmp_path, target):
    source = student(tmp_path)
    copy_database(source.url, target)
    lab = open_store(target, create=False)
    lab.rename_experiment(1, "ours")
    queue(source, request(FROZEN, seed=7, name="theirs"))
    end(source, 5, RunStatus.COMPLETED)
    copy_database(source.url, target)
    assert lab.run(5).experiment == "ours"


def test_absent_source_and_source_as_target_are_refused(tmp_path):
    source = student(tmp_path)
    with pytest.raises(StoreError, match="no database there"):
        copy_database("absent.db", "to/new.db")
    with pytest.raises(StoreError, match="are one"):
        copy_database(source.url, source.url)
    assert not Path("to/new.db").exists()


def test_command_says_what_was_copied_without_the_password(tmp_path, server_database):
    source = student(tmp_path)
    [queued] = queue(source, request(seed=8))
    planned = isicbench("db", "copy", source.url, server_database, "--dry-run")
    assert "Would copy 4 runs and 3 studies" in planned.stdout, planned.stderr
    copied = isicbench("db", "copy", source.url, server_database)
    assert "Copied 4 runs and 3 studies" in copied.stdout, copied.stderr
    assert f"Run {queued} left out: it is queued." in copied.stdout
    assert PASSWORD not in planned.stdout + planned.stderr + copied.stdout + copied.stderr
