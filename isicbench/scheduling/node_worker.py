"""What stands on a cluster's node between scheduler and worker process. It runs in Ray's actor, and knows no Ray."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench import __version__
from isicbench.compute.devices import visible_gpus
from isicbench.compute.processes import host_name
from isicbench.compute.slots import Slot
from isicbench.errors import IsicbenchError
from isicbench.scheduling.node_files import Content, NodeFiles, missing_here
from isicbench.scheduling.run_files import SLOT_LOGS
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.slot_worker import Answer, SlotWorker
from isicbench.store.urls import database_url, files_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Where an actor has been placed."""

    host: str
    version: str
    """Of isicbench."""
    missing: Sequence[NodeFiles]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a worker is to be started with."""

    name: str
    """Of the slot; unique in the cluster."""
    device: str
    whole_device: bool
    threads: int
    database: str
    folder: Path
    """The command's working folder, which is the worker's too."""
    safeguards: Safeguards


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    pid: int
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no worker can be started there."""

    message: str
    hint: str


class NodeWorker:
    """Starts one worker process and passes on what the scheduler says to it.

    The worker's input ends with this actor's process: then it saves its run and leaves, as it does everywhere.
    """

    def __init__(self) -> None:
        self._worker: SlotWorker | None = None

    async def look(self, needed: Sequence[NodeFiles]) -> Node:
        return Node(host=host_name(), version=__version__, missing=missing_here(needed))

    async def take(self, files: NodeFiles, content: Content) -> None:
        """Put files where this node keeps them."""
        files.write(content)

    async def start(self, start: Start) -> Started | Refusal:
        try:
            os.chdir(start.folder)
            slot = _slot(start)
        except OSError as error:
            return Refusal(
                message=f"{host_name()}: {start.folder}: {error.strerror}",
                hint="Runs keep their logs, checkpoints and weights there: let the nodes share that folder.",
            )
        except IsicbenchError as error:
            return Refusal(message=f"{host_name()}: {error.message}", hint=error.hint)
        log = files_folder(database_url(start.database)) / SLOT_LOGS / f"{start.name.replace(':', '-')}.log"
        worker = await SlotWorker.start(slot, database=start.database, log=log, safeguards=start.safeguards)
        self._worker = worker
        return Started(pid=worker.pid, log=log)

    async def train(self, run_ids: Sequence[int]) -> Answer:
        return await self._started.train(run_ids)

    async def stop(self) -> None:
        self._started.stop()

    async def kill(self) -> None:
        self._started.kill()

    async def end(self) -> None:
        await self._started.end()

    @property
    def _started(self) -> SlotWorker:
        assert self._worker is not None
        return self._worker


def _slot(start: Start) -> Slot:
    """A whole GPU has the name that it has for a scheduler of its own machine: the database lets one run on it."""
    if start.device == "cpu":
        return Slot(name=start.name, device="cpu", title=start.name, threads=start.threads)
    gpu = visible_gpus()[0]  # the cluster has left one visible
    name = f"cuda:{gpu.uuid}/0" if start.whole_device else f"cuda:{gpu.uuid}/{start.name}"
    return Slot(name=name, device="cuda", uuid=gpu.uuid, title=start.name, threads=start.threads)
