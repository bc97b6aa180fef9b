"""What a trained segmenter is worth: the one scoring that runs and later evaluations share."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from isicbench.config import Config
from isicbench.data.contamination import count_seen, trained_images
from isicbench.data.mask_figures import mask_figures
from isicbench.data.prepare import Prepared, PreparedSplit
from isicbench.data.progress import Progress, silent
from isicbench.data.samples import choose_samples, probabilities_png, sample_records, telling_samples
from isicbench.data.splits import split_training
from isicbench.evaluation.diagnosis import RunFigures, diagnose
from isicbench.evaluation.histograms import Histograms, count_probabilities, join_histograms
from isicbench.evaluation.thresholds import best_threshold, probability_record
from isicbench.models.segmenter import Segmenter
from isicbench.records import EpochRecord, EvaluationRecord, PredictionRecord, RunRecord
from isicbench.scoring.original import score_at_input_size, score_at_original_size
from isicbench.store.store import Store
from isicbench.training.images import Images
from isicbench.training.inference import inference_slices, predict_probabilities, predicted_batches
from isicbench.training.placement import place_images


def record_scores(
    store: Store,
    run: RunRecord,
    segmenter: Segmenter,
    *,
    prepared: Prepared,
    validation: Images,
    epochs: Sequence[EpochRecord],
    frozen_tensors_changed: int,
    scored: Callable[[], None] = lambda: None,
) -> None:
    """The threshold from validation, the test set's scores at both resolutions, samples, and what they say.

    The test set, or the fold in its place, is read here for the first time, and nothing is chosen by it. `scored` is
    called after each image.
    """
    config = run.config
    test = prepared.test
    if config.folds:
        test = prepared.train.part(split_training(prepared.train.image_ids, config).fold)
    on_validation = probability_record(
        count_batch_by_batch(segmenter, validation),
        split="validation",
        dataset_fingerprint=config.dataset_fingerprint,
    )
    store.record_probabilities(run.id, on_validation)
    threshold = config.threshold
    if config.chooses_threshold:
        threshold = best_threshold(on_validation.threshold_scores).threshold
    on_test = predict_probabilities(segmenter, place_images(test, device=validation.device))
    evaluations = evaluate(
        on_test,
        test,
        split_name=config.scored_split,
        dataset_fingerprint=config.dataset_fingerprint,
        threshold=threshold,
        progress=lambda *_: scored(),
    )
    seen = count_trained_on(store, config, fingerprint=prepared.fingerprint, image_ids=test.image_ids)
    evaluations = [replace(evaluation, seen_in_training=seen) for evaluation in evaluations]
    _record_test(store, run, on_test, test, evaluations)
    figures = RunFigures(
        config=config,
        epochs=epochs,
        test=evaluations[0],
        validation=on_validation,
        masks=mask_figures([prepared.train, prepared.test]),
        frozen_tensors_changed=frozen_tensors_changed,
    )
    store.record_diagnoses(run.id, diagnose(figures))


def evaluate(
    probabilities: NDArray[np.float32],
    split: PreparedSplit,
    *,
    split_name: str,
    dataset_fingerprint: str,
    threshold: float,
    resolutions: Sequence[str] = ("training", "original"),
    progress: Progress = silent,
) -> list[EvaluationRecord]:
    """The scores of `(N, h, w)` probabilities on a split's `N` images, at each resolution in turn."""
    scorers = {"training": score_at_input_size, "original": score_at_original_size}
    return [
        scorers[resolution](
            probabilities,
            split,
            split_name=split_name,
            dataset_fingerprint=dataset_fingerprint,
            threshold=threshold,
            progress=progress,
        )
        for resolution in resolutions
    ]


def count_trained_on(store: Store, config: Config, *, fingerprint: str, image_ids: Sequence[str]) -> int | None:
    """How many of a dataset's images a run with this config was trained on; None where that is not on record."""
    own = store.dataset_images(config.dataset_fingerprint)
    scored = set(image_ids)
    evaluated = [image for image in store.dataset_images(fingerprint) if image.image_id in scored]
    return count_seen(trained_images(own, config), evaluated)


def count_batch_by_batch(segmenter: Segmenter, data: Images) -> Histograms:
    """The histograms of a split's probabilities, which are never in memory all at once."""
    parts = zip(predicted_batches(segmenter, data), inference_slices(data), strict=True)
    return join_histograms([count_probabilities(found, data.masks_at(part).cpu().numpy()) for found, part in parts])


def _record_test(
    store: Store,
    run: RunRecord,
    probabilities: NDArray[np.float32],
    split: PreparedSplit,
    evaluations: Sequence[EvaluationRecord],
) -> None:
    counted = count_probabilities(probabilities, split.masks)
    config = run.config
    record = probability_record(counted, split=config.scored_split, dataset_fingerprint=config.dataset_fingerprint)
    store.record_probabilities(run.id, record)
    for evaluation in evaluations:
        store.record_evaluation(run.id, evaluation)
    dice = [score.dice for score in evaluations[0].image_scores]
    chosen = list(dict.fromkeys([*choose_samples(split).tolist(), *telling_samples(dice).tolist()]))
    predictions = [
        PredictionRecord(image_id=split.image_ids[i], probabilities_png=probabilities_png(probabilities[i]))
        for i in chosen
    ]
    store.record_predictions(run.id, sample_records(split, chosen), predictions)
