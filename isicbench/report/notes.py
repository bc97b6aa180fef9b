"""A line for each run that stands behind no figure of the table, and why."""

from collections.abc import Iterable, Sequence

from isicbench.records import EvaluationRecord, RunRecord, RunStatus
from isicbench.report.experiments import Experiment, Outcome, place_of
from isicbench.report.wording import headline, number_ranges, printable


def run_notes(experiments: Sequence[Experiment]) -> list[str]:
    """What became of every run that the table's figures leave out; queued ones share a line an experiment. Metrics of
    other packages that could not be computed share a line a reason."""
    notes = [note for experiment in experiments for note in _experiment_notes(experiment)]
    return [*notes, *_metric_notes(experiments)]


def seen_in_training(evaluation: EvaluationRecord | None) -> str:
    """What to say of an evaluation whose images were trained on, without a full stop; empty where there are none."""
    if evaluation is None or not evaluation.seen_in_training:
        return ""
    seen, total = evaluation.seen_in_training, evaluation.image_count
    verb = "was" if seen == 1 else "were"
    return f"{seen} of {total} {evaluation.split} images {verb} in the training images, so these scores are too high"


def metric_problems(evaluations: Iterable[EvaluationRecord]) -> list[str]:
    """Why metrics of other packages could not be computed, each reason once."""
    problems = (metric.problem for evaluation in evaluations for metric in evaluation.plugin_metrics if metric.problem)
    return [headline(problem) for problem in dict.fromkeys(problems)]


def ending(run: RunRecord) -> str:
    """How a run stands or ended: `failed: killed by signal 9 (log: runs/7.log)`."""
    if run.status is RunStatus.QUEUED:
        return "queued"
    if run.status is RunStatus.COMPLETED:
        return "completed"
    if run.status is RunStatus.RUNNING:
        return f"running: {_where(run)}" if run.epoch else "running"
    reason = headline(run.failure.message) if run.failure else ""
    if not reason and run.epoch:
        reason = f"in {_where(run)}" if run.status is RunStatus.INTERRUPTED else _where(run)
    log = f" (log: {printable(run.log_path)})" if run.log_path and run.status is not RunStatus.INTERRUPTED else ""
    return f"{run.status.value}: {reason}{log}" if reason else f"{run.status.value}{log}"


def _experiment_notes(experiment: Experiment) -> list[str]:
    leading = {place_of(outcome.run): outcome.run for outcome in experiment.leading}
    notes, queued = [], []
    for outcome in experiment.outcomes:
        if outcome.run.status is RunStatus.QUEUED:
            queued.append(outcome.run.id)
        elif note := _note(outcome, leading[place_of(outcome.run)]):
            notes.append(f"Run {outcome.run.id} ({experiment.label}, {_place(outcome.run)}) {note}.")
    if queued:
        plural = "Run" if len(queued) == 1 else "Runs"
        notes.append(f"{plural} {number_ranges(queued)} ({experiment.label}): queued.")
    return notes


def _metric_notes(experiments: Sequence[Experiment]) -> list[str]:
    run_ids: dict[str, list[int]] = {}
    for experiment in experiments:
        for outcome in experiment.outcomes:
            for problem in metric_problems(outcome.test_evaluations):
                run_ids.setdefault(problem, []).append(outcome.run.id)
    return [
        f"{'Run' if len(ids) == 1 else 'Runs'} {number_ranges(ids)}: {problem}." for problem, ids in run_ids.items()
    ]


def _note(outcome: Outcome, leader: RunRecord) -> str:
    run = outcome.run
    same = "seed and fold" if run.config.folds else "seed"
    later = "" if leader.id == run.id else f"; run {leader.id} of the same {same} stands in its place"
    if outcome.counted:
        return f"completed{later}" if later else _short_of_epochs(outcome)
    if run.status is RunStatus.COMPLETED:
        missing = "finite losses or scores" if outcome.evaluation and outcome.epochs else _missing(outcome)
        return f"completed, but has no {missing}{later}"
    return ending(run) + later


def _missing(outcome: Outcome) -> str:
    return "recorded epochs" if outcome.evaluation else "recorded test evaluation"


def _short_of_epochs(outcome: Outcome) -> str:
    if outcome.run.config.is_external:
        return ""
    last, asked = outcome.epochs[-1].epoch, outcome.run.config.epochs
    if outcome.run.config.patience:
        return ""  # it has stopped early, which stands with the figures
    return "" if last == asked else f"has {last} of its {asked} epochs recorded; the losses are those of epoch {last}"


def _place(run: RunRecord) -> str:
    fold = f", fold {run.config.fold} of {run.config.folds}" if run.config.folds else ""
    return f"seed {run.seed}{fold}"


def _where(run: RunRecord) -> str:
    return f"epoch {run.epoch} of {run.config.epochs}"
