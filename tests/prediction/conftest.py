import shutil
from pathlib import Path

import pytest

from isicbench.data.synthetic import write_synthetic
from isicbench.store.store import Store, open_store
from tests.commands import isicbench

TEST_IMAGES = "pairs/ISBI2016_ISIC_Part1_Test_Data"


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frozen and a fine-tuned run with their results.db, and the images in `pairs`."""
    folder = tmp_path_factory.mktemp("trained")
    write_synthetic(folder / "pairs", train=12, test=5, seed=1)
    options = ("--dataset", "folder", "--data-dir", "pairs", "--weights", "random", "--size", 64, "--batch-size", 4)
    options += ("--epochs", 2, "--validation-share", 0.25, "--threshold", "auto", "--devices", "cpu")
    done = isicbench("run", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def trained(trained_folder: Path) -> Store:
    """The same, here, to do with as one likes."""
    shutil.copytree(trained_folder, ".", dirs_exist_ok=True)
    return open_store("results.db", create=False)
