"""Workers on the nodes of a Ray cluster."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from isicbench import __version__
from isicbench.compute.slots import Slot
from isicbench.config import Config
from isicbench.errors import ConfigError, DeviceError, IsicbenchError
from isicbench.scheduling.node_files import NodeFiles, files_needed, read_here
from isicbench.scheduling.node_worker import Node, NodeWorker, Refusal, Start
from isicbench.scheduling.one_machine import require_reachable
from isicbench.scheduling.ray_worker import RayWorker
from isicbench.scheduling.safeguards import Safeguards
from isicbench.store.store import Store

PATIENCE_SECONDS = 1.0
"""How long a slot waits for its place before the scheduler looks again whether anything is left to do."""
SPARED = {"RAY_kill_child_processes_on_worker_exit": "false"}
"""An actor that ends leaves its worker process the time to save: its input has ended, so that it leaves by itself."""
MOST_LOST_STARTS = 5
"""Actors in a row that were lost before they had a worker."""


class RayWorkers:
    """Places an actor for each slot wherever the cluster has room, and a worker process in it."""

    resumes_interrupted = True
    slots_elsewhere = 0
    lent_by_queue = False

    def __init__(
        self,
        store: Store,
        slots: Sequence[Slot],
        *,
        jobs_per_device: int,
        configs: Sequence[Config],
        safeguards: Safeguards,
    ) -> None:
        self.slots = slots
        self._store = store
        self._jobs_per_device = jobs_per_device
        self._needed = files_needed(configs)
        self._sent: dict[NodeFiles, Any] = {}
        self._safeguards = safeguards
        self._pending: dict[str, asyncio.Task[RayWorker]] = {}
        self._lost_starts = 0

    async def start(self, slot: Slot) -> RayWorker | None:
        """None while the cluster has no room. Raises `IsicbenchError` where a node cannot take part."""
        if slot.name not in self._pending:
            self._pending[slot.name] = asyncio.create_task(self._start(slot))
        done, _ = await asyncio.wait({self._pending[slot.name]}, timeout=PATIENCE_SECONDS)
        if not done:
            return None
        try:
            worker = self._pending.pop(slot.name).result()
        except RayError as error:
            self._count_lost_start(error)
            return None
        self._lost_starts = 0
        return worker

    async def close(self) -> None:
        """Give up the places that were waited for."""
        for task in self._pending.values():
            task.cancel()
        await asyncio.gather(*self._pending.values(), return_exceptions=True)

    async def _start(self, slot: Slot) -> RayWorker:
        actor = self._place(slot)
        try:
            node: Node = await actor.look.remote(self._needed)
            self._require_usable(node)
            for files in node.missing:
                await actor.take.remote(files, self._content(files))
            name = f"ray:{actor._actor_id.hex()[:8]}"
            started = await actor.start.remote(self._order(slot, name=name))
            if isinstance(started, Refusal):
                raise ConfigError(started.message, hint=started.hint)
        except BaseException:
            ray.kill(actor)
            raise
        return RayWorker(actor, host=node.host, started=started, hang_seconds=self._safeguards.hang_seconds)

    def _place(self, slot: Slot) -> Any:
        """Ray takes four digits of a share."""
        gpus = int(10_000 / self._jobs_per_device) / 10_000 if slot.device == "cuda" else 0
        place = {"num_cpus": slot.threads, "num_gpus": gpus, "runtime_env": {"env_vars": SPARED}}
        return ray.remote(NodeWorker).options(**place).remote()

    def _content(self, files: NodeFiles) -> Any:
        """In the cluster's object store, which brings it to a node once."""
        if files not in self._sent:
            self._sent[files] = ray.put(read_here(files))
        return self._sent[files]

    def _order(self, slot: Slot, *, name: str) -> Start:
        """With the database's URL: it goes to the actor alone, and not into what the cluster shows of its work."""
        return Start(
            name=name,
            device=slot.device,
            whole_device=self._jobs_per_device == 1,
            threads=slot.threads,
            database=self._store.url,
            folder=Path.cwd(),
            safeguards=self._safeguards,
        )

    def _require_usable(self, node: Node) -> None:
        require_reachable(self._store, [node.host])
        if node.version != __version__:
            raise DeviceError(
                f"{node.host} has isicbench {node.version}, and this machine {__version__}",
                hint=f"On {node.host}: pip install isicbench=={__version__}",
            )

    def _count_lost_start(self, error: RayError) -> None:
        """Raises what a node says that it cannot do, and `DeviceError` for actors that do not last."""
        if isinstance(cause := getattr(error, "cause", None), IsicbenchError):
            raise cause
        self._lost_starts += 1
        if self._lost_starts >= MOST_LOST_STARTS or not isinstance(error, RayActorError):
            raise DeviceError(
                f"no worker can be started in the Ray cluster: {error}",
                hint="isicbench must be installed on every node, in the Python that Ray was started with.",
            ) from error
