"""Looks at everything that a run needs on this machine, and says what to do about what is missing."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import psutil

from isicbench.compute.devices import driver_version, visible_gpus
from isicbench.compute.filesystems import network_file_system
from isicbench.compute.processes import usable_cores
from isicbench.data.catalog import open_dataset
from isicbench.data.published_files import default_root
from isicbench.errors import IsicbenchError
from isicbench.harmless import first_line
from isicbench.home import home
from isicbench.models.weight_files import IMAGENET, weights_path
from isicbench.scheduling.ray_jobs import answer_without_token
from isicbench.store.integrity import damages
from isicbench.store.migrate import current_revision, head_revision
from isicbench.store.urls import database_url, is_sqlite, shown_url

ENOUGH_DISK_GIB = 5.0
ENOUGH_MEMORY_GIB = 2.0
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok`; `note` for what some commands will miss; `wrong` for what has to be mended. `advice` says how."""

    what: str
    level: Literal["ok", "note", "wrong"]
    message: str
    advice: str = ""


def examine(database: str | None, *, ray_address: str | None = None) -> list[Finding]:
    """Every finding, in the order of a first set-up; of a Ray cluster where the address of its dashboard is given."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        check_python,
        check_packages,
        check_torch_pair,
        check_devices,
        check_disk,
        check_memory,
        check_data,
        check_weights,
        lambda: check_database(database),
        lambda: check_database_place(database),
        *([lambda: check_ray(ray_address)] if ray_address is not None else []),
    ]
    return [finding for check in checks for finding in check()]


def check_python() -> Iterator[Finding]:
    yield Finding("python", "ok", platform.python_version())


def check_packages() -> Iterator[Finding]:
    """Every dependency that the installed isicbench names, extras aside."""
    try:
        names = [line.split(";")[0] for line in requires("isicbench") or [] if "extra ==" not in line]
    except PackageNotFoundError:
        advice = "pip install -e . in the checkout, which installs what it needs as well"
        yield Finding("packages", "note", "isicbench runs from its source, and is not installed", advice)
        return
    missing, found = [], []
    for requirement in names:
        name = requirement.split(">")[0].split("=")[0].split("<")[0].split("[")[0].strip()
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("packages", "wrong", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    else:
        yield Finding("packages", "ok", ", ".join(found))


def check_torch_pair() -> Iterator[Finding]:
    """Torch and torchvision must be built for each other: another build fails at import, or at the first operator."""
    try:
        pair = f"torch {version('torch')}, torchvision {version('torchvision')}"
    except PackageNotFoundError:
        return  # named by check_packages
    advice = "pip install --force-reinstall torch torchvision (both from the same index, in one command)"
    try:
        import torch
        import torchvision

        torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    except Exception as error:
        reason = first_line(str(error)) or type(error).__name__
        yield Finding("torch pair", "wrong", f"{pair} do not work together: {reason}", advice)
        return
    yield Finding("torch pair", "ok", f"{pair} work together")


def check_devices() -> Iterator[Finding]:
    try:
        gpus = visible_gpus()
    except IsicbenchError as error:
        yield Finding("devices", "wrong", error.message, error.hint)
        return
    yield Finding("devices", "ok", f"CPU with {usable_cores()} cores")
    if not gpus:
        why = "CUDA_VISIBLE_DEVICES hides them" if os.environ.get("CUDA_VISIBLE_DEVICES") == "" else "no NVIDIA driver"
        advice = "Runs train on the CPU. With a GPU in this machine: install its driver, then look at nvidia-smi."
        yield Finding("devices", "note", f"no CUDA device ({why if not driver_version() else 'driver found'})", advice)
        return
    for gpu in gpus:
        free = f"cuda:{gpu.index} {gpu.name}, {gpu.free_mib} of {gpu.memory_mib} MiB free"
        if gpu.filled:
            yield Finding("devices", "note", free, "Somebody fills it; --devices auto passes it over.")
        else:
            yield Finding("devices", "ok", free)
    yield from _check_cuda(driver_version())


def _check_cuda(driver: str) -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        yield Finding("driver", "ok", f"{driver}, CUDA {torch.version.cuda}")
    else:
        built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        advice = "Install a torch build that fits the driver: see pytorch.org, Get started."
        yield Finding("driver", "wrong", f"torch ({built}) cannot use the driver {driver}", advice)


def check_disk() -> Iterator[Finding]:
    for what, folder in (("disk (here)", Path.cwd()), ("disk (cache)", _existing(home()))):
        free = shutil.disk_usage(folder).free / GIB
        if free < ENOUGH_DISK_GIB:
            advice = (
                f"ISIC 2016 and its prepared arrays need about {ENOUGH_DISK_GIB:g} GiB; move the cache: ISICBENCH_HOME"
            )
            yield Finding(what, "note", f"{free:.1f} GiB free at {folder}", advice)
        else:
            yield Finding(what, "ok", f"{free:.1f} GiB free at {folder}")


def check_memory() -> Iterator[Finding]:
    free = psutil.virtual_memory().available / GIB
    if free < ENOUGH_MEMORY_GIB:
        advice = "A worker takes about 1.5 GiB; close other programs or run fewer slots."
        yield Finding("memory", "note", f"{free:.1f} GiB free", advice)
    else:
        yield Finding("memory", "ok", f"{free:.1f} GiB free")


def check_data() -> Iterator[Finding]:
    for name in ("isic2016", "synthetic"):
        root = default_root(name)
        if not root.is_dir():
            advice = f"isicbench data prepare --dataset {name}"
            yield Finding("data", "note", f"{name} is not on this machine yet", advice)
            continue
        try:
            dataset = open_dataset(name, data_dir=root)
        except IsicbenchError as error:
            yield Finding("data", "wrong", error.message, error.hint)
        else:
            counts = f"{len(dataset.train)} training and {len(dataset.test)} test images"
            yield Finding("data", "ok", f"{name}: {counts} in {root}")


def check_weights() -> Iterator[Finding]:
    path = weights_path(IMAGENET, "")
    if path.is_file():
        yield Finding("weights", "ok", f"{IMAGENET} at {path}")
    else:
        advice = f"They are downloaded on first use. Without internet: put {path.name} at {path}"
        yield Finding("weights", "note", f"{IMAGENET} is not on this machine yet", advice)


def check_database(database: str | None) -> Iterator[Finding]:
    url = database_url(database)
    shown = shown_url(url)
    try:
        current, head, found = current_revision(url), head_revision(), []
        if current is not None:
            found = damages(url)
    except IsicbenchError as error:
        yield Finding("database", "wrong", error.message, error.hint)
        return
    if current is None:
        yield Finding("database", "note", f"{shown} does not exist yet", "isicbench run makes it.")
        return
    if found:
        yield Finding("database", "wrong", f"{shown} is damaged: {found[0]}", "isicbench db check says what is lost")
    elif current == head:
        yield Finding("database", "ok", f"{shown} at revision {current}")
    else:
        yield Finding("database", "wrong", f"{shown} is at revision {current}, not {head}", "isicbench db upgrade")


def check_database_place(database: str | None) -> Iterator[Finding]:
    """SQLite's locks, on which everything here depends, hold on local disks only."""
    url = database_url(database)
    if not is_sqlite(url):
        return
    folder = Path(str(url.database)).parent
    if kind := network_file_system(folder):
        advice = "Keep it on a local disk, let one machine at a time write to it, or use PostgreSQL (--db URL)."
        yield Finding("database place", "note", f"{folder} lies on a network file system ({kind})", advice)


def check_ray(address: str) -> Iterator[Finding]:
    """Whether strangers can run programs there. Raises `ConfigError` for an address that is none."""
    match answer_without_token(address):
        case "open":
            message = f"the job interface at {address} answers without a token: whoever reaches it runs programs as you"
            advice = "Switch token authentication on, and let no firewall pass the port: docs/how-to/cluster.md"
            yield Finding("ray", "wrong", message, advice)
        case "closed":
            yield Finding("ray", "ok", f"the job interface at {address} asks for a token")
        case "silent":
            yield Finding("ray", "note", f"nobody answers at {address}", "The dashboard's port is 8265 by default.")
        case "strange":
            yield Finding("ray", "note", f"what answers at {address} is not Ray's job interface", "Is it HOST:8265?")


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())
