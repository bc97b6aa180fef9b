"""Each export is opened with the tool that it is for."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import isicbench
from isicbench.errors import DataError, IsicbenchError
from isicbench.exporting.export import export
from isicbench.exporting.targets import Target
from isicbench.harmless import without_formula
from tests.commands import isicbench as command
from tests.docs.pages import ROOT
from tests.exporting.conftest import FORMULA
from tests.store.store_records import EVALUATION, epoch


def written(store, target: Target, folder: str = "out") -> Path:
    export(store, store.runs(), Path(folder), target=target)
    return Path(folder)


def test_parquet_keeps_values_and_types(recorded):
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = written(recorded, Target.PARQUET)
    schema = parquet.read_table(folder / "results.parquet").schema
    types = {name: str(schema.field(name).type) for name in ("run_id", "epochs", "frozen", "iou", "finished_at")}
    assert types == {
        "run_id": "int64",
        "epochs": "int64",
        "frozen": "bool",
        "iou": "double",
        "finished_at": "timestamp[us, tz=UTC]",
    }
    for name, frame in (("results", isicbench.results), ("image_results", isicbench.image_scores)):
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), frame(recorded.url))


def test_csv_keeps_every_digit_and_disarms_formulas(recorded):
    folder = written(recorded, Target.CSV)
    table, frame = pd.read_csv(folder / "results.csv"), isicbench.results(recorded.url)
    assert list(table.columns) == list(frame.columns)
    assert table["iou"].tolist() == frame["iou"].tolist()
    assert table["seed"].tolist() == [0, -5]
    assert table["experiment"].tolist()[1] == f"'{FORMULA}"
    assert pd.to_datetime(table["finished_at"]).tolist() == frame["finished_at"].tolist()
    assert len(pd.read_csv(folder / "epoch_results.csv")) == 5


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_begins_like_a_formula_is_text(text):
    assert without_formula(text) == f"'{text}"
    assert without_formula(f"a{text}") == f"a{text}"


def test_tensorboard_shows_every_epoch_and_the_test_scores(recorded):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folders = sorted(written(recorded, Target.TENSORBOARD).iterdir())
    assert [folder.name[:5] for folder in folders] == ["00001", "00002", "00003"]
    assert folders[2].name == "00003 _HYPERLINK(1) seed -5"
    events = accumulator.EventAccumulator(str(folders[0])).Reload()
    losses = events.Scalars("epochs/train_loss")
    assert [(event.step, event.value) for event in losses] == [(n, pytest.approx(epoch(n).train_loss)) for n in (1, 2)]
    seconds = epoch(2).train_seconds + epoch(2).validation_seconds
    assert losses[1].wall_time - losses[0].wall_time == pytest.approx(seconds, abs=1e-3)
    [score] = events.Scalars("test/training_iou")
    assert (score.step, score.value) == (2, pytest.approx(EVALUATION.iou))
    assert events.PluginTagToContent("hparams")
    assert set(accumulator.EventAccumulator(str(folders[1])).Reload().Tags()["scalars"]) >= {"epochs/train_loss"}


def test_same_runs_give_tensorboard_the_same_bytes(recorded):
    pytest.importorskip("tensorboard")
    one, two = (written(recorded, Target.TENSORBOARD, folder) for folder in ("one", "two"))
    files = [path.relative_to(one) for path in one.rglob("events*")]
    assert len(files) == 3
    assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)


def test_mlflow_opens_its_folder_with_every_run(recorded, monkeypatch):
    pytest.importorskip("mlflow")
    folder = written(recorded, Target.MLFLOW).resolve()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(folder / "mlruns").as_uri())
    experiments = {found.name: found.experiment_id for found in client.search_experiments()}
    assert set(experiments) == {"Default", FORMULA, recorded.run(1).experiment}
    runs = {run.data.params["seed"]: run for run in client.search_runs(list(experiments.values()))}
    assert {seed: run.info.status for seed, run in runs.items()} == {"0": "FINISHED", "1": "FAILED", "-5": "FINISHED"}
    first = runs["0"]
    history = client.get_metric_history(first.info.run_id, "train_loss")
    assert [(metric.step, metric.value) for metric in history] == [(n, epoch(n).train_loss) for n in (1, 2)]
    assert first.data.metrics["test_training_iou"] == EVALUATION.iou
    assert first.data.params["learning_rate"] == "0.001"
    assert first.data.tags["isicbench.run_uid"] == recorded.run(1).uid
    assert first.info.artifact_uri.startswith((folder / "mlruns").as_uri())
    assert first.info.end_time == round(recorded.run(1).finished_at.timestamp() * 1000)


def test_mlflow_sends_nothing_about_an_export_and_keeps_its_settings():
    pytest.importorskip("mlflow")
    shutil.copy(ROOT / "results.db", "results.db")
    script = "import os, sys; before = dict(os.environ); sys.argv = ['isicbench', 'export', '--to', 'mlflow', 'out']\n"
    script += "from isicbench.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    script += "from mlflow.telemetry import get_telemetry_client\n"
    script += "print(get_telemetry_client(), dict(os.environ) == before, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "None True False"


@pytest.mark.parametrize(
    ("target", "module"), [("parquet", "pyarrow"), ("mlflow", "mlflow"), ("tensorboard", "tensorboard")]
)
def test_missing_package_is_one_error_with_the_line_to_type(recorded, monkeypatch, target, module):
    real = importlib.util.find_spec
    monkeypatch.setattr("isicbench.exporting.extras.find_spec", lambda name: None if name == module else real(name))
    with pytest.raises(IsicbenchError, match=f"--to {target} needs {module}") as error:
        written(recorded, Target(target))
    assert "pip install 'isicbench[export]'" in error.value.hint
    assert not Path("out").exists()
    assert not list(Path.cwd().glob(".out*"))


def test_folder_with_something_in_it_stays_as_it_is(recorded):
    Path("out").mkdir()
    Path("out/mine").write_text("mine")
    with pytest.raises(DataError, match="is there already"):
        written(recorded, Target.CSV)
    assert [path.read_text() for path in Path("out").iterdir()] == ["mine"]


def test_command_says_how_to_open_what_it_wrote():
    shutil.copy(ROOT / "results.db", "results.db")
    done = command("export", "--to", "csv", "new/csv")
    assert done.returncode == 0, done.stderr
    assert "2 runs in new/csv, 3 files" in done.stdout
    assert "new/csv/results.csv" in done.stdout
    assert command("export", "--to", "csv", "new/csv").returncode == 3
    assert command("export", "--to", "csv", "other", "--study", 9).returncode == 5
    assert not Path("other").exists()
