import numpy as np
import pytest

from isicbench.evaluation.metrics import Confusion, dice, iou, predicted_share, true_share
from isicbench.evaluation.scoring import summarise

# Columns: TP, FP, FN, TN; the four rows: a good one, both masks empty, empty prediction, all predicted.
COUNTS = np.array([[30, 10, 10, 50], [0, 0, 0, 100], [0, 0, 20, 80], [25, 75, 0, 0]])


def summary(counts):
    return summarise(
        Confusion.from_columns(np.array(counts)),
        image_ids=[f"image_{i}" for i in range(len(counts))],
        split="test",
        dataset_fingerprint="f" * 64,
        resolution="training",
        threshold=0.5,
        seconds=0.0,
    )


def test_iou_and_dice_by_hand():
    confusion = Confusion.from_columns(COUNTS)
    assert iou(confusion) == pytest.approx([0.6, 1.0, 0.0, 0.25])
    assert dice(confusion) == pytest.approx([0.75, 1.0, 0.0, 0.4])


def test_macro_is_the_mean_over_images_and_micro_counts_all_pixels():
    evaluation = summary(COUNTS)
    assert evaluation.iou == pytest.approx(np.mean([0.6, 1.0, 0.0, 0.25]))
    assert evaluation.micro_iou == pytest.approx(55 / (55 + 85 + 30))
    assert evaluation.micro_dice == pytest.approx(110 / (110 + 85 + 30))
    assert [score.image_id for score in evaluation.image_scores] == ["image_0", "image_1", "image_2", "image_3"]


def test_shares_are_of_all_pixels():
    confusion = Confusion.from_columns(COUNTS)
    assert predicted_share(confusion) == pytest.approx(140 / 400)
    assert true_share(confusion) == pytest.approx(85 / 400)
