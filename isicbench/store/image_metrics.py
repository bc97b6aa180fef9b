"""One metric of many runs, image by image: the column that a comparison needs, and not the rows around it."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from isicbench.records import EvaluationRecord, ImageMetric, what_was_scored
from isicbench.store.finite import number
from isicbench.store.schema import EvaluationRow, ImageScoreRow, PluginMetricRow, PluginScoreRow
from isicbench.store.selection import among, in_byte_order


def image_metric(
    session: Session, run_ids: Sequence[int], *, metric: str, split: str, resolution: str
) -> dict[int, ImageMetric]:
    """By run, from its newest final evaluation of the split at the resolution."""
    return _read(session, _own_evaluations(session, run_ids, split=split, resolution=resolution), metric)


def image_metric_of(
    session: Session, evaluations: Mapping[int, EvaluationRecord], *, metric: str
) -> dict[int, ImageMetric]:
    """By run, from the one evaluation that is asked for."""
    wanted = {(run_id, *what_was_scored(record)) for run_id, record in evaluations.items()}
    query = select(EvaluationRow).where(among(EvaluationRow.run_id, list(evaluations)))
    chosen = {
        row.id: (row.run_id, row.dataset_fingerprint)
        for row in session.scalars(query)
        if (row.run_id, *what_was_scored(row)) in wanted
    }
    return _read(session, chosen, metric)


def _read(session: Session, evaluations: Mapping[int, tuple[int, str]], metric: str) -> dict[int, ImageMetric]:
    """`evaluations` gives run and dataset fingerprint of each evaluation, one a run."""
    query = _columns(metric).where(among(ImageScoreRow.evaluation_id, list(evaluations)))
    query = query.order_by(ImageScoreRow.evaluation_id, in_byte_order(session, ImageScoreRow.image_id))
    found = {}
    for evaluation_id, group in groupby(session.execute(query), key=lambda row: row[0]):
        rows = list(group)
        run_id, fingerprint = evaluations[evaluation_id]
        found[run_id] = ImageMetric(
            dataset_fingerprint=fingerprint,
            values={image_id: number(value) for _, image_id, value, _ in rows},
            lesion_pixels={image_id: pixels for _, image_id, _, pixels in rows},
        )
    return found


def _columns(metric: str) -> Select[int, str, float | None, int]:
    """Evaluation, image, the metric's value, and the lesion's pixels."""
    pixels = ImageScoreRow.true_positives + ImageScoreRow.false_negatives
    if column := getattr(ImageScoreRow, metric, None):
        return select(ImageScoreRow.evaluation_id, ImageScoreRow.image_id, column, pixels)
    same = (PluginScoreRow.metric_id == PluginMetricRow.id, PluginScoreRow.image_id == ImageScoreRow.image_id)
    return (
        select(ImageScoreRow.evaluation_id, ImageScoreRow.image_id, PluginScoreRow.value, pixels)
        .join(PluginMetricRow, PluginMetricRow.evaluation_id == ImageScoreRow.evaluation_id)
        .join(PluginScoreRow, and_(*same))
        .where(PluginMetricRow.name == metric)
    )


def _own_evaluations(
    session: Session, run_ids: Sequence[int], *, split: str, resolution: str
) -> dict[int, tuple[int, str]]:
    """Run and dataset fingerprint by evaluation, the newest one of each run."""
    query = (
        select(EvaluationRow.run_id, EvaluationRow.id, EvaluationRow.dataset_fingerprint)
        .where(among(EvaluationRow.run_id, run_ids), EvaluationRow.final)
        .where(EvaluationRow.split == split, EvaluationRow.resolution == resolution)
        .order_by(EvaluationRow.id)
    )
    newest = {run_id: (evaluation_id, fingerprint) for run_id, evaluation_id, fingerprint in session.execute(query)}
    return {evaluation_id: (run_id, fingerprint) for run_id, (evaluation_id, fingerprint) in newest.items()}
