"""SIGKILL at random moments for the processes of a study, and what they were at."""

import random
import subprocess
import time
from dataclasses import dataclass

import psutil

from isicbench.store.store import Store

LONGEST_WAIT_SECONDS = 2.0
"""From the sight of what may be killed to the kill: about two runs, or half a worker's start."""
EARLY_SHARE = 0.3
"""Of the kills do not wait for a worker that has a run: the command and its workers may be just starting."""
WORKER = "isicbench.scheduling.worker"


@dataclass(frozen=True, slots=True)
class Target:
    process: psutil.Process
    kind: str
    """`command`, `starting worker`, `training worker`, `scoring worker` or `idle worker`."""


class Killer:
    """Strikes a study again and again."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._early = False

    def strike(self, command: subprocess.Popen[bytes], store: Store | None) -> list[str]:
        """Kill the command, a worker, or all at once as a power cut would, within seconds; what those that died were
        at. Nobody dies while no worker has a run, but where chance has it that those that start die too."""
        if not self._early and len(targets_of(command, store, early=False)) < 2:
            return []
        time.sleep(self._chance.uniform(0, LONGEST_WAIT_SECONDS))
        targets = targets_of(command, store, early=self._early)
        self._early = self._chance.random() < EARLY_SHARE
        alone = [[target] for target in targets]
        victims = self._chance.choice([targets, *alone, *alone[1:]])
        return [victim.kind for victim in victims if _kill(victim.process)]


def targets_of(command: subprocess.Popen[bytes], store: Store | None, *, early: bool) -> list[Target]:
    """The command and its living workers; those that are just starting only where `early` asks for them."""
    at = _occupations(store) if store else {}
    try:
        process = psutil.Process(command.pid)
        workers = [child for child in process.children() if WORKER in child.cmdline()]
        known = {run.owner.pid for run in store.runs() if run.owner} if store else set()
    except psutil.Error:
        return []
    kinds = [at.get(worker.pid, "idle worker" if worker.pid in known else "starting worker") for worker in workers]
    targets = [Target(process, "command"), *map(Target, workers, kinds)]
    return [target for target in targets if early or target.kind != "starting worker"]


def _kill(process: psutil.Process) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        process.kill()
    except psutil.Error:
        return False
    return True


def _occupations(store: Store) -> dict[int, str]:
    """By process id, for those that have a run: once all of its epochs are trained, it is being scored."""
    running = store.running_runs()
    epochs = store.epochs([run.id for run in running])
    trained = {run.id: len(epochs.get(run.id, ())) == run.config.epochs for run in running}
    return {run.owner.pid: "scoring worker" if trained[run.id] else "training worker" for run in running if run.owner}
