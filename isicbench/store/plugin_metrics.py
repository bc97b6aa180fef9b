"""Metrics of other packages, as rows of `diagnoses`, whose columns have room for them.

`kind` is `plugin_metric`, `message` the metric's name, `advice` a JSON object (what was scored, the package's version,
mean, direction and problem), and `evidence` the values by image id. Nothing that reads diagnoses sees them.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from math import nan
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from isicbench.records import WHAT_WAS_SCORED, EvaluationRecord, PluginMetric
from isicbench.store.finite import finite
from isicbench.store.schema import PLUGIN_METRIC, DiagnosisRow
from isicbench.store.selection import among

Key = tuple[int, str, str, str, float]
"""The run, and what was scored."""


def record_plugin_metrics(session: Session, run_id: int, evaluation: EvaluationRecord) -> None:
    """In place of those of an earlier evaluation of the same."""
    scored = {name: getattr(evaluation, name) for name in WHAT_WAS_SCORED}
    own = select(DiagnosisRow.id, DiagnosisRow.advice).filter_by(run_id=run_id, kind=PLUGIN_METRIC)
    earlier = [number for number, told in session.execute(own) if json.loads(told).items() >= scored.items()]
    session.execute(delete(DiagnosisRow).where(DiagnosisRow.id.in_(earlier)))
    for metric in evaluation.plugin_metrics:
        about = {name: getattr(metric, name) for name in ("version", "mean", "better", "problem")}
        session.add(
            DiagnosisRow(
                run_id=run_id,
                kind=PLUGIN_METRIC,
                message=metric.name,
                advice=json.dumps(scored | finite(about)),
                evidence=finite(dict(metric.values)),
            )
        )


def plugin_metrics(
    session: Session, run_ids: Sequence[int], *, with_values: bool
) -> dict[Key, tuple[PluginMetric, ...]]:
    """By evaluation, each in the metrics' order; image by image only where asked for."""
    values = (DiagnosisRow.evidence,) if with_values else ()
    query = (
        select(DiagnosisRow.run_id, DiagnosisRow.message, DiagnosisRow.advice, *values)
        .where(among(DiagnosisRow.run_id, run_ids), DiagnosisRow.kind == PLUGIN_METRIC)
        .order_by(DiagnosisRow.id)
    )
    found: defaultdict[Key, list[PluginMetric]] = defaultdict(list)
    for run_id, name, told, *evidence in session.execute(query):
        about = json.loads(told)
        key = (run_id, *(about[part] for part in WHAT_WAS_SCORED))
        found[key].append(_metric(name, about, evidence[0] if evidence else {}))
    return {key: tuple(metrics) for key, metrics in found.items()}


def _metric(name: str, about: dict[str, Any], values: dict[str, float | None]) -> PluginMetric:
    return PluginMetric(
        name=name,
        version=about["version"],
        mean=_number(about["mean"]),
        better=about["better"],
        problem=about["problem"],
        values={image_id: _number(value) for image_id, value in values.items()},
    )


def _number(value: float | None) -> float:
    return nan if value is None else value
