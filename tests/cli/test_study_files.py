"""Studies from files: the options of `run`, with exact places of errors."""

import json
import tomllib
from importlib.resources import files

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator
from typer.core import TyperOption

from isicbench.cli.run import app
from isicbench.cli.settings import setting_options
from isicbench.cli.study_file import keys_of, shipped_studies, study_options
from isicbench.cli.study_schema import study_schema
from isicbench.config import Config, expand_grid
from isicbench.errors import ConfigError
from isicbench.scheduling.leaving_out import added, leave_out, read_combination
from tests.commands import isicbench

SYNTHETIC = ("--dataset", "synthetic", "--weights", "random", "--dry-run")


@pytest.fixture(scope="module")
def options_of():
    """A study file's options, as `run` reads them, in this process."""
    command = typer.main.get_command(app)
    keys = keys_of(option for option in command.params if isinstance(option, TyperOption))
    return lambda path: study_options(str(path), (), keys, typer.Context(command))


def dry_run(text: str, tmp_path, *options: str, suffix: str = ".toml"):
    file = tmp_path / f"study of mine{suffix}"
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


def test_a_study_in_yaml_is_the_one_in_toml(tmp_path):
    toml = 'fine-tuned = true\nencoder = ["resnet18", "mobilenet_v2"]\nlr = [1e-3, 1e-4]\nthreshold = "auto"\n'
    toml += '[[exclude]]\nencoder = "resnet18"\nlr = 1e-3\n'
    text = "fine_tuned: yes\nencoder: [resnet18, mobilenet_v2]\nlr:\n  - 1e-3\n  - 0.0001\nthreshold: auto\n"
    text += "exclude:\n  - {encoder: resnet18, lr: 1e-3}\n"
    done = dry_run(text, tmp_path, suffix=".yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout == dry_run(toml, tmp_path).stdout
    assert "3 runs" in done.stdout


def test_a_key_that_is_set_takes_the_place_of_the_files(tmp_path):
    text = "frozen = true\nfine-tuned = true\nepochs = [1, 2, 3]\nbatch_size = 8\n"
    settings = ("--set", "epochs=7", "--set=encoder=resnet18,resnet50", "--set", "fine_tuned=false")
    done = dry_run(text, tmp_path, *settings)
    assert "2 runs" in done.stdout, done.stderr
    by_hand = ("--frozen", "--epochs", "7", "--encoder", "resnet18", "--encoder", "resnet50", "--batch-size", "8")
    assert done.stdout == isicbench("run", *SYNTHETIC, *by_hand, COLUMNS="200").stdout


@pytest.mark.parametrize(
    ("settings", "given", "said"),
    [
        (["epochz=3"], [], "Did you mean epochs?"),
        (["epochs"], [], "--set epochs: no value"),
        (["epochs=3"], ["--epochs=4"], "--epochs is set twice"),
        (["epochs=3", "epochs=4"], [], "--epochs is set twice"),
        (["frozen=perhaps"], [], "true or false"),
    ],
)
def test_a_wrong_setting_is_one_error(settings, given, said):
    keys = keys_of(option for option in typer.main.get_command(app).params if isinstance(option, TyperOption))
    with pytest.raises(ConfigError) as raised:
        setting_options(settings, given, keys)
    assert said in f"{raised.value.message} {raised.value.hint}"


def test_included_combinations_come_beside_the_grid_and_span_the_rest_of_it(tmp_path):
    text = 'frozen = true\nfine-tuned = true\nepochs = 3\n[[include]]\nepochs = 30\nencoder = "resnet18"\n'
    done = dry_run(text, tmp_path)
    assert "4 runs" in done.stdout, done.stderr
    rates = [line.split()[-1] for line in done.stdout.splitlines() if "resnet18" in line]
    assert rates == ["0.001", "0.0001"]


def test_what_was_left_out_can_be_included_and_what_is_there_cannot():
    base, axes = Config(weights="random"), {"frozen": [False], "learning_rate": [1e-3, 1e-4]}
    grid = list(expand_grid(base, axes))
    combination = read_combination("lr=1e-3", option="--include")
    left = leave_out(grid, [combination])
    assert [*left, *added(base, axes, [combination], grid=left)] == grid[::-1]
    with pytest.raises(ConfigError, match=r"--include: the grid has learning_rate 0\.001 already"):
        added(base, axes, [combination], grid=grid)
    with pytest.raises(ConfigError, match="--include noise"):
        read_combination("noise=3", option="--include")


def test_the_schema_takes_the_shipped_studies_and_not_what_run_refuses():
    schema = json.loads(isicbench("studies", "--schema").stdout)
    assert schema == study_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for name in shipped_studies():
        text = files("isicbench.studies").joinpath(f"{name}.toml").read_text()
        assert not list(validator.iter_errors(tomllib.loads(text))), name
    assert validator.is_valid(yaml.safe_load("fine_tuned: true\nthreshold: 0.4\ninclude: [{lr: 0.1}, 'epochs=3']"))
    wrong = ("epochz: 3", "epochs: ten", "seed: [0, 1.5]", "frozen: 3", "data-seed: [1, 2]", "exclude: [{noise: 1}]")
    wrong += ("db: [[1]]", "force: true", "loss: [bce, dise]")
    assert [text for text in wrong if validator.is_valid(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frozen: true\n\nepochz: 3\n", ["line 3", "epochz", "Did you mean epochs?"]),
        ("frozen: true\nseed: [0, 1.5]\n", ["line 2", "--seed 1.5"]),
        ("frozen: true\nepochs: [3\n", ["line 3", "expected"]),
        ("epochs: 3\nseed: 1\nepochs: 4\n", ["line 3", "epochs", "line 1"]),
        ("- epochs\n", ["line 1", "keys with values"]),
        ("epochs: !!python/object:os.system 3\n", ["line 1", "tag"]),
    ],
)
def test_what_is_wrong_in_yaml_is_said_with_its_line(text, said, tmp_path, options_of):
    (tmp_path / "s.yml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        options_of(tmp_path / "s.yml")
    told = f"{raised.value.message} {raised.value.hint}"
    assert all(words in told for words in said), told


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
