"""Masks of another tool in a report: their scores at original size, and nothing said of a training."""

import math

import pytest
from rich.console import Console

from isicbench.config import Config
from isicbench.report.contents import read_contents
from isicbench.report.listing import runs_listing
from isicbench.report.markdown import write_markdown
from isicbench.report.notes import run_notes
from isicbench.report.protocol import MIXED_WARNING
from isicbench.report.run_details import RunDetails, run_details
from isicbench.report.terminal import render_terminal
from tests.report.study_records import FINGERPRINT, MemorySource, config, dataset, epochs, evaluation, run

EXTERNAL = Config.external(
    dataset="synthetic", dataset_fingerprint=FINGERPRINT, predictions_sha256="c" * 64, threshold=0.5
)
FULL = {
    "sensitivity": 0.91,
    "specificity": 0.92,
    "accuracy": 0.93,
    "precision": 0.94,
    "thresholded_iou": 0.55,
    "boundary_iou": 0.31,
    "hausdorff95_px": 123.46,
}


@pytest.fixture
def source():
    return MemorySource(
        epochs_of={1: epochs(4)},
        evaluations_of={
            1: [evaluation(iou=0.5, **FULL), evaluation(iou=0.45, resolution="original", **FULL)],
            2: [evaluation(iou=0.6, dice=0.7, resolution="original", **FULL)],
        },
        records=[dataset()],
    )


@pytest.fixture
def runs():
    untrained = {"epoch": 0, "train_seconds": None, "images_per_second": None, "peak_memory_mib": None}
    return [run(1), run(2, config=EXTERNAL, experiment="Other tool", **untrained)]


def as_text(renderable):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(renderable)
    return console.export_text()


def test_row_has_the_scores_at_original_size_and_dashes_for_losses(source, runs):
    contents = read_contents(source, runs)
    row = contents.rows[1]
    assert (row.label, row.mark, row.cells) == ("Other tool", "", ("0.6000", "0.7000", "–", "–"))
    assert contents.rows[0].cells[0] == "0.5000"
    assert run_notes(contents.experiments) == []


def test_protocol_says_what_it_is_and_nothing_of_training(source, runs):
    contents = read_contents(source, runs)
    (line,) = [line for line in contents.protocols if line.labels == ("Other tool",)]
    assert "masks of another tool (sha256 cccccccccccc), threshold 0.5, scored at the images' own size." in line.text
    assert "200 train and 60 test images" in line.text
    for word in ("epoch", "lr", "batch", "seed", "weights", "encoder", "validated"):
        assert word not in line.text
    assert MIXED_WARNING in contents.warnings
    assert not any("not measured alike" in warning for warning in contents.warnings)


def test_external_masks_alone_carry_no_warning(source, runs):
    contents = read_contents(source, runs[1:])
    assert contents.warnings == ()
    assert not any("last epoch" in line for line in contents.score_lines)


def test_test_scores_hold_every_metric_at_both_sizes(source, runs, tmp_path):
    [report, *_] = write_markdown(source, runs, out=tmp_path)
    text = report.read_text()
    macro = "0.9100 | 0.9200 | 0.9300 | 0.9400 | 0.5500 | 0.3100 | 123.5 |"
    label = "Fine-tuning (Unfrozen Encoder)"
    assert f"| 1 | {label} | 0 | input | 0.5000 | 0.7118 | {macro}" in text
    assert f"| 1 | {label} | 0 | original | 0.4500 | 0.7118 | {macro}" in text
    assert f"| 2 | Other tool | – | original | 0.6000 | 0.7000 | {macro}" in text
    assert "| 2 | – | original | 0.6000 | 0.7500 | 0.2500 | 0.2713 | 60 |" in text
    assert "| 2 | Other tool | external | – | completed | – | – | – |" in text


def test_score_that_was_not_computed_is_a_dash(source, runs, tmp_path):
    source.evaluations_of[2] = [evaluation(resolution="original", **(FULL | {"boundary_iou": math.nan}))]
    [report, *_] = write_markdown(source, runs, out=tmp_path)
    assert "0.5500 | – | 123.5 |" in report.read_text()


def test_terminal_report_fits_80_columns(source, runs):
    source.evaluations_of[2] = [evaluation(resolution="original", **(FULL | {"hausdorff95_px": 5147.6}))]
    text = as_text(render_terminal(read_contents(source, runs)))
    assert "5147.6" in text
    assert "original" in text
    assert "…" not in text


def test_list_and_show_say_nothing_of_a_training(source, runs):
    listed = as_text(runs_listing(runs, source.evaluations_of))
    assert "0.6000" in listed
    shown = as_text(run_details(RunDetails(run=runs[1], evaluations=source.evaluations_of[2])))
    assert "Run 2: Other tool, masks of another tool" in shown
    for word in ("epochs", "learning_rate", "augmentation", "seed"):
        assert word not in shown
    for figure in ("0.9100", "0.3100", "123.5"):
        assert figure in shown


def test_two_tools_of_one_name_are_told_apart_by_their_masks(source):
    other = Config.external(
        dataset="synthetic", dataset_fingerprint=FINGERPRINT, predictions_sha256="e" * 64, threshold=0.5
    )
    runs = [run(2, config=EXTERNAL, experiment="Same"), run(3, config=other, experiment="Same")]
    labels = [row.label for row in read_contents(source, runs).rows]
    assert labels == ["Same, masks sha256 cccccccccccc", "Same, masks sha256 eeeeeeeeeeee"]


def test_trained_run_is_never_shown_by_its_original_size_in_the_studys_table(source, runs):
    source.evaluations_of[1].reverse()
    assert read_contents(source, [run(1, config=config())]).rows[0].cells[0] == "0.5000"
