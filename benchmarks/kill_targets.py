"""The processes of a study that may be killed, and what they are at."""

import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from isicbench.store.store import Store

WORKER = "isicbench.scheduling.worker"


@dataclass(frozen=True, slots=True)
class Target:
    process: psutil.Process
    kind: str
    """`command`, `starting worker`, `training worker`, `scoring worker` or `idle worker`."""


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


def kill_some(targets: Sequence[Target], *, chance: random.Random) -> list[Target]:
    """SIGKILL for one of the targets, or for all of them at once as in a power cut; those that lived until then."""
    alone = [[target] for target in targets]
    victims = chance.choice([targets, *alone, *alone[1:]])
    return [victim for victim in victims if _kill(victim.process)]


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
