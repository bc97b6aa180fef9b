"""What a run ran on: packages, device, driver, code revision."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from isicbench.compute.devices import driver_version
from isicbench.compute.processes import host_name
from isicbench.records import EnvironmentRecord

PACKAGES = ("isicbench", "torch", "torchvision", "onnxruntime", "numpy", "pillow", "sqlalchemy")
"""Of every run; those whose plugins it uses come on top."""


def describe_environment(*, device: str, threads: int) -> EnvironmentRecord:
    """Describe this process; `device` is `cpu` or the GPU's name."""
    return EnvironmentRecord(
        host=host_name(),
        platform=platform.platform(),
        python=platform.python_version(),
        packages=installed_packages(PACKAGES),
        device=device,
        driver=driver_version(),
        threads=threads,
        git_revision=git_revision(),
    )


def installed_packages(names: tuple[str, ...]) -> dict[str, str]:
    """Versions of the installed ones among `names`."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cpu_model() -> str:
    """The processor's name, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def git_revision() -> str:
    """The working folder's commit, with `+changes` where tracked files differ from it; empty outside of a checkout."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return ""
    return commit + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
