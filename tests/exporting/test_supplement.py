"""The folder to publish: complete, checked, and its commands repeat the runs."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isicbench.cli import run as run_command
from isicbench.cli import study
from isicbench.exporting.export import export
from isicbench.exporting.repeating import command_of
from isicbench.exporting.supplement import commands
from isicbench.exporting.targets import Target
from isicbench.records import RunRecord, RunStatus
from isicbench.scheduling.planning import _expand
from isicbench.store.store import Store, open_store
from tests.docs.pages import ROOT
from tests.store.store_records import FINE_TUNED, FROZEN, end, queue, request
from tests.store.test_external import request as external_request


@pytest.fixture
def real() -> Iterator[Store]:
    """This repository's two runs, and one that failed."""
    shutil.copy(ROOT / "results.db", "results.db")
    with closing(open_store("results.db", create=False)) as store:
        [failed] = queue(store, request(seed=1))
        end(store, failed, RunStatus.FAILED)
        yield store


@pytest.fixture
def supplement(real) -> Path:
    export(real, real.runs(), Path("supplement"), target=Target.SUPPLEMENT)
    return Path("supplement")


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_checksums_cover_every_file_and_hold(supplement):
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=supplement, capture_output=True)
    assert done.returncode == 0, done.stderr
    listed = {line.split("  ", 1)[1] for line in (supplement / "SHA256SUMS").read_text().splitlines()}
    assert listed == files_in(supplement) - {"SHA256SUMS"}


def test_readme_says_what_each_file_is(supplement):
    named = set(re.findall(r"^\| `([^`]+)` \|", (supplement / "README.md").read_text(), re.MULTILINE))
    named = {name.replace("requirements-N", "requirements-1") for name in named}
    assert named <= files_in(supplement)
    assert {name for name in files_in(supplement) if not name.startswith("report/")} - named == {"README.md"}


def test_runs_that_failed_are_told_of(supplement):
    readme = (supplement / "README.md").read_text()
    assert "2 completed, 1 failed." in readme
    assert "| 3 | Feature Extraction" in readme


def test_database_copy_holds_the_runs(supplement, real):
    with closing(open_store(str(supplement / "results.db"), create=False)) as copy:
        assert copy.runs() == real.runs()


def test_environment_names_code_version_and_packages_without_the_host(supplement, real):
    [environment] = json.loads((supplement / "environments.json").read_text())
    recorded = real.environments([1])[1]
    assert environment["git_revision"] == recorded.git_revision != ""
    assert environment["packages"] == dict(recorded.packages)
    assert environment["runs"] == [1, 2]
    assert "host" not in environment
    requirements = (supplement / "requirements-1.txt").read_text()
    assert f"\nnumpy=={recorded.packages['numpy']}\n" in requirements
    assert recorded.git_revision in requirements


VARIANTS = {
    "frozen": (FROZEN, 0),
    "fine-tuned": (FINE_TUNED, -(2**63)),
    "folder": (replace(FROZEN, dataset="folder", learning_rate=3e-5, epochs=3, batch_size=4), 7),
    "threshold": (replace(FINE_TUNED, threshold=0.123456789012345), 1),
    "auto": (replace(FINE_TUNED, threshold_rule="validation", validation_share=0.30000000000000004), 1),
    "data seed": (replace(FROZEN, data_seed=3, augmentation="flips", image_size_px=64), 2),
    "tested on": (replace(FROZEN, validate_on="test", augmentation="none"), 2),
    "compiled": (replace(FINE_TUNED, compile=True), 2),
    "imagenet": (replace(FINE_TUNED, weights="imagenet1k_v1", weights_sha256="b" * 64), 2),
    "networks": (replace(FINE_TUNED, encoder="resnet18", decoder="fpn", loss="dice", schedule="one-cycle"), 2),
    "recipe": (replace(FINE_TUNED, optimiser="sgd", weight_decay=1e-4, warmup_epochs=1.5, clip_norm=2.0), 2),
    "parts": (replace(FINE_TUNED, encoder_rate_share=0.1, batch_parts=2), 2),
    "stages": (replace(FINE_TUNED, freeze_until=8, unfreeze_at=2, accumulate=2, ema_decay=0.99), 2),
    "chosen": (replace(FINE_TUNED, patience=2, keep="best", folds=4, fold=3), 2),
    "own weights": (replace(FINE_TUNED, weights="my file.pt", weights_sha256="c" * 64), 2),
}


@pytest.mark.parametrize("name", ["plain", '-it\'s $HOME "quoted"', "=1"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_command_asks_for_the_same_config_seed_and_name(variant, name, recorded, monkeypatch):
    config, seed = VARIANTS[variant]
    run = replace(recorded.run(1), config=config, seed=seed, experiment=name)
    asked = asked_for(run, monkeypatch)
    [found] = _expand(asked)
    as_named = replace(found, dataset_fingerprint=config.dataset_fingerprint, weights_sha256=config.weights_sha256)
    if variant == "own weights":
        assert found.weights == "FILE"
        as_named = replace(as_named, weights=config.weights)
    assert as_named == config
    assert (list(asked.seeds), list(asked.names)) == ([seed], [name])
    assert (asked.data_dir == Path("FOLDER")) == (config.dataset == "folder")


def asked_for(run: RunRecord, monkeypatch):
    """What the command line makes of the run's command, words split as a shell does."""
    seen = []
    monkeypatch.setattr(study, "carry_out", lambda request, *_, **__: seen.append(request) or 0)
    variables = {"DATA": "FOLDER", "WEIGHTS": "FILE"}
    text = re.sub(r'"\$(DATA|WEIGHTS)_[0-9a-f]{12}"', lambda found: variables[found[1]], command_of(run))
    words = shlex.split(text)
    assert words[:2] == ["isicbench", "run"]
    done = CliRunner().invoke(run_command.app, words[2:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    [request] = seen
    return request


def test_script_is_one_that_a_shell_reads_and_asks_for_what_is_not_there(recorded):
    run = replace(recorded.run(1), config=replace(FROZEN, dataset="folder"), experiment="it's `id` $(id)")
    script = Path("commands.sh")
    script.write_text(commands([run, recorded.run(2), replace(recorded.run(1), id=9)]))
    assert subprocess.run(["sh", "-n", script]).returncode == 0
    done = subprocess.run(["sh", script], capture_output=True, text=True)
    assert done.returncode != 0
    assert "set it to the folder of the dataset with fingerprint " + "d" * 64 in done.stderr
    assert script.read_text().count("isicbench run") == 3


def test_attempts_at_one_result_are_one_command(recorded):
    again = replace(recorded.run(1), id=9)
    text = commands([recorded.run(1), again])
    assert "# run 1 (completed), run 9 (completed)" in text
    assert text.count("isicbench run") == 1


def test_masks_of_another_tool_are_scored_again(recorded):
    run = replace(recorded.run(1), config=external_request().config, experiment="Other tool")
    command = command_of(run)
    assert command.startswith('isicbench score --predictions "$MASKS_aaaaaaaaaaaa" --truth "$DATA_dddddddddddd"')
    assert "--threshold" not in command
    assert "SHA-256 " + "a" * 64 in commands([run])
