"""What is asked of Slurm and told to it, through its own commands."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from isicbench.errors import ClusterError
from isicbench.harmless import first_line

TIMEOUT_SECONDS = 120
LIVE = frozenset(("RUNNING", "COMPLETING", "CONFIGURING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"))
WAITING = frozenset(("PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"))
CANCELLED = "CANCELLED"
COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True)
class Element:
    """One of an array, as Slurm's queue has it."""

    state: str
    reason: str
    """Why it waits."""

    @property
    def lives(self) -> bool:
        """Whether a process of it may be there."""
        return self.state in LIVE

    @property
    def waits(self) -> bool:
        return self.state in WAITING

    @property
    def is_over(self) -> bool:
        """Whether it has ended, for good."""
        return not (self.lives or self.waits)


@dataclass(frozen=True, slots=True)
class Node:
    host: str
    has_gpu: bool


def partitions() -> dict[str, bool]:
    """Every partition's name, and whether it is the one that a job gets that names none. Raises `ClusterError`."""
    names = _ask("sinfo", "--noheader", "--format=%P").split()
    return {name.rstrip("*"): name.endswith("*") for name in names}


def nodes(partition: str) -> list[Node]:
    """A partition's nodes. Raises `ClusterError`."""
    lines = _ask("sinfo", "--noheader", "--Node", f"--partition={partition}", "--format=%n|%G").splitlines()
    return [Node(host, has_gpu="gpu" in resources) for host, resources in (line.split("|", 1) for line in lines)]


def submit(script: str, environment: Mapping[str, str]) -> int:
    """Submit a batch script; the job's number. Raises `ClusterError` for one that Slurm does not take."""
    done = _run("sbatch", "--parsable", script=script, environment=environment)
    if done.returncode:
        reason = first_line(done.stderr).removeprefix("sbatch: error: ")
        raise ClusterError(
            f"Slurm does not take the job: {reason}",
            hint="Look at what it is given: the same command with --dry-run. What there is: sinfo",
        )
    return int(done.stdout.split(";")[0])


def elements(job: int) -> dict[int, Element] | None:
    """An array's elements by number, without those that Slurm has forgotten; None while it does not answer."""
    done = _run("squeue", "--noheader", "--array", "--states=all", f"--jobs={job}", "--format=%K|%T|%r")
    if done.returncode:
        return {} if "Invalid job id" in done.stderr else None
    found = (line.split("|", 2) for line in done.stdout.splitlines())
    return {int(number): Element(state, reason) for number, state, reason in found}


def cancel(job: int, *options: str) -> None:
    """Cancel an array, or what `options` leave of it. Raises `ClusterError`."""
    done = _run("scancel", "--quiet", *options, str(job))
    if done.returncode:
        raise ClusterError(f"Slurm's job {job} may still run: {first_line(done.stderr)}", hint=f"Later: scancel {job}")


def requeue(job: int, element: int) -> None:
    """Put a running element back into the queue, which ends it. Raises `ClusterError`."""
    _ask("scontrol", "requeue", f"{job}_{element}")


def _ask(*command: str) -> str:
    done = _run(*command)
    if done.returncode:
        raise ClusterError(f"Slurm does not answer: {first_line(done.stderr)}", hint="Look at: sinfo")
    return done.stdout


def _run(
    program: str, *arguments: str, script: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """In a session of its own, so that a Ctrl-C in the terminal reaches this process alone.

    What Slurm says of a job that this process may be in would be taken for the new one's.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_") or name == "SLURM_CONF"}
    try:
        return subprocess.run(
            [program, *arguments],
            input=script,
            stdin=None if script is not None else subprocess.DEVNULL,
            env=own | dict(environment or {}),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ClusterError(
            f"Slurm is not installed here: there is no {program}",
            hint="Run this on a machine that jobs are submitted from; without Slurm: --executor local",
        ) from error
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(program, 1, "", f"{program}: no answer within {TIMEOUT_SECONDS} s")
