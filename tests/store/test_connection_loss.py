"""A server that goes away in the middle of things: nothing is lost, nothing is done twice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import event, text

from isicbench.errors import StoreError
from isicbench.records import RunStatus, StepRecord
from isicbench.store import reconnecting, server
from isicbench.store.engine import reading
from isicbench.store.problems import LockedError
from isicbench.store.store import Store, open_store
from tests.postgres_server import PASSWORD, PostgresServer
from tests.store.commit_answers import AnswerThief, answer_thief
from tests.store.store_records import EVALUATION, FINE_TUNED, complete, epoch, owner, queue, request, start
from tests.waiting import wait_until

EPOCHS = 300


@pytest.fixture
def database(postgres: PostgresServer, new_template: str) -> Iterator[str]:
    """A name here, not a URL."""
    with postgres.database(template=new_template) as name:
        yield name


@pytest.fixture
def store(postgres: PostgresServer, database: str) -> Iterator[Store]:
    with closing(open_store(postgres.url(database))) as store:
        yield store


@pytest.fixture
def thief(postgres: PostgresServer) -> Iterator[AnswerThief]:
    with answer_thief(postgres.folder) as thief:
        yield thief


@pytest.fixture
def robbed(postgres: PostgresServer, database: str, thief: AnswerThief) -> Iterator[Store]:
    """The same database, through the go-between."""
    with closing(open_store(postgres.url(database, folder=thief.folder))) as store:
        yield store


def record_epochs(store: Store, run_id: int, disturb: Callable[[], object]) -> None:
    """Record all epochs in a thread, and disturb it twice on the way."""
    writer = threading.Thread(
        target=lambda: [store.record_epoch(run_id, epoch(number)) for number in range(1, EPOCHS + 1)]
    )
    with closing(open_store(store.url)) as onlooker:
        writer.start()
        for seen in (EPOCHS // 3, EPOCHS // 2):
            wait_until(lambda seen=seen: onlooker.run(run_id).epoch >= seen)
            assert writer.is_alive()
            disturb()
        writer.join(120)
    assert not writer.is_alive()


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
def test_epochs_recorded_over_a_restart_of_the_server_are_all_there_once(crash, store, postgres):
    [run_id] = queue(store)
    start(store, run_id)

    def restart() -> None:
        postgres.stop(crash=crash)
        postgres.start()

    record_epochs(store, run_id, restart)
    assert store.epochs([run_id]) == {run_id: [epoch(number) for number in range(1, EPOCHS + 1)]}


def test_epochs_recorded_while_connections_are_ended_are_all_there_once(store, postgres, database):
    [run_id] = queue(store)
    start(store, run_id)
    record_epochs(store, run_id, lambda: postgres.end_connections(database))
    assert store.epochs([run_id]) == {run_id: [epoch(number) for number in range(1, EPOCHS + 1)]}


def test_idle_connection_that_a_restart_broke_is_replaced_without_a_word(store, postgres, capsys):
    [run_id] = queue(store)
    postgres.stop()
    postgres.start()
    assert store.run(run_id).status is RunStatus.QUEUED
    assert capsys.readouterr().err == ""


def test_commit_whose_answer_was_lost_is_not_done_again(robbed, store, thief):
    """A study is a row more each time it is added, and a claim of a claimed run would be refused."""
    thief.armed = True
    study = robbed.add_study("isicbench run", [request(), request(seed=1)])
    assert thief.stolen == 1
    assert store.study(study.id).run_ids == study.run_ids
    with pytest.raises(StoreError, match="there is no study"):
        store.study(study.id + 1)
    thief.armed = True
    claimed = robbed.claim(study.run_ids[0], owner(), log_path="")
    assert thief.stolen == 2
    assert claimed == store.run(study.run_ids[0])
    thief.armed = True
    assert robbed.finish(claimed.id, RunStatus.COMPLETED)
    assert not robbed.finish(claimed.id, RunStatus.COMPLETED)
    thief.armed = True
    external, was_there = robbed.add_external(request(FINE_TUNED), EVALUATION)
    assert (thief.stolen, was_there) == (4, False)
    assert len(store.runs()) == 3
    assert store.evaluations([external.id], with_image_scores=True) == {external.id: [EVALUATION]}


def test_transaction_whose_connection_broke_before_its_commit_is_done_again(store, postgres, database):
    [run_id] = queue(store)
    start(store, run_id)
    store.record_evaluation(run_id, EVALUATION)
    broken = []

    def break_once(_connection: object) -> None:
        if not broken:
            broken.append(postgres.end_connections(database))

    event.listen(store._engine, "commit", break_once)
    study = store.add_study("another", [request(seed=5)])
    assert broken == [1]
    assert [store.study(study.id).command] == ["another"]
    assert len(store.runs()) == 2
    assert store.evaluations([run_id], with_image_scores=True) == {run_id: [EVALUATION]}


def test_server_that_stays_away_is_one_error_that_says_how_to_go_on(store, postgres, monkeypatch, capsys):
    [run_id] = queue(store)
    start(store, run_id)
    monkeypatch.setattr(reconnecting, "PATIENCE_SECONDS", 1.0)
    postgres.stop()
    try:
        with pytest.raises(StoreError, match="no connection to the server") as raised:
            store.record_epoch(run_id, epoch(1))
    finally:
        postgres.start()
    assert "isicbench resume" in raised.value.hint
    assert PASSWORD not in str(raised.value) + capsys.readouterr().err
    store.record_epoch(run_id, epoch(1))
    assert store.epochs([run_id]) == {run_id: [epoch(1)]}


def test_server_that_is_away_when_a_store_is_opened_is_not_waited_for(postgres, database):
    postgres.stop()
    try:
        with pytest.raises(StoreError, match="no connection to the server") as raised:
            open_store(postgres.url(database))
    finally:
        postgres.start()
    assert "Is it running" in raised.value.hint


def test_worker_that_starts_while_the_server_is_away_waits_for_it(postgres, database, capsys):
    postgres.stop()
    later = threading.Timer(1.0, postgres.start)
    later.start()
    store = reconnecting.across_restarts(open_store)(postgres.url(database), create=False)
    later.join()
    assert store.runs() == []
    store.close()
    said = capsys.readouterr().err
    assert "trying again" in said
    assert "The database is back." in said
    assert PASSWORD not in said


def test_lock_that_somebody_keeps_costs_a_progress_record_and_no_run(store, postgres, database, monkeypatch, capsys):
    [run_id] = queue(store)
    start(store, run_id)
    monkeypatch.setattr(server, "BEGIN_WRITING", server.BEGIN_WRITING.replace("60s", "200ms"))
    import psycopg

    with psycopg.connect(postgres.url(database)) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({server.ADVISORY_LOCK})")
        store.record_progress(run_id, StepRecord(epoch=1, step=1, steps=2))
        with pytest.raises(LockedError, match="locked") as raised:
            store.record_epoch(run_id, epoch(1))
    assert "pg_stat_activity" in raised.value.hint
    assert PASSWORD not in str(raised.value)
    assert "not recorded" in capsys.readouterr().err


def test_reader_sees_one_state_whatever_is_written_meanwhile(store):
    [run_id] = queue(store)
    with reading(store._engine) as session:
        before = session.execute(text("SELECT count(*) FROM epochs")).scalar()
        complete(store, run_id)
        assert session.execute(text("SELECT count(*) FROM epochs")).scalar() == before == 0
    assert len(store.epochs([run_id])[run_id]) == 2
