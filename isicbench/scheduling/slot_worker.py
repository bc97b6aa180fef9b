"""The scheduler's end of a worker process."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from isicbench.compute.processes import host_name
from isicbench.compute.slots import Slot
from isicbench.records import Failure
from isicbench.scheduling.out_of_memory import KIND as OUT_OF_MEMORY
from isicbench.scheduling.out_of_memory import kernel_kills
from isicbench.scheduling.safeguards import Safeguards

LEAVING = "leaving"
"""The word of an answer after which a worker takes no more orders."""
LEAVING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of runs that a worker was handed: a status or `refused` each; or the worker's own death."""

    statuses: Mapping[int, str] = field(default_factory=dict)
    failure: Failure | None = None
    worker_leaves: bool = False
    """It takes no more orders: its device computes no more."""

    @property
    def all_refused(self) -> bool:
        return self.failure is None and set(self.statuses.values()) == {"refused"}


class SlotWorker:
    """A worker process on a slot: started, handed one run or group of runs at a time, and buried when it dies."""

    def __init__(self, process: Process, *, log: Path, hang_seconds: float) -> None:
        self._process = process
        self.log = log
        """What it prints between two runs."""
        self._standstill = Standstill(hang_seconds)
        self._kernel_kills = kernel_kills()
        self.run_ids: tuple[int, ...] = ()
        """What it is at."""
        self._leaves = False

    @classmethod
    async def start(cls, slot: Slot, *, database: str, log: Path, safeguards: Safeguards) -> "SlotWorker":
        """Start a worker in a session of its own, so that a Ctrl-C in the terminal reaches the scheduler alone."""
        log.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["--slot", slot.name, "--device", slot.device, "--threads", str(slot.threads)]
        arguments += ["--checkpoint-minutes", str(safeguards.checkpoint_minutes)]
        arguments += ["--hang-seconds", str(safeguards.hang_seconds)]
        with log.open("a") as stderr:
            process = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "isicbench.scheduling.worker", *arguments],
                stdin=PIPE,
                stdout=PIPE,
                stderr=stderr,
                env=os.environ | slot.environment | {"ISICBENCH_DB": database},
                start_new_session=True,
            )
        return cls(process, log=log, hang_seconds=safeguards.hang_seconds)

    @property
    def host(self) -> str:
        return host_name()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._leaves

    async def train(self, run_ids: Sequence[int]) -> Answer:
        """Hand over runs that train side by side, and wait for what becomes of them."""
        assert self._process.stdout is not None
        self._say(f"train {' '.join(map(str, run_ids))}")
        self._standstill.begin()
        self.run_ids = tuple(run_ids)
        words = (await self._process.stdout.readline()).decode().split()
        self.run_ids = ()
        if not words:
            return Answer(failure=self._death(await self._process.wait()))
        if LEAVING in words:
            words.remove(LEAVING)
            await self._leave()
        became = dict(word.split("=") for word in words)
        return Answer({int(run_id): status for run_id, status in became.items()}, worker_leaves=self._leaves)

    def end_if_hanging(self, progress: Hashable) -> None:
        """Kill it where `progress`, whatever tells how far its runs are, has not changed for too long."""
        if self.run_ids and self._standstill.is_too_long(progress):
            self.kill()

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

    async def _leave(self) -> None:
        """Give it time to leave the device's memory, but no more: the driver may keep it from ever ending."""
        self._leaves = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), LEAVING_SECONDS)

    def _say(self, order: str) -> None:
        if self.alive and self._process.stdin is not None:
            self._process.stdin.write(f"{order}\n".encode())

    def _death(self, code: int) -> Failure:
        if failure := self._standstill.failure:
            return failure
        if code == -signal.SIGKILL and kernel_kills() > self._kernel_kills:
            return Failure(kind=OUT_OF_MEMORY, message="the kernel killed its worker: out of memory")
        return _death(code)


class Standstill:
    """How long something has stayed as it was."""

    GRACE_SECONDS = 5.0
    """For a worker's own watchdog, which writes where it stands."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        """0 never is too long."""
        self.noticed = False
        self.begin()

    def begin(self) -> None:
        self._seen: Hashable = None
        self._since = time.monotonic()

    def is_too_long(self, progress: Hashable) -> bool:
        if progress != self._seen:
            self._seen, self._since = progress, time.monotonic()
        self.noticed = bool(self.seconds) and time.monotonic() - self._since > self.seconds + self.GRACE_SECONDS
        return self.noticed

    @property
    def failure(self) -> Failure | None:
        """What became of a worker that was ended for it."""
        if not self.noticed:
            return None
        waited = f"no step, epoch or score for {self.seconds / 60:g} minutes"
        return Failure(kind="hang", message=f"{waited}: its worker was ended; its log tells where it stood")


def _death(code: int) -> Failure:
    if code < 0:
        name = signal.Signals(-code).name
        return Failure(kind="signal", message=f"the worker was killed by signal {-code} ({name})")
    return Failure(kind="exit", message=f"the worker ended with exit code {code}")
