"""A Slurm cluster to train on: what the queue is asked for, from the options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.choices import unknown
from isicbench.compute.processes import host_name
from isicbench.compute.slots import CPU, Slot, SlotPlan
from isicbench.errors import ConfigError, DeviceError
from isicbench.records import StudyRecord
from isicbench.scheduling.one_machine import require_reachable
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.slurm_commands import Node, nodes, partitions
from isicbench.scheduling.slurm_executor import SlurmExecutor
from isicbench.scheduling.slurm_job import SlurmJob, SlurmWishes
from isicbench.store.store import Store

WORKERS = 4
"""Where nobody says how many."""


@dataclass(frozen=True, slots=True)
class SlurmCluster:
    """A partition, and the array that it would be given."""

    plan: SlotPlan
    hosts: Sequence[str]
    job: SlurmJob
    workers: int
    tell: Callable[[str], None]

    def script(self, *, folder: Path, safeguards: Safeguards) -> str:
        return self.job.script(workers=self.workers, folder=folder, safeguards=safeguards)

    def executor(
        self, store: Store, study: StudyRecord, *, safeguards: Safeguards, observe: Callable[[], None]
    ) -> SlurmExecutor:
        """Raises `ConfigError` for an SQLite file and nodes on other machines."""
        require_reachable(store, self.hosts)
        return SlurmExecutor(
            store,
            study.id,
            self.job,
            workers=self.workers,
            safeguards=safeguards,
            observe=observe,
            tell=self.tell,
        )


def plan_slurm(
    wishes: SlurmWishes, *, devices: str, jobs_per_device: int, cores_per_run: int, tell: Callable[[str], None]
) -> SlurmCluster:
    """Ask Slurm for its partition's nodes, and plan an array of workers; `tell` is for what happens to it later.

    Raises `ClusterError` where there is no Slurm, `ConfigError` or `DeviceError` for what cannot be asked of it.
    """
    for option, value in (("--jobs-per-device", jobs_per_device), ("--cores-per-run", cores_per_run)):
        if value < 1:
            raise DeviceError(f"{option} {value}: expected 1 or more")
    partition = _partition(wishes.partition)
    there = nodes(partition)
    device, named = _device(devices, wishes, there)
    if named and wishes.workers:
        raise ConfigError(f"--devices {devices} and --slurm-workers both say how many workers", hint="Give one.")
    workers = named or wishes.workers or WORKERS
    gpus = (wishes.gpus or "1") if device == "cuda" else ""
    slots_each = jobs_per_device * (max(wishes.gpu_count, 1) if device == "cuda" else 1)
    job = SlurmJob(
        partition=partition,
        device=device,
        gpus=gpus,
        slots_each=slots_each,
        jobs_per_device=jobs_per_device,
        cores_per_run=cores_per_run,
        time=wishes.time,
        options=wishes.options,
    )
    titles = [f"slurm:{i}" for i in range(workers * slots_each)]
    slots = tuple(Slot(name=title, device=device, title=title, threads=cores_per_run) for title in titles)
    return SlurmCluster(SlotPlan(slots=slots), [_host(node) for node in there], job, workers, tell)


def _partition(wanted: str | None) -> str:
    """The one named, several with commas, or the default one."""
    known = partitions()
    if wanted is None:
        default = next((name for name, is_default in known.items() if is_default), None)
        if default is None:
            raise ConfigError("this Slurm has no default partition", hint=f"--slurm-partition: {', '.join(known)}")
        return default
    for name in wanted.split(","):
        if name not in known:
            raise unknown("--slurm-partition", name, known)
    return wanted


def _device(devices: str, wishes: SlurmWishes, there: Sequence[Node]) -> tuple[str, int]:
    """`cpu` or `cuda`, and how many workers `cpu:N` names (0 for none)."""
    if match := CPU.fullmatch(devices):
        if wishes.gpus:
            raise ConfigError(f"--devices {devices} and --slurm-gpus {wishes.gpus} exclude each other")
        return "cpu", int(match[1] or 0)
    if devices == "cuda" or (devices == "auto" and (wishes.gpus or any(node.has_gpu for node in there))):
        return "cuda", 0
    if devices == "auto":
        return "cpu", 0
    raise DeviceError(f"--devices {devices}: a cluster chooses among its devices", hint="auto, cuda, cpu or cpu:N")


def _host(node: Node) -> str:
    """As this machine calls itself, if it is this one: Slurm may leave a domain out."""
    return host_name() if node.host.split(".")[0] == host_name().split(".")[0] else node.host
