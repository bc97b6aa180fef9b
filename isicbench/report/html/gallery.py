"""Which sample images the page shows: the same ones for every experiment, and each one's best, median and worst."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from isicbench.report.comparison_scores import ExperimentScores
from isicbench.report.html.ranks import Ranks
from isicbench.report.html.series import Series
from isicbench.report.html.tiles import SampleRow, sample_row
from isicbench.report.predictions import Column, by_dataset, shared_samples

IMAGES = 6
EXPERIMENTS = 8
"""Of one dataset; of more, those with the highest Dice over the test images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """One experiment's best, median and worst test image."""

    label: str
    series: Series | None
    rows: tuple[SampleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The sample images of one dataset, the best predicted first."""

    dataset: str
    rows: tuple[SampleRow, ...]
    extremes: tuple[Extremes, ...]
    is_selection: bool
    """Whether there are experiments with predictions that are not shown."""


def galleries(
    columns: Sequence[Column], series: Mapping[str, Series], ranks: Ranks, scores: Sequence[ExperimentScores]
) -> list[Gallery]:
    """One a dataset."""
    return [_gallery(members, series, ranks, scores) for members in by_dataset(columns)]


def _gallery(
    columns: Sequence[Column], series: Mapping[str, Series], ranks: Ranks, scores: Sequence[ExperimentScores]
) -> Gallery:
    shown = _best(columns)
    fingerprint = columns[0].experiment.config.dataset_fingerprint
    rows = [
        sample_row(sample, shown, series, rank=ranks.get((fingerprint, sample.image_id), ""))
        for sample in shared_samples(shown, most=IMAGES)
    ]
    by_run = {run_id: one for one in scores for run_id in one.run_ids}
    extremes = [_extremes(column, series, by_run.get(column.outcome.run.id)) for column in shown]
    return Gallery(
        dataset=columns[0].experiment.config.dataset,
        rows=tuple(_tagged(sorted(rows, key=lambda row: -row.dice))),
        extremes=tuple(found for found in extremes if found.rows),
        is_selection=len(shown) < len(columns),
    )


def _best(columns: Sequence[Column]) -> list[Column]:
    def order(place: int) -> float:
        evaluation = columns[place].outcome.evaluation
        return -evaluation.dice if evaluation and isfinite(evaluation.dice) else 1.0

    chosen = sorted(range(len(columns)), key=order)[:EXPERIMENTS]
    return [columns[place] for place in sorted(chosen)]


def _tagged(rows: Sequence[SampleRow]) -> list[SampleRow]:
    """The rows, best first, with what they are examples of."""
    if len(rows) < 3:
        return list(rows)
    tags: dict[int, list[str]] = {0: ["best of these"], len(rows) - 1: ["worst of these"]}
    widest = max(range(len(rows)), key=lambda place: rows[place].spread)
    if rows[widest].spread > 0:
        tags.setdefault(widest, []).append("largest disagreement")
    return [replace(row, tags=tuple(tags.get(place, ()))) for place, row in enumerate(rows)]


def _extremes(column: Column, series: Mapping[str, Series], scores: ExperimentScores | None) -> Extremes:
    """Those of the three whose pictures the database keeps."""
    label = column.experiment.label
    rows = []
    for tag, image_id in _named(column, scores) if scores else ():
        if image_id in column.sampled:
            rows.append(replace(sample_row(column.sampled[image_id][0], [column], series), tags=(tag,)))
    return Extremes(label=label, series=series.get(label), rows=tuple(rows))


def _named(column: Column, scores: ExperimentScores) -> list[tuple[str, str]]:
    """Of the drawn run, among all test images; nothing where there are too few to tell."""
    values = scores.scores[scores.run_ids.index(column.outcome.run.id)]
    scored = [(float(v), image_id) for v, image_id in zip(values, scores.image_ids, strict=True) if isfinite(v)]
    ordered = [image_id for _, image_id in sorted(scored, key=lambda pair: (-pair[0], pair[1]))]
    if len(ordered) < 3 or len({value for value, _ in scored}) == 1:
        return []
    return [("best", ordered[0]), ("median", ordered[len(ordered) // 2]), ("worst", ordered[-1])]
