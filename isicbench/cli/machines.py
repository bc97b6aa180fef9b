"""Where a study trains, from `--executor` and its options."""

from isicbench.cli.console import say
from isicbench.compute.devices import visible_gpus
from isicbench.compute.processes import usable_cores
from isicbench.compute.slots import SlotPlan, plan_slots
from isicbench.errors import ConfigError
from isicbench.scheduling.executor import Machines
from isicbench.scheduling.local_workers import ThisMachine
from isicbench.scheduling.slurm_job import SlurmWishes

EXECUTORS = ("local", "ray", "slurm")


def machines_for(
    executor: str,
    *,
    devices: str,
    jobs_per_device: int,
    address: str | None,
    cores_per_run: int | None,
    slurm: SlurmWishes,
) -> Machines:
    """The machines with the slots that the options ask for. Raises `ConfigError`, `DeviceError` or `ClusterError`."""
    if slurm and executor != "slurm":
        raise ConfigError("--slurm-... options are Slurm's", hint="Add --executor slurm")
    if executor == "slurm":
        from isicbench.scheduling.slurm_cluster import plan_slurm

        if address is not None:
            raise ConfigError("--address is a Ray cluster's", hint="Slurm is told by --slurm-partition and others.")
        return plan_slurm(
            slurm,
            devices=devices,
            jobs_per_device=jobs_per_device,
            cores_per_run=cores_per_run or 1,
            tell=say,
        )
    if executor == "ray":
        from isicbench.scheduling.ray_cluster import connect

        return connect(address, devices=devices, jobs_per_device=jobs_per_device, cores_per_run=cores_per_run or 1)
    if executor != "local":
        raise ConfigError(f"--executor {executor}: expected one of {', '.join(EXECUTORS)}")
    if address is not None or cores_per_run is not None:
        raise ConfigError(
            "--address and --cores-per-run are a cluster's", hint="Add --executor ray, or --executor slurm"
        )
    return ThisMachine(slots_for(devices, jobs_per_device=jobs_per_device))


def slots_for(devices: str, *, jobs_per_device: int) -> SlotPlan:
    """The slots that `--devices` and `--jobs-per-device` ask for, on what this machine has."""
    return plan_slots(devices, jobs_per_device=jobs_per_device, gpus=visible_gpus(), cores=usable_cores())


def require_precision(precision: str, *, executor: str) -> None:
    """Raises `ConfigError` for `auto` on a cluster, whose devices this machine cannot ask."""
    if executor != "local" and precision == "auto":
        raise ConfigError("--precision auto: not known of a cluster's devices", hint="Name it: --precision bf16")
