"""Weights are numbers: nothing in a file is executed, and there is one way to load them."""

import ast
import pickle
from pathlib import Path

import pytest

import isicbench
from isicbench.errors import WeightsError
from isicbench.models.weight_files import find_weights
from isicbench.models.weights import read_state_dict
from tests.commands import isicbench as command
from tests.torture.weights import Intruder, saved

SOURCES = sorted(Path(isicbench.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("old_format", [False, True])
@pytest.mark.parametrize("read", [read_state_dict, lambda path: find_weights(str(path))], ids=["read", "find"])
def test_code_in_a_weights_file_is_not_executed(old_format, read, tmp_path):
    mark = tmp_path / "executed"
    content = saved({"w": Intruder(mark)}, _use_new_zipfile_serialization=not old_format)
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="not a file of weights"):
        read(tmp_path / "w.pt")
    assert not mark.exists()


def test_the_same_file_would_be_executed_by_pickle(tmp_path):
    """So that the test above can fail."""
    pickle.loads(pickle.dumps(Intruder(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()


def test_command_refuses_a_pickle_with_code(tmp_path):
    (tmp_path / "w.pt").write_bytes(pickle.dumps(Intruder(tmp_path / "executed")))
    done = command("run", "--dataset", "folder", "--data-dir", "nowhere", "--weights", "w.pt")
    assert done.returncode in (3, 4)
    assert not (tmp_path / "executed").exists()


def calls(name: str) -> list[tuple[str, ast.Call]]:
    return [
        (path.name, node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name
    ]


def test_every_torch_load_takes_weights_only():
    found = calls("torch.load")
    assert len(found) >= 2
    for name, call in found:
        assert {key.arg: ast.unparse(key.value) for key in call.keywords}.get("weights_only") == "True", name


@pytest.mark.parametrize(
    "name", ["pickle.load", "pickle.loads", "eval", "exec", "os.system", "yaml.load", "joblib.load"]
)
def test_nothing_else_that_executes_what_it_reads_is_called(name):
    assert calls(name) == []


def test_no_array_is_loaded_with_objects():
    for name, call in calls("np.load"):
        assert "allow_pickle" not in {key.arg for key in call.keywords}, name
