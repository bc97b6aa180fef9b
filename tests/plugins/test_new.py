"""From `isicbench new` to a wheel, a run with it, and a search."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from isicbench.cli.app import app
from isicbench.data.synthetic import write_synthetic
from isicbench.errors import ConfigError
from isicbench.plugin_packages.writing import write_package
from isicbench.plugins import Kind
from isicbench.report.contents import read_contents
from isicbench.report.scores import macro_table
from isicbench.store.store import open_store
from tests.plugins.installing import put

AREA = "def area(predicted, true):\n    return float(predicted.mean())\n"


def command(*arguments: object) -> Result:
    """Run the command in this process: its workers are others anyway."""
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def package(tmp_path, site, monkeypatch) -> Path:
    """A written package, its wheel in `site` as pip puts it, beside one that cannot be imported and a metric."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    command("new", "encoder", "lesion-nets", "--output", tmp_path)
    build = ["build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", tmp_path / "lesion-nets"]
    subprocess.run([sys.executable, "-m", *map(str, build)], check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    pip = ["pip", "install", "--quiet", "--target", site, "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, "-m", *map(str, pip)], check=True, capture_output=True)
    put(site, "broken", kind=Kind.DATASET, code="import no_such_module\n", entries={"a": "a"})
    put(site, "measures", kind=Kind.METRIC, code=AREA, entries={"area": "area"})
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    return tmp_path / "lesion-nets"


def test_a_written_encoder_is_tested_trained_searched_with_and_reported(package, site, tmp_path, monkeypatch):
    assert pytest.main(["-q", "-p", "no:cacheprovider", "-k", "conv", str(package)]) == 0

    write_synthetic(tmp_path / "pairs", train=10, test=2)
    options = (
        *("--frozen", "--encoder", "lesion-nets:strided", "--weights", "random", "--size", 64, "--batch-size", 4),
        *("--dataset", "folder", "--data-dir", tmp_path / "pairs", "--devices", "cpu", "--epochs", 1),
    )
    command("run", *options, "--decoder", "conv", "--decoder", "lraspp")
    space = ("--choice", "decoder=conv,lraspp", "--minimise", "validation_loss")
    found = command("search", "--trials", 2, *options, *space)  # both are completed: nothing is trained
    assert "Best: run " in found.stdout

    store = open_store("results.db", create=False)
    assert len(store.runs()) == 2
    assert {run.config.encoder for run in store.runs()} == {"lesion-nets:strided"}
    packages = store.environments([1])[1].packages
    assert (packages["lesion-nets"], packages["measures"]) == ("0.1.0", "1.0")
    assert "broken" not in packages
    [evaluation, _] = store.evaluations([1])[1]
    assert [metric.name for metric in evaluation.plugin_metrics] == ["measures:area"]
    assert evaluation.plugin_metrics[0].mean == pytest.approx(evaluation.predicted_share)

    listed = command("datasets")
    assert "synthetic" in listed.stdout
    assert "the dataset broken:a of broken 1.0 cannot be used: ModuleNotFoundError" in listed.stderr

    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(site)])
    contents = read_contents(store, store.runs())  # from the database: the packages are gone
    assert "measures:area" in macro_table(contents.scores).keys
    assert "lesion-nets 0.1.0" in contents.environments[0]


@pytest.mark.parametrize(
    ("name", "said"), [("Lesion", "lower-case"), ("../x", "lower-case"), ("torch", "module torch")]
)
def test_a_name_that_is_no_packages_or_taken_is_refused(tmp_path, name, said):
    with pytest.raises(ConfigError, match=said):
        write_package(Kind.LOSS, name, output=tmp_path)
    assert not list(tmp_path.iterdir())
