"""Studies on a Ray cluster: what the executors' common tests do not ask."""

import secrets
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from isicbench.compute.processes import host_name
from isicbench.errors import ConfigError, DeviceError
from isicbench.records import RunStatus
from isicbench.scheduling.node_files import PreparedImages, WeightsFile, missing_here, read_here
from isicbench.scheduling.one_machine import require_reachable
from isicbench.scheduling.ray_cluster import plan_cluster_slots
from isicbench.store.store import open_store
from tests.commands import isicbench, start_isicbench
from tests.requiring import require
from tests.scheduling.run_scores import scores
from tests.scheduling.test_studies import opened_runs
from tests.waiting import wait_until

PATIENCE_SECONDS = 600
STARTS = 5
"""Ray gives its parts 30 seconds to come up, which a busy machine may not keep."""
SEEDS = [word for seed in range(12) for word in ("--seed", str(seed))]
"""With both experiments: 24 runs."""


@pytest.fixture
def ray_is_here(monkeypatch):
    """Ray's own settings, so that a cluster of the user's is neither found nor touched."""
    require("ray", find_spec("ray") is not None, "Ray is not installed: pip install 'isicbench[ray]'")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


@pytest.fixture
def two_nodes(ray_is_here, tmp_path):
    """The process of `two_nodes`, and the cluster's address."""
    for _ in range(STARTS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.scheduling.two_nodes", str(tmp_path / "second-home")],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if address := process.stdout.readline().strip():
            break
    assert address, "Ray does not start"
    yield process, address
    process.stdin.close()
    process.wait(timeout=PATIENCE_SECONDS)


def test_study_survives_a_node_and_scores_as_on_one_machine(quick, two_nodes, tmp_path):
    cluster, address = two_nodes
    options = ("run", *quick, "--epochs", 2, *SEEDS, "--checkpoint-minutes", 0)
    command = start_isicbench(*options, "--executor", "ray", "--address", address, log=tmp_path / "run.log")
    second = tmp_path / "second-home"
    wait_until(lambda: any(second.rglob("fingerprint.txt")) or command.poll(), seconds=PATIENCE_SECONDS)
    wait_until(lambda: len({run.owner.pid for run in opened_runs()}) == 2, seconds=PATIENCE_SECONDS)
    cluster.stdin.write("kill the second node\n")
    cluster.stdin.flush()
    assert command.wait(timeout=PATIENCE_SECONDS) == 0, (tmp_path / "run.log").read_text()
    runs = open_store("results.db", create=False).runs()
    completed = Counter((run.config.frozen, run.seed) for run in runs if run.status is RunStatus.COMPLETED)
    print(Counter(run.status.value for run in runs), Counter(run.failure.kind for run in runs if run.failure))
    assert len(completed) == 24
    assert set(completed.values()) == {1}
    assert {run.failure.kind for run in runs if run.status is not RunStatus.COMPLETED} <= {"lost"}
    local = isicbench(*options, "--devices", "cpu:2", "--db", "local.db")  # a thread a run, as on the cluster
    assert local.returncode == 0, local.stderr
    assert scores("results.db") == scores("local.db")


def test_cluster_of_its_own_listens_on_loopback_alone(quick, ray_is_here, tmp_path):
    options = ("run", *quick, "--frozen", "--epochs", 50, "--executor", "ray", "--devices", "cpu:1")
    command = start_isicbench(*options, log=tmp_path / "run.log")
    wait_until(lambda: opened_runs() or command.poll(), seconds=PATIENCE_SECONDS)
    family = [psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)]
    heard = {socket.laddr.ip.removeprefix("::ffff:") for one in family for socket in listening(one)}
    command.terminate()
    assert command.wait(timeout=PATIENCE_SECONDS) == 130
    assert heard == {"127.0.0.1"}


def listening(process: psutil.Process):
    try:
        return [socket for socket in process.net_connections("inet") if socket.status == psutil.CONN_LISTEN]
    except psutil.Error:
        return []


def test_slots_are_what_the_nodes_have_room_for():
    def count(devices: str, *nodes: dict[str, float], jobs: int = 1, cores: int = 1) -> list[str]:
        slots = plan_cluster_slots(devices, jobs_per_device=jobs, cores_per_run=cores, nodes=nodes)
        return [slot.device for slot in slots]

    assert count("auto", {"CPU": 5.0}, {"CPU": 3.0}, cores=2) == ["cpu"] * 3
    assert count("auto", {"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0}) == ["cuda"] * 2
    assert count("cuda", {"CPU": 6.0, "GPU": 2.0}, jobs=4) == ["cuda"] * 6
    assert count("cpu:3", {"CPU": 1.0}) == ["cpu"] * 3
    for devices in ("cuda:0,1", "cuda"):
        with pytest.raises(DeviceError):
            count(devices, {"CPU": 4.0})


def test_sqlite_file_is_refused_where_nodes_are_other_machines(tmp_path):
    store = open_store(str(tmp_path / "results.db"))
    require_reachable(store, [host_name()])
    with pytest.raises(ConfigError, match="SQLite") as refused:
        require_reachable(store, [host_name(), "elsewhere"])
    assert "postgresql://" in refused.value.hint


def test_files_reach_another_cache_byte_for_byte(quick, tmp_path, monkeypatch):
    assert isicbench("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu").returncode == 0
    config = open_store("results.db", create=False).run(1).config
    images = PreparedImages(config.dataset_fingerprint, config.image_size_px)
    sent = read_here(images)
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "elsewhere"))
    weights = WeightsFile("mine.pt", "0" * 64, "mobilenet_v2")
    assert missing_here([images, weights]) == [images, weights]
    images.write(sent)
    weights.write({"any name": b"weights"})
    assert missing_here([images, weights]) == []
    assert read_here(images) == sent
    assert weights.path.read_bytes() == b"weights"


def test_options_of_a_cluster_are_refused_without_one(quick):
    for options, words in (
        (("--address", "auto"), "--executor ray"),
        (("--executor", "cloud"), "expected one of local, ray, slurm"),
        (("--executor", "ray", "--address", "ray://head:10001"), "expected HOST:PORT or auto"),
        (("--executor", "ray", "--precision", "auto"), "--precision bf16"),
    ):
        done = isicbench("run", *quick, *options)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
    assert not Path("results.db").exists()
