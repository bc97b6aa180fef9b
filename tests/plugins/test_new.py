"""From `isicbench new` to a wheel, a run with it, and a search."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from isicbench.plugins import Kind
from isicbench.store.store import open_store
from tests.commands import isicbench
from tests.plugins.installing import put


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The encoder's package as pip puts it, beside one that cannot be imported and a metric; and the package itself."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("plugin")
    assert isicbench("new", "encoder", "lesion-nets", "--output", folder).returncode == 0
    build = ["build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder / "lesion-nets"]
    subprocess.run([sys.executable, "-m", *map(str, build)], check=True, capture_output=True)
    [wheel] = (folder / "dist").glob("*.whl")
    pip = ["pip", "install", "--quiet", "--target", folder / "site", "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, "-m", *map(str, pip)], check=True, capture_output=True)
    put(folder / "site", "broken", kind=Kind.ENCODER, code="import no_such_module\n", entries={"a": "a"})
    area = "def area(predicted, true):\n    return float(predicted.mean())\n"
    put(folder / "site", "measures", kind=Kind.METRIC, code=area, entries={"area": "area"})
    return folder


@pytest.fixture
def plugged(installed) -> dict[str, str]:
    """What makes Python find the packages."""
    return {"PYTHONPATH": os.pathsep.join([str(installed / "site"), os.environ.get("PYTHONPATH", "")])}


def test_the_packages_own_tests_pass(installed, plugged):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "conv", installed / "lesion-nets"],
        env=os.environ | plugged,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_run_uses_the_encoder_and_the_database_and_report_say_so(tmp_path, plugged):
    data = tmp_path / "pairs"
    isicbench("data", "synthesize", data, "--train", 10, "--test", 2)
    options = (
        *("--frozen", "--encoder", "lesion-nets:strided", "--weights", "random", "--size", 64, "--batch-size", 4),
        *("--dataset", "folder", "--data-dir", data, "--devices", "cpu"),
    )
    space = ("--choice", "decoder=conv,fpn", "--range", "lr=1e-3..1e-2:log", "--minimise", "validation_loss")
    done = isicbench("search", "--trials", 2, *options, "--epochs", 1, *space, **plugged)
    assert done.returncode == 0, done.stderr
    assert "Best: run " in done.stdout
    done = isicbench("run", *options, "--epochs", 2, **plugged)
    assert done.returncode == 0, done.stderr

    store = open_store("results.db", create=False)
    runs = store.runs()
    assert len(runs) == 3
    assert {run.config.encoder for run in runs} == {"lesion-nets:strided"}
    packages = store.environments([3])[3].packages
    assert (packages["lesion-nets"], packages["measures"]) == ("0.1.0", "1.0")
    assert "broken" not in packages
    [evaluation, _] = store.evaluations([3])[3]
    assert [metric.name for metric in evaluation.plugin_metrics] == ["measures:area"]
    assert evaluation.plugin_metrics[0].mean == pytest.approx(evaluation.predicted_share)
    results = pd.read_sql("results", f"sqlite:///{tmp_path / 'results.db'}")
    assert set(results.encoder) == {"lesion-nets:strided"}

    report = isicbench("report", "--format", "markdown", "--output", "-")  # without the packages: from the database
    assert report.returncode == 0, report.stderr
    assert "measures:area" in report.stdout
    assert "lesion-nets 0.1.0" in report.stdout


def test_encoders_lists_it_and_names_the_broken_one(plugged):
    done = isicbench("encoders", "--size", 32, **plugged)
    assert done.returncode == 0
    assert "lesion-nets:strided" in done.stdout
    assert "the encoder broken:a of broken 1.0 cannot be used: ModuleNotFoundError" in " ".join(done.stderr.split())


def test_a_name_that_is_no_packages_or_taken_is_refused(tmp_path):
    for name, said in (("Lesion", "lower-case"), ("torch", "module torch"), ("../x", "lower-case")):
        done = isicbench("new", "loss", name)
        assert done.returncode == 2
        assert said in done.stderr
    assert not list(tmp_path.iterdir())
