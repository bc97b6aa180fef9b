"""Metrics of other packages, each with its values image by image, beside the evaluation that they are of."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isicbench.records import PluginMetric
from isicbench.store.finite import finite, number
from isicbench.store.schema import PluginMetricRow, PluginScoreRow
from isicbench.store.selection import among


def record_plugin_metrics(session: Session, evaluation_id: int, metrics: Sequence[PluginMetric]) -> None:
    """Of an evaluation that was just recorded."""
    for metric in metrics:
        about = {name: getattr(metric, name) for name in ("name", "version", "better", "mean", "problem")}
        row = PluginMetricRow(evaluation_id=evaluation_id, **finite(about))
        session.add(row)
        session.flush()
        if metric.values:
            values = finite(dict(metric.values))
            rows = [{"metric_id": row.id, "image_id": image_id, "value": value} for image_id, value in values.items()]
            session.execute(insert(PluginScoreRow), rows)


def plugin_metrics(
    session: Session, evaluation_ids: Sequence[int], *, with_values: bool
) -> dict[int, tuple[PluginMetric, ...]]:
    """By evaluation, each in the metrics' order; image by image only where asked for."""
    query = (
        select(PluginMetricRow).where(among(PluginMetricRow.evaluation_id, evaluation_ids)).order_by(PluginMetricRow.id)
    )
    rows = session.scalars(query).all()
    values = _values(session, [row.id for row in rows]) if with_values and rows else {}
    found: defaultdict[int, list[PluginMetric]] = defaultdict(list)
    for row in rows:
        metric = PluginMetric(
            name=row.name,
            version=row.version,
            mean=number(row.mean),
            better=row.better,
            problem=row.problem,
            values=values.get(row.id, {}),
        )
        found[row.evaluation_id].append(metric)
    return {evaluation_id: tuple(metrics) for evaluation_id, metrics in found.items()}


def _values(session: Session, metric_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    query = select(PluginScoreRow.metric_id, PluginScoreRow.image_id, PluginScoreRow.value)
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for metric_id, image_id, value in session.execute(query.where(among(PluginScoreRow.metric_id, metric_ids))):
        found[metric_id][image_id] = number(value)
    return found
