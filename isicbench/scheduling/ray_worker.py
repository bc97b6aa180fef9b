"""The scheduler's end of a worker on a node of a Ray cluster."""

from collections.abc import Hashable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from isicbench.harmless import first_line
from isicbench.records import Failure
from isicbench.scheduling.node_worker import Started
from isicbench.scheduling.slot_worker import Answer, Standstill


class RayWorker:
    """A worker process on a node, spoken to through an actor there (see `NodeWorker`)."""

    def __init__(self, actor: Any, *, host: str, started: Started, hang_seconds: float) -> None:
        self.host = host
        self.pid = started.pid
        self.log: Path = started.log
        self.alive = True
        self.run_ids: tuple[int, ...] = ()
        self._actor = actor
        self._standstill = Standstill(hang_seconds)

    async def train(self, run_ids: Sequence[int]) -> Answer:
        """A lost node is the worker's death as well."""
        self._standstill.begin()
        self.run_ids = tuple(run_ids)
        try:
            answer: Answer = await self._actor.train.remote(self.run_ids)
        except RayError as error:
            answer = Answer(failure=_loss(error, host=self.host))
        self.run_ids = ()
        if answer.failure is None and not answer.worker_leaves:
            return answer
        self._give_back()
        return answer if answer.failure is None else Answer(failure=self._standstill.failure or answer.failure)

    def end_if_hanging(self, progress: Hashable) -> None:
        if self.run_ids and self._standstill.is_too_long(progress):
            self.kill()

    def stop(self) -> None:
        if self.alive:
            self._actor.stop.remote()

    def kill(self) -> None:
        if self.alive:
            self._actor.kill.remote()

    async def end(self) -> None:
        if self.alive:
            with suppress(RayError):  # it is gone already, which is what was asked for
                await self._actor.end.remote()
            self._give_back()

    def _give_back(self) -> None:
        """The actor's place in the cluster is free for another."""
        self.alive = False
        ray.kill(self._actor)


def _loss(error: RayError, *, host: str) -> Failure:
    reason = first_line(str(error)) or type(error).__name__
    return Failure(kind="lost", message=f"its worker on {host} was lost, perhaps with the machine ({reason})")
