"""The scheduler's end of a worker process."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isicbench.compute.slots import Slot
from isicbench.records import Failure


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of runs that a worker was handed: a status or `refused` each; or the worker's own death."""

    statuses: Mapping[int, str] = field(default_factory=dict)
    failure: Failure | None = None

    @property
    def all_refused(self) -> bool:
        return self.failure is None and set(self.statuses.values()) == {"refused"}


class SlotWorker:
    """A worker process on a slot: started, handed one run or group of runs at a time, and buried when it dies."""

    def __init__(self, process: Process, *, log: Path) -> None:
        self._process = process
        self.log = log
        """What it prints between two runs."""

    @classmethod
    async def start(cls, slot: Slot, *, database: str, log: Path) -> "SlotWorker":
        """Start a worker in a session of its own, so that a Ctrl-C in the terminal reaches the scheduler alone."""
        log.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["--slot", slot.name, "--device", slot.device, "--threads", str(slot.threads)]
        with log.open("a") as stderr:
            process = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "isicbench.scheduling.worker", *arguments],
                stdin=PIPE,
                stdout=PIPE,
                stderr=stderr,
                env=os.environ | slot.environment | {"ISICBENCH_DB": database},
                start_new_session=True,
            )
        return cls(process, log=log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def train(self, run_ids: Sequence[int]) -> Answer:
        """Hand over runs that train side by side, and wait for what becomes of them."""
        assert self._process.stdout is not None
        self._say(f"train {' '.join(map(str, run_ids))}")
        words = [word.split("=") for word in (await self._process.stdout.readline()).decode().split()]
        if words:
            return Answer({int(run_id): status for run_id, status in words})
        return Answer(failure=_death(await self._process.wait()))

    def stop(self) -> None:
        """Ask it to finish its step, save and leave."""
        self._say("stop")

    def kill(self) -> None:
        if self.alive:
            self._process.kill()

    async def end(self) -> None:
        """Close its input, which ends it once it is idle, and wait."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    def _say(self, order: str) -> None:
        if self.alive and self._process.stdin is not None:
            self._process.stdin.write(f"{order}\n".encode())


def _death(code: int) -> Failure:
    if code < 0:
        name = signal.Signals(-code).name
        return Failure(kind="signal", message=f"the worker was killed by signal {-code} ({name})")
    return Failure(kind="exit", message=f"the worker ended with exit code {code}")
