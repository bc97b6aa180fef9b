"""What all tests share: a cache folder of their own, two threads at most, the real sample where it is present."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.postgres_server import PostgresServer, programs, running_server
from tests.requiring import require
from tests.slurm_server import SlurmServer, is_installed, running_slurm

os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    """Hide the user's GPU from tests that do not ask for one; `pytest -m gpu` runs those that do."""
    if config.option.markexpr != "gpu":
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and hasattr(os, "sched_setaffinity"):
        _keep_to_a_share_of_the_cores(int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


def _keep_to_a_share_of_the_cores(place: int, places: int) -> None:
    """With all that tests start: two torches with a thread for every core wait for each other within every layer."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(cores[place::places]) or set(cores))


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for all processes of the test session, so that datasets are prepared once."""
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "home"
    home.mkdir(exist_ok=True)
    return home


@pytest.fixture(autouse=True)
def isolated(shared_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests work in an empty folder and never touch the user's caches or database."""
    monkeypatch.setenv("ISICBENCH_HOME", str(shared_home))
    monkeypatch.setenv("TORCH_HOME", str(shared_home / "torch"))
    monkeypatch.delenv("ISICBENCH_DB", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of real images and weights named by `ISICBENCH_SAMPLE_DATA`."""
    folder = os.environ.get("ISICBENCH_SAMPLE_DATA")
    if not folder:
        pytest.skip("ISICBENCH_SAMPLE_DATA names no folder of real images")
    return Path(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test session's own; skipped where none is installed."""
    driver = find_spec("psycopg")
    require("postgres", driver is not None, "psycopg is not installed (pip install 'isicbench[postgres]')")
    bin_folder = programs()
    require("postgres", bin_folder is not None, "no PostgreSQL server is installed (apt-get install postgresql)")
    assert bin_folder is not None
    with running_server(bin_folder) as server:
        yield server


@pytest.fixture(scope="session")
def slurm_server() -> Iterator[SlurmServer]:
    """A Slurm of this test session's own; skipped where none is installed."""
    require("slurm", is_installed(), "Slurm is not installed (apt-get install slurmctld slurmd slurm-client munge)")
    with running_slurm() as server:
        yield server


@pytest.fixture
def slurm(slurm_server: SlurmServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmServer]:
    """The same for the commands of one test, without jobs of another one."""
    monkeypatch.setenv("SLURM_CONF", str(slurm_server.configuration))
    yield slurm_server
    slurm_server.end_all_jobs()
