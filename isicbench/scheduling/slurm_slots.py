"""Slots of an array's elements, and how the database names them: `slurm:12_3/0` is the first one of element 3 of job
12."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from isicbench.compute.devices import Gpu
from isicbench.compute.processes import host_name
from isicbench.compute.slots import Slot
from isicbench.errors import DeviceError
from isicbench.records import RunRecord, RunStatus
from isicbench.store.store import Store

NAME = re.compile(r"slurm:(\d+)_(\d+)/")
UNSETTLED = (RunStatus.RUNNING, RunStatus.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class ElementId:
    job: int
    number: int


def element_of(run: RunRecord) -> ElementId | None:
    """The element that has the run, or had it last; None for a run of no array."""
    match = NAME.match(run.owner.slot) if run.owner else None
    return ElementId(int(match[1]), int(match[2])) if match else None


def unsettled_runs(store: Store, study_id: int, *, job: int) -> list[tuple[RunRecord, int]]:
    """Runs of the study that a job's elements train or have let go of, each with the element's number."""
    runs = store.runs(study_id=study_id, statuses=UNSETTLED)
    placed = ((run, element_of(run)) for run in runs)
    return [(run, element.number) for run, element in placed if element and element.job == job]


def allocated_slots(
    element: ElementId, *, device: str, gpus: Sequence[Gpu], jobs_per_device: int, threads: int
) -> tuple[Slot, ...]:
    """A slot for each share of what Slurm has given the element; `gpus` are those that it left visible.

    Raises `DeviceError` where a GPU was asked for and none is there.
    """
    if device == "cuda" and not gpus:
        raise DeviceError(f"{host_name()}: Slurm has left no GPU visible", hint="Look at: nvidia-smi, on that node")
    uuids = [gpu.uuid for gpu in gpus] if device == "cuda" else [""]
    names = (f"slurm:{element.job}_{element.number}/{i}" for i in range(len(uuids) * jobs_per_device))
    return tuple(
        Slot(name=name, device=device, uuid=uuids[i // jobs_per_device], title=name, threads=threads)
        for i, name in enumerate(names)
    )
