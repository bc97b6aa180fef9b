import math
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from isicbench.errors import IsicbenchError
from isicbench.records import RunRecord, RunStatus
from isicbench.report.contents import read_contents
from isicbench.report.markdown import FigurePaths, escape_markdown, render_markdown, write_markdown
from isicbench.report.predictions import dice, predicted_mask
from isicbench.report.terminal import terminal_report
from tests.report.study_records import (
    COLLAPSE,
    MemorySource,
    config,
    dataset,
    environment,
    epoch,
    epochs,
    evaluation,
    failed,
    predictions,
    run,
)


def small_study() -> tuple[MemorySource, list[RunRecord]]:
    frozen = run(1, config=config(frozen=True), diagnoses=(COLLAPSE,))
    runs = [frozen, run(2), failed(3, config=config(learning_rate=0.1))]
    source = MemorySource(
        epochs_of={1: epochs(4), 2: epochs(4), 3: epochs(1)},
        evaluations_of={1: [evaluation(iou=0.0, dice=0.0, predicted_share=0.0)], 2: [evaluation()]},
        predictions_of={1: predictions(2, quality=0.0), 2: predictions(2)},
        environment_of={1: environment(), 2: environment()},
        records=[dataset()],
    )
    return source, runs


def shown(renderable: object, *, width: int) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reports")
    return write_markdown(*small_study(), out=out)[0]


def test_report_holds_the_studys_table_with_every_experiment(report: Path):
    lines = report.read_text().splitlines()
    assert "| Experiment | IoU | Dice Score | Final Training Loss | Final Validation Loss |" in lines
    assert "| Feature Extraction (Frozen Encoder) **[collapsed]** | 0.0000 | 0.0000 | 0.4000 | 0.4375 |" in lines
    assert "| Fine-tuning (Unfrozen Encoder), lr 0.001 | 0.5715 | 0.7118 | 0.4000 | 0.4375 |" in lines
    assert "| Fine-tuning (Unfrozen Encoder), lr 0.1 **[failed]** | – | – | – | – |" in lines


def test_report_names_failures_and_diagnoses_with_their_figures(report: Path):
    text = report.read_text()
    assert "seed 0) failed: killed by signal 9 (log: runs/3.log)." in text
    assert "`collapsed_background`" in text
    assert "Figures: predicted\\_share 0, true\\_share 0.2713." in text
    assert "No predictions are recorded for: Fine-tuning (Unfrozen Encoder), lr 0.1." in text


def test_every_picture_that_the_report_names_is_there_and_is_a_png(report: Path):
    names = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", report.read_text())
    assert names == ["curves/loss.png", "curves/scores.png", "predictions/predictions.png"]
    for name in names:
        assert Image.open(report.parent / name).format == "PNG"


def test_equal_rows_give_equal_bytes(report: Path, tmp_path: Path):
    again = write_markdown(*small_study(), out=tmp_path)
    assert len(again) == 4
    for path in again:
        assert path.read_bytes() == (report.parent / path.relative_to(tmp_path)).read_bytes(), path.name


def test_report_does_not_name_the_machine(report: Path):
    assert "secret-host" not in report.read_text()


def test_no_temporary_file_stays(report: Path):
    assert not [path for path in report.parent.rglob("*") if path.name.endswith(".tmp")]


@pytest.mark.parametrize("name", ["a|b", "<script>x</script>", "*bold* _it_", "[x](http://y)", "two\nlines", "$x$ `c`"])
def test_any_name_stays_within_its_cell(name: str):
    source = MemorySource(epochs_of={1: epochs(4)}, evaluations_of={1: [evaluation()]})
    text = render_markdown(read_contents(source, [run(1, experiment=name)]), FigurePaths())
    [row] = [line for line in text.splitlines() if "0.5715 | 0.7118" in line and line.count(" | ") == 4]
    assert re.split(r"(?<!\\)\|", row)[1].strip() == escape_markdown(name)
    assert not re.search(r"(?<!\\)[<*_\[`$]", escape_markdown(name))


def test_unwritable_folder_is_one_clear_error(tmp_path: Path):
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(IsicbenchError, match=r"cannot write .*reports"):
        write_markdown(MemorySource(), [run(1, status=RunStatus.QUEUED)], out=tmp_path / "reports")


def test_report_of_nothing_says_what_to_type(tmp_path: Path):
    with pytest.raises(IsicbenchError, match="no runs to report") as error:
        write_markdown(MemorySource(), [], out=tmp_path / "reports")
    assert "isicbench run" in error.value.hint
    assert not (tmp_path / "reports").exists()


def test_report_of_queued_runs_has_a_table_and_no_pictures(tmp_path: Path):
    written = write_markdown(MemorySource(), [run(1, status=RunStatus.QUEUED)], out=tmp_path)
    assert [path.name for path in written] == ["report.md"]
    assert "**[queued]**" in written[0].read_text()


def test_diverged_run_is_drawn_up_to_its_last_finite_epoch(tmp_path: Path):
    broken = [*epochs(2), epoch(3, train_loss=math.nan, validation_loss=math.inf)]
    source = MemorySource(epochs_of={1: broken})
    written = write_markdown(source, [run(1, status=RunStatus.DIVERGED)], out=tmp_path)
    assert "loss.png" in [path.name for path in written]
    assert "**[diverged]**" in written[0].read_text()


def test_predicted_mask_is_probability_above_the_threshold():
    [(sample, prediction)] = predictions(1)
    truth, mask, highest = predicted_mask(sample, prediction, threshold=0.5)
    probabilities = np.asarray(Image.open(BytesIO(prediction.probabilities_png))) / 255
    assert np.array_equal(mask, probabilities > 0.5)
    assert highest == probabilities.max()
    assert 0.8 < dice(truth, mask) < 1
    assert not predicted_mask(sample, prediction, threshold=0.99)[1].any()


def test_dice_of_two_empty_masks_is_one_and_of_one_empty_mask_zero():
    empty, full = np.zeros((4, 4), dtype=bool), np.ones((4, 4), dtype=bool)
    assert dice(empty, empty) == 1.0
    assert dice(full, empty) == 0.0
    half = full.copy()
    half[:2] = False
    assert dice(full, half) == pytest.approx(2 / 3)


@pytest.mark.parametrize("width", [80, 120])
def test_terminal_report_shows_all_figures_and_marks_at_any_width(width: int):
    text = shown(terminal_report(*small_study()), width=width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for part in ("0.5715", "0.7118", "0.4375", "[collapsed]", "[failed]", "collapsed_background", "signal 9"):
        assert part in words


def test_terminal_report_shows_names_as_they_are_and_runs_no_markup():
    source = MemorySource(epochs_of={1: epochs(4)}, evaluations_of={1: [evaluation()]})
    text = shown(terminal_report(source, [run(1, experiment="[red]x[/red] \x1b[2J")]), width=120)
    assert "[red]x[/red]" in text
    assert "\x1b" not in text
