"""Where a study trains, from `--executor` and its options."""

from isicbench.compute.devices import visible_gpus
from isicbench.compute.processes import usable_cores
from isicbench.compute.slots import SlotPlan, plan_slots
from isicbench.errors import ConfigError
from isicbench.scheduling.executor import Machines
from isicbench.scheduling.local_workers import ThisMachine

EXECUTORS = ("local", "ray")


def machines_for(
    executor: str, *, devices: str, jobs_per_device: int, address: str | None, cores_per_run: int | None
) -> Machines:
    """The machines with the slots that the options ask for. Raises `ConfigError` or `DeviceError`."""
    if executor == "ray":
        from isicbench.scheduling.ray_cluster import connect

        return connect(address, devices=devices, jobs_per_device=jobs_per_device, cores_per_run=cores_per_run or 1)
    if executor != "local":
        raise ConfigError(f"--executor {executor}: expected one of {', '.join(EXECUTORS)}")
    if address is not None or cores_per_run is not None:
        raise ConfigError("--address and --cores-per-run are a cluster's", hint="Add --executor ray")
    return ThisMachine(slots_for(devices, jobs_per_device=jobs_per_device))


def slots_for(devices: str, *, jobs_per_device: int) -> SlotPlan:
    """The slots that `--devices` and `--jobs-per-device` ask for, on what this machine has."""
    return plan_slots(devices, jobs_per_device=jobs_per_device, gpus=visible_gpus(), cores=usable_cores())


def require_precision(precision: str, *, executor: str) -> None:
    """Raises `ConfigError` for `auto` on a cluster, whose devices this machine cannot ask."""
    if executor != "local" and precision == "auto":
        raise ConfigError("--precision auto: not known of a cluster's devices", hint="Name it: --precision bf16")
