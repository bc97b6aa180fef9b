from pathlib import Path

import pytest

from isicbench.data.synthetic import write_synthetic


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 training and 4 test pairs in the challenge's layout."""
    folder = tmp_path_factory.mktemp("tiny") / "pairs"
    write_synthetic(folder, train=12, test=4, seed=1)
    return folder


@pytest.fixture
def quick(tiny_dataset: Path) -> tuple[str, ...]:
    return quick_options(tiny_dataset)


def quick_options(pairs: Path) -> tuple[str, ...]:
    """Options of a study whose runs take about a second each."""
    return (
        *("--dataset", "folder", "--data-dir", str(pairs)),
        *("--weights", "random", "--size", "64", "--batch-size", "4", "--validation-share", "0.25"),
    )
