"""Runs as trackers of experiments know them: settings, figures over epochs, final scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import isfinite

from isicbench.records import EnvironmentRecord, EpochRecord, RunRecord
from isicbench.report.labels import experiment_labels
from isicbench.store.store import Store

EPOCH_FIGURES = tuple(field.name for field in fields(EpochRecord) if field.name != "epoch")
TEST_FIGURES = (
    *("iou", "dice", "micro_iou", "micro_dice", "sensitivity", "specificity", "accuracy", "precision"),
    *("thresholded_iou", "boundary_iou", "hausdorff95_px"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedRun:
    run: RunRecord
    experiment: str
    """Its name, told apart from its namesakes."""
    epochs: tuple[EpochRecord, ...]
    test_scores: dict[str, float]
    """The run's own scores of the test set, after the resolution that they were taken at: `training_iou`,
    `original_dice`; finite ones only."""
    environment: EnvironmentRecord | None

    @property
    def title(self) -> str:
        return f"{self.experiment}, seed {self.run.seed}, run {self.run.id}"

    @property
    def settings(self) -> dict[str, object]:
        """The config's fields and the seed."""
        return {**self.run.config.to_dict(), "seed": self.run.seed, "config_hash": self.run.config.config_hash}

    @property
    def began(self) -> datetime:
        return self.run.started_at or self.run.created_at

    def moments(self) -> Iterator[tuple[datetime, EpochRecord]]:
        """Each epoch with the moment when it ended, as its and the earlier ones' seconds tell."""
        moment = self.began
        for epoch in self.epochs:
            seconds = [s for s in (epoch.train_seconds, epoch.validation_seconds) if isfinite(s)]
            moment += timedelta(seconds=sum(seconds))
            yield moment, epoch


def finite_figures(epoch: EpochRecord) -> dict[str, float]:
    """The epoch's figures by name, without those that were not finite."""
    return {name: value for name in EPOCH_FIGURES if isfinite(value := getattr(epoch, name))}


def tracked_runs(store: Store, runs: Sequence[RunRecord]) -> list[TrackedRun]:
    """The runs in their order, whatever their status."""
    numbers = [run.id for run in runs]
    labels, epochs, environments = experiment_labels(runs), store.epochs(numbers), store.environments(numbers)
    scores = _test_scores(store, numbers)
    return [
        TrackedRun(
            run=run,
            experiment=labels[run.config.config_hash],
            epochs=tuple(epochs.get(run.id, ())),
            test_scores=scores.get(run.id, {}),
            environment=environments.get(run.id),
        )
        for run in runs
    ]


def _test_scores(store: Store, run_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for run_id, evaluations in store.evaluations(run_ids).items():
        own = [evaluation for evaluation in evaluations if evaluation.final and evaluation.split in ("test", "fold")]
        found[run_id] = {
            f"{evaluation.resolution}_{name}": value
            for evaluation in own
            for name in TEST_FIGURES
            if isfinite(value := getattr(evaluation, name))
        }
    return found
