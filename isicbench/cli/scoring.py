"""What `isicbench score` does once its options are read."""

from dataclasses import dataclass
from pathlib import Path

from isicbench.cli.console import notes, out, print_json
from isicbench.config import Config
from isicbench.data.progress import Progress
from isicbench.records import RunRecord
from isicbench.report.json_records import run_details_to_json
from isicbench.report.rich_tables import score_tables
from isicbench.report.run_details import RunDetails
from isicbench.report.scores import ScoreRow
from isicbench.scoring.folders import BINARY_THRESHOLD, score_folder
from isicbench.scoring.predictions import Predictions, open_predictions
from isicbench.scoring.truth import Truth, open_truth
from isicbench.store.store import Store, open_existing, open_store
from isicbench.store.studies import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    store: Store
    run: RunRecord
    was_there: bool
    missing: tuple[str, ...]


def score_and_record(
    predictions_folder: Path,
    truth_folder: Path,
    *,
    name: str | None,
    threshold: float | None,
    allow_missing: bool,
    allow_inverted: bool,
    force: bool,
    database: str | None,
    progress: Progress,
) -> Scored:
    """Score the folder and record it in one go; what was scored before is only looked up, unless `force`.

    Raises `DataError` before anything is written.
    """
    before = open_existing(database)
    truth = open_truth(truth_folder, progress=progress)
    predictions = open_predictions(predictions_folder, truth, allow_missing=allow_missing, progress=progress)
    config = _config(predictions, truth, threshold, known=before)
    if before and not force and not predictions.faults and (run := before.completed_run(config)):
        if name and name != run.experiment:
            run = before.rename_experiment(run.id, name)
        return Scored(store=before, run=run, was_there=True, missing=predictions.missing)
    evaluation = score_folder(predictions, truth, threshold=threshold, allow_inverted=allow_inverted, progress=progress)
    request = RunRequest(
        config=config, seed=0, dataset=truth.dataset, name=name or f"External masks: {predictions.folder.name}"
    )
    store = before or open_store(database)
    run, was_there = store.add_external(request, evaluation, force=force)
    return Scored(store=store, run=run, was_there=was_there, missing=predictions.missing)


def _config(predictions: Predictions, truth: Truth, threshold: float | None, *, known: Store | None) -> Config:
    """A dataset that runs were trained on keeps the name that it has there."""
    fingerprint = truth.dataset.fingerprint
    recorded = known.datasets().get(fingerprint) if known else None
    return Config.external(
        dataset=(recorded or truth.dataset).name,
        dataset_fingerprint=fingerprint,
        predictions_sha256=predictions.sha256,
        threshold=BINARY_THRESHOLD if threshold is None else threshold,
    )


def print_scored(scored: Scored, *, json: bool) -> None:
    """The scores, and what became of them."""
    run = scored.run
    evaluations = scored.store.evaluations([run.id]).get(run.id, [])
    if scored.was_there:
        notes.print(f"These predictions were scored before, as run {run.id}. To score them again: --force")
    if scored.missing:
        notes.print(f"No prediction, so a score of 0, for: {', '.join(scored.missing)}", markup=False)
    if json:
        print_json(run_details_to_json(RunDetails(run=run, evaluations=evaluations)))
        return
    rows = [ScoreRow(run_id=run.id, seed=run.seed, label=run.experiment, evaluation=record) for record in evaluations]
    data = f"dataset {run.config.dataset} (fingerprint {run.config.dataset_fingerprint[:12]})"
    out.print(f"Run {run.id}: {run.experiment}; {data}", markup=False, soft_wrap=True)
    out.print(score_tables(rows))
    notes.print(f"Recorded in {scored.store.url_shown}. Beside other runs: isicbench report", markup=False)
