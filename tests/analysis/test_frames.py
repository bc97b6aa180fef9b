"""`isicbench.results`, `epochs` and `image_scores`."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import isicbench
from isicbench.analysis.columns import VIEWS
from isicbench.errors import StoreError
from isicbench.records import RunStatus
from tests.docs.pages import ROOT
from tests.store.store_records import EVALUATION, FINE_TUNED, complete, end, epoch, queue, request
from tests.store.test_external import request as external_request

FRAMES = {"results": isicbench.results, "epoch_results": isicbench.epochs, "image_results": isicbench.image_scores}


@pytest.fixture
def recorded(store):
    """Two completed runs, one that failed in its first epoch, and another tool's masks."""
    done, failed, other = queue(store, request(), request(seed=1), request(FINE_TUNED, seed=2**40, name="mine"))
    complete(store, done)
    end(store, failed, RunStatus.FAILED)
    store.record_epoch(failed, epoch(1))
    complete(store, other)
    store.add_external(external_request(), EVALUATION)
    return store


@pytest.mark.parametrize("view", FRAMES)
def test_every_column_of_the_view_is_there_with_its_type_also_without_rows(store, view):
    empty = FRAMES[view](store.url)
    assert list(empty.columns) == list(store.view_rows(view).columns)
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == dict(VIEWS[view])
    assert len(empty) == 0


@pytest.mark.parametrize("view", FRAMES)
def test_types_do_not_depend_on_what_the_rows_hold(recorded, view):
    frame = FRAMES[view](recorded.url)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dict(VIEWS[view])
    assert len(frame) > 0


def test_results_hold_what_was_recorded(recorded):
    results = isicbench.results(recorded.url).set_index("run_id")
    first = results.loc[1]
    assert (first["iou"], first["train_loss"]) == (EVALUATION.iou, epoch(2).train_loss)
    assert first["finished_at"].to_pydatetime() == recorded.run(1).finished_at
    assert results["frozen"].tolist()[:2] == [True, False]
    assert results["seed"].tolist() == [0, 2**40, 0]


def test_whole_number_that_is_missing_leaves_the_others_whole(recorded):
    epochs = isicbench.results(recorded.url)["epochs"]
    assert epochs.tolist()[:2] == [2, 2]
    assert epochs.isna().tolist() == [False, False, True]


def test_epochs_are_those_of_every_run_with_its_status(recorded):
    epochs = isicbench.epochs(recorded.url)
    assert epochs[["run_id", "epoch", "status"]].to_records(index=False).tolist() == [
        (1, 1, "completed"),
        (1, 2, "completed"),
        (2, 1, "failed"),
        (3, 1, "completed"),
        (3, 2, "completed"),
    ]


def test_runs_selects_by_number_and_an_unknown_one_has_no_rows(recorded):
    assert isicbench.results(recorded.url, runs=[3])["run_id"].tolist() == [3]
    assert set(isicbench.image_scores(recorded.url, runs=(1, 99))["run_id"]) == {1}
    assert len(isicbench.epochs(recorded.url, runs=[])) == 0


def test_absent_database_is_an_error_and_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="no database"):
        isicbench.results(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("view", FRAMES)
def test_plain_pandas_reads_the_same_values(view):
    shutil.copy(ROOT / "results.db", "results.db")
    typed = FRAMES[view]()
    plain = pd.read_sql(view, "sqlite:///results.db")
    assert list(typed.columns) == list(plain.columns)
    keys = [name for name in ("run_id", "epoch", "resolution", "image_id") if name in plain]
    plain = plain.sort_values(keys).reset_index(drop=True)
    typed = typed.sort_values(keys).reset_index(drop=True)
    for name in plain:
        if str(typed[name].dtype).startswith("datetime"):
            assert pd.to_datetime(plain[name], utc=True).equals(typed[name])
        else:
            ours, theirs = (values.astype(object).where(values.notna(), None) for values in (typed[name], plain[name]))
            assert np.array_equal(ours, theirs), name


def test_importing_isicbench_loads_nothing_heavy():
    script = "import isicbench, sys; dir(isicbench); isicbench.__version__\n"
    script += "print(sorted(m for m in sys.modules if m.startswith('isicbench')))\n"
    script += "print(sorted({'pandas', 'torch', 'matplotlib', 'sqlalchemy', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['isicbench']", "[]"]


def test_reading_results_loads_no_torch(recorded):
    script = "import isicbench, sys; isicbench.results(sys.argv[1]); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, recorded.url], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "False"


def test_name_that_isicbench_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        isicbench.nothing  # noqa: B018
    assert {"results", "epochs", "image_scores", "plot_curves"} <= set(dir(isicbench))
