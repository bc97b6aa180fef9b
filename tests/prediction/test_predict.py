"""`isicbench predict` as a user meets it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.images import read_full_mask
from isicbench.evaluation.metrics import Confusion, dice
from tests.commands import isicbench
from tests.prediction.conftest import TEST_IMAGES


def predict(*arguments):
    return isicbench("predict", *arguments, "--devices", "cpu")


def bytes_of(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("run_id", [1, 2], ids=["frozen", "fine-tuned"])
def test_masks_of_a_runs_test_images_score_what_the_run_recorded(trained, run_id):
    assert predict(run_id, TEST_IMAGES, "--out", "masks").returncode == 0
    _, original = trained.evaluations([run_id], with_image_scores=True)[run_id]
    assert original.resolution == "original"
    assert len(original.image_scores) == 5
    assert original.predicted_share > 0
    for score in original.image_scores:
        mask = np.asarray(Image.open(f"masks/{score.image_id}_segmentation.png"))
        assert set(np.unique(mask)) <= {0, 255}
        [truth] = Path("pairs/ISBI2016_ISIC_Part1_Test_GroundTruth").glob(f"{score.image_id}_*.png")
        found = Confusion.of_masks(mask == 255, read_full_mask(truth).astype(bool))
        assert dice(found) == score.dice
        assert found.true_positives == score.true_positives
        assert found.false_positives == score.false_positives


def test_same_command_writes_the_same_bytes_whatever_the_order_of_its_arguments(trained):
    files = sorted(Path(TEST_IMAGES).iterdir())
    assert predict(2, *files, "--out", "a", "--overlay", "--probabilities").returncode == 0
    assert predict(2, *reversed(files), TEST_IMAGES, "--out", "b", "--overlay", "--probabilities").returncode == 0
    assert bytes_of("a") == bytes_of("b")
    assert len(bytes_of("a")) == 3 * len(files)


def test_threshold_given_overrides_the_runs(trained):
    done = predict(1, TEST_IMAGES, "--out", "own")
    [own] = {evaluation.threshold for evaluation in trained.evaluations([1])[1]}
    assert f"threshold {own:g}" in done.stdout
    for threshold, value in ((0.001, 255), (0.999, 0)):
        assert predict(1, TEST_IMAGES, "--out", f"{value}", "--threshold", threshold).returncode == 0
        masks = [np.asarray(Image.open(path)) for path in Path(f"{value}").glob("*.png")]
        assert len(masks) == 5
        assert all((mask == value).all() for mask in masks)


def test_probabilities_above_the_threshold_are_the_mask(trained):
    assert predict(2, TEST_IMAGES, "--out", "masks", "--probabilities", "--threshold", 0.4).returncode == 0
    for path in Path("masks").glob("*.png"):
        mask = np.asarray(Image.open(path)) == 255
        grey = np.asarray(Image.open(f"masks/probabilities/{path.name.replace('_segmentation', '')}"))
        differing = grey[(grey > 0.4 * 255) != mask]
        assert np.abs(differing.astype(float) - 0.4 * 255).max(initial=0) <= 1


def test_turned_photograph_gets_an_upright_mask_and_overlay(trained):
    file = next(Path(TEST_IMAGES).iterdir())
    with Image.open(file) as image:
        width, height = image.size
        exif = Image.Exif()
        exif[274] = 6
        image.save("turned.jpg", exif=exif, quality=95)
    assert width != height
    assert predict(1, "turned.jpg", "--out", "masks", "--overlay").returncode == 0
    assert Image.open("masks/turned_segmentation.png").size == (height, width)
    assert Image.open("masks/overlays/turned_overlay.jpg").size == (height, width)


def test_unreadable_images_are_named_and_the_others_get_their_masks(trained):
    folder = Path(TEST_IMAGES)
    (folder / "cut.jpg").write_bytes(next(folder.iterdir()).read_bytes()[:2000])
    (folder / "text.png").write_text("no picture")
    (folder / "notes.txt").write_text("no picture either")
    done = predict(1, folder, "--out", "masks", "--overlay")
    assert done.returncode == 8
    assert "no mask for 2 of 7 images" in done.stderr
    assert "cut.jpg: truncated" in done.stderr
    assert "text.png: not an image file" in done.stderr
    assert "1 files that are no images" in done.stdout
    assert len(list(Path("masks").glob("*.png"))) == len(list(Path("masks/overlays").iterdir())) == 5


def test_two_images_of_one_name_are_refused_before_anything_is_written(trained):
    file = next(Path(TEST_IMAGES).iterdir())
    Path(file.name).write_bytes(file.read_bytes())
    done = predict(1, file.name, TEST_IMAGES, "--out", "masks")
    assert done.returncode == 3
    assert f"{file.name} and {file}" in done.stderr
    assert not Path("masks").exists()


def test_files_that_are_there_stay_unless_forced(trained):
    file = next(Path(TEST_IMAGES).iterdir())
    mask = Path("masks") / f"{file.stem}_segmentation.png"
    mask.parent.mkdir()
    mask.write_text("mine")
    done = predict(1, TEST_IMAGES, "--out", "masks")
    assert done.returncode == 3
    assert str(mask) in done.stderr
    assert [path.read_text() for path in mask.parent.iterdir()] == ["mine"]
    assert predict(1, TEST_IMAGES, "--out", "masks", "--force").returncode == 0
    assert Image.open(mask).format == "PNG"


def test_weights_that_are_not_those_on_record_are_refused(trained):
    [model] = [Path(artifact.path) for artifact in trained.artifacts(1) if artifact.kind == "model"]
    model.write_bytes(b"other bytes")
    done = predict(1, TEST_IMAGES, "--out", "masks")
    assert done.returncode == 4
    assert "SHA-256" in done.stderr
    assert not Path("masks").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((9, "pairs"), 5, "there is no run 9"),
        ((1, "nowhere"), 3, "nowhere: no such file or folder"),
        ((1, "pairs"), 3, "no image in pairs"),
        ((1, TEST_IMAGES, "--threshold", 1), 2, "between 0 and 1"),
    ],
    ids=["run", "path", "folder", "threshold"],
)
def test_what_cannot_be_predicted_is_one_error_and_writes_nothing(trained, arguments, code, message):
    done = predict(*arguments, "--out", "masks")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert message in done.stderr
    assert not Path("masks").exists()


def test_folder_of_masks_can_be_scored_as_it_is(trained):
    assert predict(2, TEST_IMAGES, "--out", "masks", "--overlay", "--probabilities").returncode == 0
    options = ("--truth", "pairs/ISBI2016_ISIC_Part1_Test_GroundTruth", "--db", "scored.db")
    assert isicbench("score", "--predictions", "masks", *options).returncode == 0
    assert isicbench("score", "--predictions", "masks/probabilities", "--threshold", 0.4, *options).returncode == 0


def test_mask_says_where_it_comes_from(trained):
    assert predict(1, TEST_IMAGES, "--out", "masks").returncode == 0
    run, [model] = trained.run(1), [item for item in trained.artifacts(1) if item.kind == "model"]
    for path in Path("masks").glob("*.png"):
        source = Image.open(path).text["Source"]
        assert run.uid in source
        assert model.sha256 in source
