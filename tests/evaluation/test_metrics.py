import numpy as np
import pytest

from isicbench.evaluation import metrics
from isicbench.evaluation.boundaries import BoundaryScores
from isicbench.evaluation.metrics import Confusion, dice, iou, predicted_share, true_share
from isicbench.evaluation.scoring import summarise

# Columns: TP, FP, FN, TN; the four rows: a good one, both masks empty, empty prediction, all predicted.
COUNTS = np.array([[30, 10, 10, 50], [0, 0, 0, 100], [0, 0, 20, 80], [25, 75, 0, 0]])


def summary(counts, **options):
    return summarise(
        Confusion.from_columns(np.array(counts)),
        image_ids=[f"image_{i}" for i in range(len(counts))],
        split="test",
        dataset_fingerprint="f" * 64,
        resolution="training",
        threshold=0.5,
        seconds=0.0,
        **options,
    )


def test_iou_and_dice_by_hand():
    confusion = Confusion.from_columns(COUNTS)
    assert iou(confusion) == pytest.approx([0.6, 1.0, 0.0, 0.25])
    assert dice(confusion) == pytest.approx([0.75, 1.0, 0.0, 0.4])


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (metrics.sensitivity, [0.75, 1.0, 0.0, 1.0]),
        (metrics.specificity, [50 / 60, 1.0, 1.0, 0.0]),
        (metrics.accuracy, [0.8, 1.0, 0.8, 0.25]),
        (metrics.precision, [0.75, 1.0, 1.0, 0.25]),
        (metrics.thresholded_iou, [0.0, 1.0, 0.0, 0.0]),
    ],
)
def test_further_scores_by_hand(score, expected):
    assert score(Confusion.from_columns(COUNTS)) == pytest.approx(expected)


def test_iou_of_0_65_itself_passes_the_challenges_threshold():
    counts = np.array([[65, 20, 15, 0], [649, 200, 151, 0]])
    assert metrics.thresholded_iou(Confusion.from_columns(counts)) == pytest.approx([0.65, 0.0])


def test_counts_of_masks_are_those_of_their_pixels():
    random = np.random.default_rng(0)
    predicted, true = random.random((7, 9)) < 0.5, random.random((7, 9)) < 0.5
    counts = [
        (p & t).sum() for p, t in ((predicted, true), (predicted, ~true), (~predicted, true), (~predicted, ~true))
    ]
    assert [int(count[0]) for count in Confusion.of_masks(predicted, true).columns()] == counts


def test_boundary_figures_are_nan_unless_they_are_given():
    assert np.isnan([summary(COUNTS).boundary_iou, summary(COUNTS).hausdorff95_px]).all()
    boundaries = BoundaryScores(np.array([0.5, 1.0, 0.0, 0.1]), np.array([3.0, 0.0, 50.0, 7.0]))
    evaluation = summary(COUNTS, boundaries=boundaries)
    assert (evaluation.boundary_iou, evaluation.hausdorff95_px) == (0.4, 15.0)
    assert [image.hausdorff95_px for image in evaluation.image_scores] == [3.0, 0.0, 50.0, 7.0]


def test_every_mean_is_that_of_the_images():
    evaluation = summary(COUNTS)
    for name in ("iou", "dice", "sensitivity", "specificity", "accuracy", "precision", "thresholded_iou"):
        images = [getattr(image, name) for image in evaluation.image_scores]
        assert getattr(evaluation, name) == pytest.approx(np.mean(images)), name


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
