"""The mark by which a served page knows that there is news."""

from contextlib import closing
from dataclasses import replace

import pytest

from isicbench.errors import StoreError
from isicbench.records import RunStatus, StepRecord
from isicbench.store.store import open_to_read
from tests.store.statements import counted_statements
from tests.store.store_records import (
    COLLAPSED,
    ENVIRONMENT,
    EVALUATION,
    PREDICTION,
    PROBABILITIES,
    SAMPLE,
    complete,
    epoch,
    queue,
    request,
    start,
)


def test_whatever_a_report_shows_changes_the_mark(store):
    changes = {
        "a run is queued": lambda: queue(store),
        "it begins": lambda: start(store, 1),
        "its environment is known": lambda: store.record_environment(1, ENVIRONMENT),
        "its first epoch begins": lambda: store.record_progress(1, StepRecord(epoch=1, step=1, steps=12)),
        "an epoch ends": lambda: store.record_epoch(1, epoch(1)),
        "another epoch ends": lambda: store.record_epoch(1, epoch(2)),
        "it is scored": lambda: store.record_evaluation(1, EVALUATION),
        "it is scored otherwise": lambda: store.record_evaluation(1, replace(EVALUATION, dice=0.125)),
        "it is diagnosed": lambda: store.record_diagnoses(1, [COLLAPSED]),
        "its predictions are kept": lambda: store.record_predictions(1, [SAMPLE], [PREDICTION]),
        "its probabilities are kept": lambda: store.record_probabilities(1, PROBABILITIES),
        "it completes": lambda: store.finish(1, RunStatus.COMPLETED),
        "it is renamed": lambda: store.rename_experiment(1, "another name"),
        "it is removed": lambda: store.remove_runs([1]),
    }
    marks = [store.contents_mark()]
    for what, change in changes.items():
        change()
        marks.append(store.contents_mark())
        assert marks[-1] != marks[-2], what
    assert len(set(marks[1:-1])) == len(marks) - 2


def test_steps_and_heartbeats_leave_the_mark_as_it_is(store):
    queue(store)
    start(store, 1)
    store.record_progress(1, StepRecord(epoch=1, step=1, steps=12))
    before = store.contents_mark()
    store.record_progress(1, StepRecord(epoch=1, step=11, steps=12))
    assert store.contents_mark() == before == store.contents_mark()


def test_mark_of_many_runs_takes_as_many_statements_as_that_of_few(store):
    asked = []
    for seeds in (range(2), range(2, 40)):
        queue(store, *(request(seed=seed) for seed in seeds))
        complete(store, seeds[0] + 1)
        with counted_statements() as found:
            store.contents_mark()
        asked.append(len(found))
    assert asked[0] == asked[1] <= 7


def test_store_that_was_opened_to_read_reads_on_and_refuses_every_write(store, database):
    queue(store)
    with closing(open_to_read(database)) as reader:
        for write in (lambda: queue(reader, request(seed=1)), lambda: start(reader, 1)):
            with pytest.raises(StoreError, match="may not be written"):
                write()
        complete(store, 1)
        assert reader.run(1).status is RunStatus.COMPLETED
        assert reader.contents_mark() == store.contents_mark()
