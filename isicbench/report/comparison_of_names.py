"""From names on the command line to a comparison."""

from collections.abc import Sequence

from isicbench.errors import DataError
from isicbench.evaluation.scales import Metric
from isicbench.records import RunRecord
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
    metric: Metric,
    split: str,
    resolution: str | None,
) -> ComparisonContents:
    """Compare the named experiments among the runs; the resolution is found where it is None.

    Raises `ConfigError` for names that fit no single experiment, and `DataError` where fewer than two of the chosen
    ones have scores, or no two can be compared.
    """
    run_ids = [run.id for run in runs]
    evaluations = source.evaluations(run_ids)
    chosen = select_experiments(group_experiments(runs, source.epochs(run_ids, last_only=True), evaluations), names)
    resolution = resolution or common_resolution(chosen, evaluations, split=split)
    scores, notes = read_scores(source, chosen, metric=metric, split=split, resolution=resolution)
    if len(scores) < (2 if not names else len(names)):
        raise DataError(" ".join(notes), hint="Choose others, or another --resolution or --split.")
    contents = compare_experiments(scores, metric=metric, split=split, resolution=resolution, notes=notes)
    if all(pair.comparison is None for pair in contents.pairs):
        reasons = " ".join(pair.sentence for pair in contents.pairs)
        raise DataError(reasons, hint="Compare experiments that were scored on the same images and masks.")
    return contents
