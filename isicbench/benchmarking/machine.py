"""The machine that a measurement was made on, without the name of its host."""

import os
import platform
from dataclasses import dataclass

from isicbench.compute.environment import cpu_model, installed_packages
from isicbench.data.threads import thread_count

PACKAGES = ("isicbench", "torch", "torchvision", "pillow", "numpy", "onnxruntime", "sqlalchemy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    cpu: str
    cores: int
    """That this process may run on."""
    threads: int
    """Of torch."""
    device: str
    load: float | None
    """Processes that ran or waited, on average over the last minute: far above `cores`, rates mean little."""
    python: str
    packages: dict[str, str]

    @property
    def line(self) -> str:
        versions = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        load = "" if self.load is None else f", load {self.load:.1f}"
        return f"{self.cpu}, {self.cores} cores{load}, {self.threads} threads, {self.device}; {versions}"


def this_machine(*, threads: int, device: str) -> Machine:
    return Machine(
        cpu=cpu_model(),
        cores=thread_count(),
        threads=threads,
        device=device,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        python=platform.python_version(),
        packages=installed_packages(PACKAGES),
    )
