"""Metrics of other packages come back with their evaluation, and no diagnosis is made of them."""

import math
from dataclasses import replace

import pytest

from isicbench.records import PluginMetric
from isicbench.scheduling.database_copy import copy_database
from isicbench.store.store import open_store
from tests.store.store_records import AREA, COLLAPSED, EVALUATION, complete, queue

BROKEN = PluginMetric(name="measures:frail", version="1.0", mean=math.nan, better="higher", problem="it divides by 0")
MEASURED = replace(EVALUATION, plugin_metrics=(AREA, BROKEN))


def told(metrics: tuple[PluginMetric, ...]) -> list[str]:
    return [repr(metric) for metric in metrics]  # in which NaN equals NaN


def test_they_come_back_with_their_evaluation_and_leave_diagnoses_alone(store):
    [run_id] = queue(store)
    store.record_evaluation(run_id, MEASURED)
    complete_but_scores = replace(EVALUATION, resolution="original")
    store.record_evaluation(run_id, complete_but_scores)
    store.record_diagnoses(run_id, [COLLAPSED])
    measured, plain = store.evaluations([run_id], with_image_scores=True)[run_id]
    assert told(measured.plugin_metrics) == told((AREA, BROKEN))
    assert plain.plugin_metrics == ()
    assert store.run(run_id).diagnoses == (COLLAPSED,)
    [without_values, _] = store.evaluations([run_id])[run_id][0].plugin_metrics
    assert without_values == replace(AREA, values={})


def test_an_evaluation_that_is_repeated_replaces_them(file_store):
    store = file_store
    [run_id] = queue(store)
    for evaluation in (MEASURED, replace(EVALUATION, plugin_metrics=(replace(AREA, mean=0.5),))):
        store.record_evaluation(run_id, evaluation)
    [evaluation] = store.evaluations([run_id])[run_id]
    assert [metric.mean for metric in evaluation.plugin_metrics] == [0.5]


def test_a_copy_brings_metrics_to_an_evaluation_that_the_target_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = open_store("source.db")
    [run_id] = queue(source)
    complete(source, run_id)
    copy_database("source.db", "target.db")
    [plain] = source.evaluations([run_id], with_image_scores=True)[run_id]
    source.record_evaluation(run_id, replace(plain, plugin_metrics=(AREA, BROKEN)))
    copy_database("source.db", "target.db")
    target = open_store("target.db", create=False)
    [evaluation] = target.evaluations([run_id], with_image_scores=True)[run_id]
    assert told(evaluation.plugin_metrics) == told((AREA, BROKEN))
    assert evaluation.image_scores == plain.image_scores


@pytest.mark.parametrize("later", [False, True], ids=["with the run", "of a later evaluation"])
def test_a_copy_of_the_database_has_them(tmp_path, monkeypatch, later):
    monkeypatch.chdir(tmp_path)
    source = open_store("source.db")
    [run_id] = queue(source)
    complete(source, run_id)
    for copied in range(2):
        if later == bool(copied):
            source.record_evaluation(run_id, replace(MEASURED, threshold=0.25))
        copy_database("source.db", "target.db")
    target = open_store("target.db", create=False)
    [_, evaluation] = target.evaluations([run_id], with_image_scores=True)[run_id]
    assert told(evaluation.plugin_metrics) == told((AREA, BROKEN))
