"""The command that a report prints for an experiment asks for that experiment."""

import shlex
from dataclasses import fields, replace

import pytest
import typer

from isicbench.cli.app import app
from isicbench.config import Config
from isicbench.report.experiments import group_experiments
from isicbench.report.reproduction import reproductions
from isicbench.report.run_options import OPTIONS, is_default
from isicbench.scheduling.planning import Request, _expand
from tests.report.study_records import config, run

CONFIGS = {
    "frozen": config(frozen=True),
    "every option": config(
        dataset="isic2016",
        validation_share=0.25,
        weights="mine.pt",
        weights_sha256="ab" * 32,
        image_size_px=96,
        epochs=3,
        batch_size=7,
        learning_rate=3.3e-05,
        augmentation="flips",
        threshold=0.35,
        data_seed=11,
        precision="bf16",
        compile=True,
        encoder="resnet18",
        decoder="unet",
        loss="bce_dice",
        optimiser="adamw",
        weight_decay=0.01,
        schedule="cosine",
        warmup_epochs=0.5,
        encoder_rate_share=0.1,
        clip_norm=1.5,
        batch_parts=2,
        accumulate=3,
        freeze_until=8,
        unfreeze_at=2,
        ema_decay=0.99,
        patience=2,
        keep="best",
    ),
    "threshold from validation": config(threshold_rule="validation"),
    "validated on the test set": config(validate_on="test", augmentation="none"),
    "a folder": config(dataset="folder"),
}


def asked(command: str, monkeypatch: pytest.MonkeyPatch) -> Request:
    """What `isicbench run` makes of the command's options."""
    found = []

    def carry_out(request, *rest, **options):
        found.append(request)
        return 0

    monkeypatch.setattr("isicbench.cli.study.carry_out", carry_out)
    program, *words = shlex.split(command)
    assert program == "isicbench"
    typer.main.get_command(app).main(words, standalone_mode=False)
    return found[0]


@pytest.mark.parametrize("chosen", CONFIGS.values(), ids=CONFIGS)
def test_command_asks_for_the_same_config_seeds_and_name(chosen, monkeypatch):
    runs = [run(place, config=chosen, seed=seed, experiment="O'Hara $HOME; x") for place, seed in ((1, 5), (2, -3))]
    [experiment] = group_experiments(runs, {}, {})
    [found] = reproductions([experiment])
    request = asked(found.command, monkeypatch)
    [config_asked] = _expand(request)
    learned = {"dataset_fingerprint": chosen.dataset_fingerprint, "weights_sha256": chosen.weights_sha256}
    assert replace(config_asked, **learned) == chosen
    assert sorted(request.seeds) == [-3, 5]
    assert request.names == ["O'Hara $HOME; x"]
    assert (str(request.data_dir) == "FOLDER") == (chosen.dataset == "folder")


def test_command_of_a_cross_validation_asks_for_all_of_its_folds(monkeypatch):
    runs = [run(number, config=config(folds=3, fold=number)) for number in (1, 2)]
    [experiment] = group_experiments(runs, {}, {})
    request = asked(reproductions([experiment])[0].command, monkeypatch)
    assert [(found.folds, found.fold) for found in _expand(request)] == [(3, 1), (3, 2), (3, 3)]


def test_what_the_command_does_not_say_is_named():
    [experiment] = group_experiments([run(1, config=CONFIGS["every option"])], {}, {})
    [found] = reproductions([experiment])
    assert found.needs == "dataset with the fingerprint 0123456789ab, weights with the SHA-256 abababababab"
    assert "--name" not in found.command


def test_masks_of_another_tool_are_scored_again():
    external = Config.external(
        dataset="isic2016", dataset_fingerprint="f" * 64, predictions_sha256="c" * 64, threshold=0.4
    )
    [experiment] = group_experiments([run(1, config=external, experiment="Theirs")], {}, {})
    [found] = reproductions([experiment])
    assert found.command == "isicbench score --predictions PREDICTIONS --truth TRUTH --threshold 0.4 --name Theirs"
    assert "masks with the SHA-256 cccccccccccc" in found.needs
    score = typer.main.get_command(app).get_command(typer.Context(typer.main.get_command(app)), "score")
    assert score.make_context("score", shlex.split(found.command)[2:]).params["threshold"] == 0.4


def test_every_field_of_a_config_has_its_option_or_is_told_in_another_way():
    """A new field must reach the commands that repeat a run."""
    filled_in = {"dataset_fingerprint", "weights_sha256", "validation_seed", "predictions_sha256"}
    flags = {"frozen", "compile", "threshold", "threshold_rule"}
    assert set(OPTIONS) | filled_in | flags == {field.name for field in fields(Config)}
    every = CONFIGS["every option"]
    usual = {field for field in every.to_dict() if is_default(every, field)}
    assert usual <= {*filled_in, "dataset", "frozen", "threshold_rule", "validate_on", "folds", "fold"}
