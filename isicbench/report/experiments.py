"""Runs grouped into experiments, and which run of a seed speaks for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite

from isicbench.config import Config
from isicbench.evaluation.chosen_epoch import scored_epoch
from isicbench.records import EpochRecord, EvaluationRecord, RunRecord, RunStatus
from isicbench.report.labels import experiment_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run with the figures that a comparison takes from it, or without, where it has none."""

    run: RunRecord
    epochs: tuple[EpochRecord, ...]
    """In order."""
    evaluation: EvaluationRecord | None
    """The test set at the resolution that the table shows."""
    original: EvaluationRecord | None = None
    """The test set at the images' own size; for masks of another tool it is the one above."""

    @property
    def counted(self) -> bool:
        """Whether the run is completed and has all figures of the table's row."""
        return self.run.status is RunStatus.COMPLETED and self.figures is not None

    @property
    def figures(self) -> tuple[float | None, ...] | None:
        """IoU, Dice, and the scored epoch's train and validation loss; None unless all are recorded and finite.

        Masks of another tool have no losses: the last two are None then.
        """
        if self.evaluation is None:
            return None
        scores = (self.evaluation.iou, self.evaluation.dice)
        if self.run.config.is_external:
            return (*scores, None, None) if all(map(isfinite, scores)) else None
        if not self.epochs:
            return None
        epoch = scored_epoch(self.run.config, self.epochs)
        found = (*scores, epoch.train_loss, epoch.validation_loss)
        return found if all(value is not None and isfinite(value) for value in found) else None

    @property
    def test_evaluations(self) -> tuple[EvaluationRecord, ...]:
        """What is recorded of the test set, at the network's input size first."""
        found = (self.evaluation, None if self.original is self.evaluation else self.original)
        return tuple(evaluation for evaluation in found if evaluation is not None)

    @property
    def collapsed(self) -> bool:
        return has_collapsed(self.run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One row of the comparison.

    `leading` holds one outcome for each seed, and for each fold of a cross-validation, in the seeds' and folds' order:
    its newest completed run, or else its newest run. `superseded` holds the others. Of a cross-validation `config` is
    its first run's.
    """

    label: str
    config: Config
    leading: tuple[Outcome, ...]
    superseded: tuple[Outcome, ...] = ()

    @property
    def counted(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.leading if outcome.counted)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(sorted(self.leading + self.superseded, key=lambda outcome: outcome.run.id))


def has_collapsed(run: RunRecord) -> bool:
    """Whether a diagnosis says that the run predicts (nearly) nothing or everything."""
    return any(diagnosis.kind.startswith("collapsed_") for diagnosis in run.diagnoses)


def group_experiments(
    runs: Sequence[RunRecord],
    epochs: Mapping[int, Sequence[EpochRecord]],
    evaluations: Mapping[int, Sequence[EvaluationRecord]],
) -> list[Experiment]:
    """The runs' experiments, in the order in which they first appear."""
    labels = experiment_labels(runs)
    members: dict[str, list[Outcome]] = defaultdict(list)
    for run in runs:
        outcome = Outcome(
            run=run,
            epochs=tuple(sorted(epochs.get(run.id, ()), key=lambda record: record.epoch)),
            evaluation=scored_on_test(run.config, evaluations.get(run.id, ())),
            original=scored_on_test(run.config, evaluations.get(run.id, ()), resolution="original"),
        )
        members[run.config.experiment_hash].append(outcome)
    return [_experiment(labels[outcomes[0].run.config.config_hash], outcomes) for outcomes in members.values()]


def scored_on_test(
    config: Config, evaluations: Iterable[EvaluationRecord], *, resolution: str = ""
) -> EvaluationRecord | None:
    """The run's own evaluation of the test set of its dataset, or of the fold in its place, at its threshold.

    Without a resolution it is the one that the table shows: the network's input size (`training`) of a trained run, the
    images' own (`original`) of masks that another tool predicted.
    """
    wanted = resolution or ("original" if config.is_external else "training")
    for evaluation in evaluations:
        if (
            evaluation.split == config.scored_split
            and evaluation.final
            and evaluation.resolution == wanted
            and (config.threshold_rule != "fixed" or isclose(evaluation.threshold, config.threshold))
            and config.dataset_fingerprint in ("", evaluation.dataset_fingerprint)
        ):
            return evaluation
    return None


def _experiment(label: str, outcomes: Sequence[Outcome]) -> Experiment:
    alike: dict[tuple[int, int], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        alike[place_of(outcome.run)].append(outcome)
    leading = tuple(max(alike[place], key=_precedence) for place in sorted(alike))
    lead_ids = {outcome.run.id for outcome in leading}
    return Experiment(
        label=label,
        config=leading[0].run.config,
        leading=leading,
        superseded=tuple(outcome for outcome in outcomes if outcome.run.id not in lead_ids),
    )


def place_of(run: RunRecord) -> tuple[int, int]:
    """Seed and fold: what tells an experiment's runs apart."""
    return run.seed, run.config.fold


def _precedence(outcome: Outcome) -> tuple[bool, bool, int]:
    return outcome.counted, outcome.run.status is RunStatus.COMPLETED, outcome.run.id
