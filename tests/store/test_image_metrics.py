"""One metric image by image, of a run's own evaluation."""

import math
from dataclasses import replace

import pytest
from sqlalchemy import event

from isicbench.evaluation.scales import Metric
from isicbench.records import ImageMetric
from tests.store.store_records import EVALUATION, complete, queue, request, start

ASKED = {"split": "test", "resolution": "training"}


def scored(**changes):
    """The usual evaluation with IoU 0.9 on its first image."""
    first, *others = EVALUATION.image_scores
    return replace(EVALUATION, image_scores=(replace(first, iou=0.9), *others), **changes)


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_comes_back_with_the_masks_lesion_pixels(store, metric):
    [run_id] = queue(store)
    complete(store, run_id)
    assert store.image_metric([run_id], metric=metric.value, **ASKED) == {
        run_id: ImageMetric(
            dataset_fingerprint=EVALUATION.dataset_fingerprint,
            values={score.image_id: getattr(score, metric.value) for score in EVALUATION.image_scores},
            lesion_pixels={"ISIC_0000001": 24, "ISIC_0000002": 44},
        )
    }


def test_only_the_runs_own_evaluation_of_that_split_and_resolution_counts(store):
    [run_id] = queue(store)
    complete(store, run_id)
    for other in ({"final": False, "threshold": 0.3}, {"split": "validation"}, {"resolution": "original"}):
        store.record_evaluation(run_id, scored(**other))
    assert store.image_metric([run_id], metric="iou", **ASKED)[run_id].values["ISIC_0000001"] == 0.41
    found = store.image_metric([run_id], metric="iou", split="test", resolution="original")
    assert found[run_id].values["ISIC_0000001"] == 0.9


def test_newest_of_a_runs_own_evaluations_counts(store):
    [run_id] = queue(store)
    complete(store, run_id)
    store.record_evaluation(run_id, scored(threshold=0.4))
    assert store.image_metric([run_id], metric="iou", **ASKED)[run_id].values["ISIC_0000001"] == 0.9


def test_run_without_image_scores_is_absent_and_a_missing_score_is_nan(store):
    with_scores, without = queue(store, request(), request(seed=1))
    complete(store, with_scores)
    start(store, without)
    first, second = EVALUATION.image_scores
    store.record_evaluation(with_scores, replace(EVALUATION, image_scores=(replace(first, dice=math.nan), second)))
    found = store.image_metric([with_scores, without], metric="dice", **ASKED)
    assert list(found) == [with_scores]
    assert math.isnan(found[with_scores].values["ISIC_0000001"])
    assert store.image_metric([], metric="dice", **ASKED) == {}


def test_many_runs_take_as_many_questions_as_one(store):
    run_ids = queue(store, *(request(seed=seed) for seed in range(5)))
    for run_id in run_ids:
        complete(store, run_id)
    asked = []
    event.listen(store._engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    assert len(store.image_metric(run_ids, metric="iou", **ASKED)) == 5
    selects = [statement for statement in asked if statement.lstrip().startswith("SELECT")]
    assert len(selects) == 2
    assert not any("hausdorff95_px" in statement for statement in selects)
