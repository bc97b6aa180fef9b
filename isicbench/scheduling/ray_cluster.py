"""A Ray cluster to train on: one that is there, or one of this machine's own for the time of a command."""

import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isicbench.compute.processes import usable_cores
from isicbench.compute.slots import CPU, Slot, SlotPlan
from isicbench.errors import ConfigError, DeviceError
from isicbench.harmless import first_line
from isicbench.records import StudyRecord
from isicbench.scheduling.one_machine import require_reachable
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import Scheduler
from isicbench.store.store import Store

INSTALL = "pip install 'isicbench[ray]'"
LOOPBACK = ("127.0.0.1", "localhost")
LOOPBACK_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Told that it is no part of a cluster, Ray takes 127.0.0.1 for this machine's address and listens nowhere else; told
that address itself, it would take another. Like the token, this is read as Ray is imported."""


@dataclass(frozen=True, slots=True)
class RayCluster:
    """A cluster that this process is connected to."""

    plan: SlotPlan
    hosts: Sequence[str]
    jobs_per_device: int

    def script(self, *, folder: Path, safeguards: Safeguards) -> str:
        return ""

    def executor(
        self, store: Store, study: StudyRecord, *, safeguards: Safeguards, observe: Callable[[], None]
    ) -> Scheduler:
        """Raises `ConfigError` for an SQLite file and nodes on other machines."""
        from isicbench.scheduling.ray_workers import RayWorkers

        require_reachable(store, self.hosts)
        workers = RayWorkers(
            store,
            self.plan.slots,
            jobs_per_device=self.jobs_per_device,
            configs=[run.config for run in store.study_runs(study.id)],
            safeguards=safeguards,
        )
        return Scheduler(store, study.id, workers, safeguards=safeguards, observe=observe)


def connect(address: str | None, *, devices: str, jobs_per_device: int, cores_per_run: int) -> RayCluster:
    """Connect to the cluster at `HOST:PORT` or `auto`; without an address start one that listens on loopback alone and
    ends with this process.

    Raises `DeviceError` where Ray is not installed, the cluster does not answer, or has no room for a single run.
    """
    if address is not None and "://" in address:
        raise ConfigError(f"--address {address}: expected HOST:PORT or auto", hint="Run the command on a node.")
    if address is None:
        _draw_token()
    ray = _import_ray(on_loopback=address is None or address.rpartition(":")[0] in LOOPBACK)
    if address is None:
        _start_on_loopback(ray)
    else:
        _join(ray, address)
    nodes = [node for node in ray.nodes() if node["Alive"]]
    slots = plan_cluster_slots(
        devices,
        jobs_per_device=jobs_per_device,
        cores_per_run=cores_per_run,
        nodes=[node["Resources"] for node in nodes],
    )
    return RayCluster(SlotPlan(slots=slots), [node["NodeManagerHostname"] for node in nodes], jobs_per_device)


def plan_cluster_slots(
    devices: str, *, jobs_per_device: int, cores_per_run: int, nodes: Sequence[Mapping[str, float]]
) -> tuple[Slot, ...]:
    """As many slots as the nodes have room for, or as `cpu:N` names. Raises `DeviceError`."""
    for option, value in (("--jobs-per-device", jobs_per_device), ("--cores-per-run", cores_per_run)):
        if value < 1:
            raise DeviceError(f"{option} {value}: expected 1 or more")
    cpus = [int(node.get("CPU", 0)) // cores_per_run for node in nodes]
    gpus = [min(int(node.get("GPU", 0)) * jobs_per_device, room) for node, room in zip(nodes, cpus, strict=True)]
    if match := CPU.fullmatch(devices):
        device, count = "cpu", int(match[1]) * jobs_per_device if match[1] else sum(cpus)
    elif devices in ("auto", "cuda"):
        device = "cuda" if devices == "cuda" or any(node.get("GPU") for node in nodes) else "cpu"
        count = sum(gpus if device == "cuda" else cpus)
    else:
        raise DeviceError(f"--devices {devices}: a cluster chooses among its devices", hint="auto, cuda, cpu or cpu:N")
    if not count or not sum(cpus):
        room = "; ".join(f"{node.get('CPU', 0):g} CPUs, {node.get('GPU', 0):g} GPUs" for node in nodes)
        raise DeviceError(f"no node has room for a run on {device} with {cores_per_run} cores; nodes: {room}")
    return tuple(Slot(name=f"ray:{i}", device=device, title=f"ray:{i}", threads=cores_per_run) for i in range(count))


def _import_ray(*, on_loopback: bool) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if on_loopback:
        os.environ.update(LOOPBACK_ALONE)
    try:
        import ray
    except ImportError as error:
        raise DeviceError("Ray is not installed here", hint=INSTALL) from error
    return ray


def _draw_token() -> None:
    """For a cluster of one's own: loopback is open to everybody who is logged in here."""
    os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)})


def _start_on_loopback(ray: Any) -> None:
    try:
        ray.init(address="local", num_cpus=usable_cores(), include_dashboard=False, **_QUIET)
    except Exception as error:  # which is what Ray raises where its parts do not come up within 30 seconds
        reason = first_line(str(error)) or type(error).__name__
        raise DeviceError(
            f"Ray does not start on this machine: {reason}",
            hint="Is it busy or out of memory? Without Ray: --executor local",
        ) from error


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, **_QUIET)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise DeviceError(
            f"no Ray cluster answers at {address}: {error}",
            hint="Start one (ray start --head), and run this on one of its nodes; see docs/how-to/cluster.md",
        ) from error


_QUIET: Mapping[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
