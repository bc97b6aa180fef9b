"""Studies from files: the options of `run`, with exact places of errors."""

import pytest

from isicbench.cli.study_file import shipped_studies
from tests.commands import isicbench

SYNTHETIC = ("--dataset", "synthetic", "--weights", "random", "--dry-run")


def dry_run(text: str, tmp_path, *options: str):
    file = tmp_path / "study of mine.toml"
    file.write_text(text)
    return isicbench("run", file, *SYNTHETIC, *options, COLUMNS="200")


def test_a_file_spans_the_grid_that_its_options_would_span(tmp_path):
    done = dry_run('fine-tuned = true\nencoder = ["resnet18", "mobilenet_v2"]\nseed = [0, 1]\nlr = 1e-3\n', tmp_path)
    assert done.returncode == 0, done.stderr
    by_hand = isicbench(
        "run", *SYNTHETIC, "--fine-tuned", "--encoder", "resnet18", "--encoder", "mobilenet_v2", "--seed", "0",
        "--seed", "1", "--lr", "1e-3", COLUMNS="200",
    )  # fmt: skip
    assert done.stdout == by_hand.stdout
    assert "4 runs" in done.stdout


def test_an_option_on_the_command_line_takes_the_place_of_the_files(tmp_path):
    text = "frozen = true\nepochs = [1, 2, 3]\nbatch_size = 8\n"
    assert "3 runs" in dry_run(text, tmp_path).stdout
    assert "1 runs" in dry_run(text, tmp_path, "--epochs", "7").stdout
    assert "1 runs" in dry_run(text, tmp_path, "--epochs=7").stdout


def test_excluded_combinations_are_left_out(tmp_path):
    text = 'fine-tuned = true\nencoder = ["resnet18", "mobilenet_v2"]\nlr = [1e-3, 1e-4]\n\n'
    text += '[[exclude]]\nencoder = "resnet18"\nlr = 1e-3\n'
    done = dry_run(text, tmp_path)
    assert "3 runs" in done.stdout
    rows = [line for line in done.stdout.splitlines() if "resnet18" in line]
    assert len(rows) == 1
    assert "0.0001" in rows[0]


@pytest.mark.parametrize("name", shipped_studies())
def test_every_shipped_study_can_be_planned_and_copied(name, tmp_path):
    planned = isicbench("run", name, *SYNTHETIC, COLUMNS="200")
    assert planned.returncode == 0, planned.stderr
    printed = isicbench("studies", name).stdout
    assert dry_run(printed, tmp_path).stdout == planned.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frozen = true\n\nepochz = 3\n", ["line 3", "epochz", "Did you mean epochs?"]),
        ('epochs = "ten"\n', ["line 1", "--epochs ten"]),
        ("frozen = true\nseed = [0, 1.5]\n", ["line 2", "--seed 1.5"]),
        ("frozen = 3\n", ["line 1", "true or false"]),
        ("data-seed = [1, 2]\n", ["line 1", "takes one value"]),
        ("epochs = [3\n", ["Unclosed array"]),
        ("[[exclude]]\nencoder = 3\nnoise = 1\n", ["--exclude", "noise"]),
        ('[[exclude]]\nencoder = "resnet18"\n', ["the grid has no experiment with encoder resnet18"]),
        ("[exclude]\nlr = [[1]]\n", ["line 1"]),
        ("db = 1979-05-27\n", ["line 1"]),
        ("force = true\n", ["line 1", "force"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, said, tmp_path):
    done = dry_run(text, tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert all(words in done.stderr for words in said), done.stderr


def test_a_study_that_is_not_there_is_one_error_that_lists_those_that_are():
    done = isicbench("run", "encoder")
    assert done.returncode == 2
    assert "encoders" in done.stderr


def test_a_file_that_is_no_text_is_one_error(tmp_path):
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe\x00")
    done = isicbench("run", tmp_path / "s.toml")
    assert done.returncode == 2
    assert "UTF-8" in done.stderr
