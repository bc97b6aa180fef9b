"""What the study's table says of each experiment; nothing here renders."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from isicbench.records import RunStatus
from isicbench.report.data_table import Summary, summarise
from isicbench.report.experiments import Experiment, Outcome
from isicbench.report.wording import MISSING

HEADINGS = ("Experiment", "IoU", "Dice Score", "Final Training Loss", "Final Validation Loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One experiment. All four figures come from the same runs (`run_ids`), the losses from their last epoch.

    Masks of another tool have no losses.
    """

    label: str
    mark: str
    """What to know before reading the figures: `collapsed`, `failed`, `1 of 3 diverged`; empty when all is well."""
    iou: Summary | None
    dice: Summary | None
    train_loss: Summary | None
    validation_loss: Summary | None
    run_ids: tuple[int, ...]
    seeds: tuple[int, ...]

    @property
    def n(self) -> int:
        return len(self.run_ids)

    @property
    def summaries(self) -> tuple[Summary | None, ...]:
        return self.iou, self.dice, self.train_loss, self.validation_loss

    @property
    def cells(self) -> tuple[str, ...]:
        """The four figures as they are printed."""
        return tuple(MISSING if summary is None else str(summary) for summary in self.summaries)


def result_rows(experiments: Sequence[Experiment]) -> list[ResultRow]:
    """One row an experiment, in the given order; one without a completed run has its mark and no figures."""
    return [_row(experiment) for experiment in experiments]


def has_seeds(rows: Sequence[ResultRow]) -> bool:
    """Whether any row is a mean, so that the table needs its column `n`."""
    return any(row.n > 1 for row in rows)


def _row(experiment: Experiment) -> ResultRow:
    counted = experiment.counted
    figures = [outcome.figures for outcome in counted if outcome.figures is not None]
    iou, dice, train_loss, validation_loss = (
        summarise([value for values in figures if (value := values[i]) is not None]) for i in range(4)
    )
    return ResultRow(
        label=experiment.label,
        mark=_mark(experiment),
        iou=iou,
        dice=dice,
        train_loss=train_loss,
        validation_loss=validation_loss,
        run_ids=tuple(outcome.run.id for outcome in counted),
        seeds=tuple(outcome.run.seed for outcome in counted),
    )


def _mark(experiment: Experiment) -> str:
    total = len(experiment.leading)
    states: Counter[str] = Counter()
    for outcome in experiment.leading:
        if outcome.collapsed:
            states["collapsed"] += 1
        if not outcome.counted:
            states[_state(outcome, alone=total == 1)] += 1
    return ", ".join(state if number == total else f"{number} of {total} {state}" for state, number in states.items())


def _state(outcome: Outcome, *, alone: bool) -> str:
    run = outcome.run
    if run.status is RunStatus.COMPLETED:
        return "completed without scores"
    if run.status is RunStatus.RUNNING and alone and run.epoch:
        return f"running, epoch {run.epoch} of {run.config.epochs}"
    return run.status.value
