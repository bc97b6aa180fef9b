"""From names on the command line to a comparison."""

from collections.abc import Iterable, Sequence

from isicbench.choices import unknown
from isicbench.errors import ConfigError, DataError
from isicbench.evaluation.scales import SCALES, Metric, Scale, unbounded
from isicbench.records import EvaluationRecord, RunRecord
from isicbench.report.comparison import ComparisonContents, compare_experiments
from isicbench.report.comparison_scores import common_resolution, read_scores
from isicbench.report.comparison_selection import select_experiments
from isicbench.report.experiments import group_experiments
from isicbench.report.source import ReportSource


def compare_named(
    source: ReportSource,
    runs: Sequence[RunRecord],
    *,
    names: Sequence[str],
    metric: str,
    split: str,
    resolution: str | None,
) -> ComparisonContents:
    """Compare the named experiments among the runs; the resolution is found where it is None.

    `metric` is one of `Metric`, or another package's by its name. Raises `ConfigError` for names that fit no single
    experiment or no metric, and `DataError` where fewer than two of the chosen ones have scores, or no two can be
    compared.
    """
    run_ids = [run.id for run in runs]
    evaluations = source.evaluations(run_ids)
    chosen = select_experiments(group_experiments(runs, source.epochs(run_ids, last_only=True), evaluations), names)
    scale = _scale_of(metric, (evaluation for run_id in run_ids for evaluation in evaluations.get(run_id, ())))
    resolution = resolution or common_resolution(chosen, evaluations, split=split)
    scores, notes = read_scores(source, chosen, scale=scale, split=split, resolution=resolution)
    if len(scores) < (2 if not names else len(names)):
        raise DataError(" ".join(notes), hint="Choose others, or another --resolution or --split.")
    contents = compare_experiments(scores, scale=scale, split=split, resolution=resolution, notes=notes)
    if all(pair.comparison is None for pair in contents.pairs):
        reasons = " ".join(pair.sentence for pair in contents.pairs)
        raise DataError(reasons, hint="Compare experiments that were scored on the same images and masks.")
    return contents


def _scale_of(metric: str, evaluations: Iterable[EvaluationRecord]) -> Scale:
    """A metric of another package is known by what was recorded of it: its package need not be installed."""
    if metric in SCALES:
        return SCALES[Metric(metric)]
    recorded = {own.name: own.better for evaluation in evaluations for own in evaluation.plugin_metrics}
    if metric not in recorded:
        raise unknown("--metric", metric, [*SCALES, *sorted(recorded)])
    if recorded[metric] not in ("higher", "lower"):
        raise ConfigError(
            f"--metric {metric}: neither its higher nor its lower values are the better ones",
            hint="Its means stand in isicbench report --table macro_scores.",
        )
    return unbounded(metric, higher_is_better=recorded[metric] == "higher")
