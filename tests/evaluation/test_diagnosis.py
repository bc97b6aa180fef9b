"""Each diagnosis is found in figures that call for it, and healthy figures have none."""

import math
from dataclasses import replace

import numpy as np
import pytest

from isicbench.config import Config
from isicbench.evaluation.diagnosis import RunFigures, diagnose, divergence, entropy
from isicbench.evaluation.histograms import count_probabilities
from isicbench.evaluation.metrics import Confusion
from isicbench.evaluation.scoring import summarise
from isicbench.evaluation.thresholds import probability_record
from isicbench.records import EpochRecord, MaskFigures

SIZE = 128
MASKS = MaskFigures(
    border_share=0.01, centre_share=0.8, prepared_share=0.2, original_share=0.2, vanished=0, image_count=8
)


def discs(*, share: float) -> np.ndarray:
    """8 masks with a disc of this share of the area, each elsewhere."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    centres = np.random.default_rng(0).uniform(0.4 * SIZE, 0.6 * SIZE, (8, 2))
    radius = math.sqrt(share * SIZE * SIZE / math.pi)
    return np.stack([(rows - y) ** 2 + (columns - x) ** 2 < radius**2 for y, x in centres]).astype(np.uint8)


def probabilities(masks: np.ndarray, *, skin: float, lesion: float, spread: float = 0.02) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, spread, masks.shape)
    return np.clip(np.where(masks == 1, lesion, skin) + noise, 0, 1).astype(np.float32)


def epochs(*losses: tuple[float, float]) -> tuple[EpochRecord, ...]:
    """From (train, validation) losses."""
    return tuple(
        EpochRecord(
            epoch=number,
            train_loss=train,
            validation_loss=validation,
            validation_iou=0.5,
            validation_dice=0.6,
            foreground_share=0.2,
            learning_rate=1e-3,
            train_seconds=1.0,
            validation_seconds=0.1,
            images_per_second=100.0,
        )
        for number, (train, validation) in enumerate(losses, start=1)
    )


FLAT = epochs((0.5, 0.5), (0.31, 0.33), (0.301, 0.322), (0.3, 0.321), (0.299, 0.32), (0.298, 0.32))


def figures(masks: np.ndarray, predicted: np.ndarray, **changes) -> RunFigures:
    """Of a run that predicted these probabilities on test and validation alike."""
    true, mask = masks.astype(bool), predicted > 0.5
    counts = [(mask & true), (mask & ~true), (~mask & true), (~mask & ~true)]
    test = summarise(
        Confusion.from_columns(np.stack([c.sum(axis=(1, 2)) for c in counts], axis=1)),
        image_ids=[f"image_{i}" for i in range(len(masks))],
        split="test",
        dataset_fingerprint="f" * 64,
        resolution="training",
        threshold=0.5,
        seconds=0.0,
    )
    record = probability_record(count_probabilities(predicted, masks), split="validation", dataset_fingerprint="f" * 64)
    healthy = RunFigures(config=Config(image_size_px=SIZE), epochs=FLAT, test=test, validation=record, masks=MASKS)
    return replace(healthy, **changes)


def kinds(found: RunFigures) -> list[str]:
    return [diagnosis.kind for diagnosis in diagnose(found)]


@pytest.fixture
def healthy() -> RunFigures:
    masks = discs(share=0.2)
    return figures(masks, probabilities(masks, skin=0.1, lesion=0.85))


def test_entropy_of_the_share_is_the_loss_of_a_constant_prediction():
    assert entropy(0.5) == pytest.approx(math.log(2))
    assert entropy(0.0) == entropy(1.0) == 0.0


def test_healthy_run_has_no_diagnosis(healthy):
    assert kinds(healthy) == []


def test_output_at_the_level_of_the_share_is_told_from_other_collapses():
    masks = discs(share=0.2)
    found = diagnose(figures(masks, probabilities(masks, skin=0.2, lesion=0.205)))
    assert [d.kind for d in found] == ["collapsed_background", "prior_level_output"]
    assert found[0].evidence["prior_entropy"] == pytest.approx(entropy(0.2), abs=5e-3)
    assert 0.1 < found[1].evidence["probability_p5"] < found[1].evidence["probability_p95"] < 0.3


def test_small_lesions_on_a_coarse_grid_are_told_as_a_limit_of_resolution():
    masks = discs(share=0.1)
    found = diagnose(figures(masks, probabilities(masks, skin=0.1, lesion=0.35, spread=0.05)))
    assert [d.kind for d in found] == ["collapsed_background", "resolution_limit"]
    assert found[1].evidence["lesion_cells"] == pytest.approx(1.6, abs=0.1)
    assert found[1].evidence["best_validation_dice"] > 0.9
    assert 0.1 < found[1].evidence["best_threshold"] < 0.35
    assert "--threshold auto" in found[1].advice


def test_a_finer_decoders_grid_is_no_limit_where_the_studys_is_one():
    masks = discs(share=0.1)
    predicted = probabilities(masks, skin=0.2, lesion=0.4)
    coarse, fine = (
        figures(masks, predicted, config=Config(image_size_px=128, decoder=decoder)) for decoder in ("conv", "fpn")
    )
    assert (coarse.grid_cells, fine.grid_cells) == (4, 32)
    assert fine.lesion_cells == pytest.approx(64 * coarse.lesion_cells)
    assert [kinds(found)[1] for found in (coarse, fine)] == ["resolution_limit", "threshold_too_high"]


def test_only_a_cross_entropy_is_compared_with_the_entropy_of_the_share():
    masks = discs(share=0.1)
    for loss, sentence in (("bce", "training loss is 0.6000"), ("dice", "validation loss is 0.6500")):
        found = figures(masks, 0.0 * masks, config=Config(loss=loss), epochs=epochs((0.6, 0.65)))
        assert f"The last {sentence}; a constant prediction" in diagnose(found)[0].message


def test_large_lesions_below_the_threshold_are_told_as_a_threshold_that_is_too_high():
    masks = discs(share=0.4)
    assert kinds(figures(masks, probabilities(masks, skin=0.1, lesion=0.4))) == [
        "collapsed_background",
        "threshold_too_high",
    ]


def test_threshold_that_lets_too_little_through_is_named_without_a_collapse():
    masks = discs(share=0.1)
    predicted = probabilities(masks, skin=0.1, lesion=0.42, spread=0.05)  # a twentieth of the lesion passes
    found = diagnose(figures(masks, predicted))
    assert [d.kind for d in found] == ["resolution_limit"]
    assert found[0].evidence["best_validation_dice"] > 0.9


def test_collapse_without_recorded_probabilities_names_no_cause():
    masks = discs(share=0.2)
    assert kinds(figures(masks, probabilities(masks, skin=0.1, lesion=0.2), validation=None)) == [
        "collapsed_background"
    ]


def test_everything_predicted_is_a_collapse_to_foreground():
    masks = discs(share=0.2)
    assert kinds(figures(masks, probabilities(masks, skin=0.8, lesion=0.9))) == ["collapsed_foreground"]


def test_masks_whose_border_is_foreground_look_inverted(healthy):
    turned = replace(MASKS, border_share=0.99, centre_share=0.2, prepared_share=0.8, original_share=0.8)
    assert kinds(replace(healthy, masks=turned)) == ["masks_inverted"]


def test_large_lesion_that_touches_the_border_is_not_taken_for_an_inverted_mask(healthy):
    large = replace(MASKS, border_share=0.6, centre_share=1.0, prepared_share=0.8, original_share=0.8)
    assert kinds(replace(healthy, masks=large)) == []


def test_predictions_that_mark_the_skin_look_inverted():
    masks = discs(share=0.3)
    assert kinds(figures(masks, probabilities(masks, skin=0.9, lesion=0.1))) == ["predictions_inverted"]


@pytest.mark.parametrize(
    "changed", [{"vanished": 2}, {"prepared_share": 0.17}, {"prepared_share": 0.22}], ids=["vanished", "less", "more"]
)
def test_lesions_that_change_in_resizing_are_named(healthy, changed):
    assert kinds(replace(healthy, masks=replace(MASKS, **changed))) == ["resize_leak"]


def test_frozen_encoder_that_moved_is_named_and_a_trained_one_may_move(healthy):
    moved = replace(healthy, frozen_tensors_changed=104)
    assert kinds(moved) == []
    assert kinds(replace(moved, config=replace(moved.config, frozen=True))) == ["frozen_encoder_moved"]
    [found] = diagnose(replace(moved, config=replace(moved.config, freeze_until=8)))
    assert "104 tensors of the frozen encoder, up to stride 8, changed" in found.message


def test_what_became_worse_after_the_best_epoch_is_no_overfitting_where_that_epoch_is_kept(healthy):
    turned = replace(healthy, epochs=epochs((0.6, 0.6), (0.5, 0.5), (0.4, 0.6), (0.3, 0.7)))
    assert kinds(turned) == ["overfitting"]
    assert kinds(replace(turned, config=replace(turned.config, keep="best"))) == []


def test_validation_loss_that_turned_is_overfitting_from_its_lowest_epoch_on(healthy):
    turned = epochs((0.5, 0.5), (0.4, 0.42), (0.3, 0.4), (0.2, 0.44), (0.1, 0.5), (0.05, 0.6))
    [found] = diagnose(replace(healthy, epochs=turned))
    assert found.kind == "overfitting"
    assert found.evidence["best_epoch"] == 3
    assert "--epochs 3" in found.advice


@pytest.mark.parametrize(
    "losses",
    [
        [(0.5, 0.5), (0.4, 0.4), (0.3, 0.35), (0.29, 0.42), (0.28, 0.34), (0.28, 0.34)],  # one bad epoch
        [(0.5, 0.5), (0.4, 0.4), (0.3, 0.35), (0.31, 0.4), (0.32, 0.4), (0.33, 0.41)],  # training rose as well
        [(0.5, 0.5), (0.2, 0.6), (0.1, 0.9)],  # too few epochs to tell
    ],
)
def test_rise_that_is_no_overfitting_is_not_called_so(healthy, losses):
    assert "overfitting" not in kinds(replace(healthy, epochs=epochs(*losses)))


def test_losses_that_still_fall_are_not_converged(healthy):
    falling = epochs(*[(0.6 * 0.93**n, 0.62 * 0.93**n) for n in range(10)])
    [found] = diagnose(replace(healthy, epochs=falling))
    assert found.kind == "not_converged"
    assert found.evidence["fall_an_epoch"] == pytest.approx(0.07)


def test_divergence_names_the_step_and_the_gradients():
    found = divergence(epoch=2, step=7, last_loss=3.5, norm_before=812.0, norm=math.inf, learning_rate=0.5)
    assert found.kind == "diverged"
    assert "epoch 2, step 7" in found.message
    assert found.evidence["gradient_norm_before"] == 812.0
