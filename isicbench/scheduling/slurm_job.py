"""The batch script of a study's workers: one array, whose elements are alike."""

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from isicbench.errors import ConfigError
from isicbench.scheduling.run_files import SLOT_LOGS
from isicbench.scheduling.safeguards import Safeguards

NOTICE_SECONDS = 120
"""Before its time is up a worker is told, and saves. Slurm may tell it a minute earlier."""
LEAST_MINUTES = 5
TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
GPUS = re.compile(r"(?:(?P<kind>[A-Za-z][\w.-]*):)?(?P<count>[1-9]\d*)")
OPTION = re.compile(r"[a-z][a-z-]*(?:=[^\x00-\x1f\x7f]+)?")
STUDY = "ISICBENCH_STUDY"
"""The environment variable that tells an element its study; the database's URL is in another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmWishes:
    """What a user wants of Slurm, for each worker but for their number. Raises `ConfigError`."""

    workers: int | None = None
    partition: str | None = None
    time: str | None = None
    gpus: str | None = None
    """`2`, or with their kind `a100:2`."""
    options: tuple[str, ...] = ()
    """Others of sbatch's: `account=lab`."""

    def __post_init__(self) -> None:
        if self.workers is not None and not 1 <= self.workers <= 1000:
            raise ConfigError(f"--slurm-workers {self.workers}: expected 1 to 1000")
        if self.gpus is not None and not GPUS.fullmatch(self.gpus):
            raise ConfigError(f"--slurm-gpus {self.gpus}: expected a number, or KIND:NUMBER", hint="As in: a100:1")
        if self.time is not None:
            _require_time(self.time)
        for option in self.options:
            if not OPTION.fullmatch(option):
                raise ConfigError(
                    f"--slurm-option {option}: expected K=V, without dashes before it", hint="As in: account=lab"
                )

    def __bool__(self) -> bool:
        """Whether anything is wanted."""
        return self != SlurmWishes()

    @property
    def gpu_count(self) -> int:
        """Of each worker."""
        return int(self.gpus.rpartition(":")[2]) if self.gpus else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmJob:
    """What each element of the array gets, and what it trains on."""

    partition: str
    device: str
    """`cpu` or `cuda`."""
    gpus: str
    """As `--gres` names them; empty for none."""
    slots_each: int
    jobs_per_device: int
    cores_per_run: int
    time: str | None
    options: tuple[str, ...]

    def script(self, *, workers: int, folder: Path, safeguards: Safeguards) -> str:
        """For an array of so many workers. Nothing in it is secret: it can be read by all who may ask Slurm.

        Raises `ConfigError` for an option that the script has by itself.
        """
        cores = self.slots_each * self.cores_per_run
        directives = {
            "job-name": "isicbench",
            "array": f"0-{workers - 1}",
            "partition": self.partition,
            "time": self.time,
            "ntasks": "1",
            "cpus-per-task": str(cores),
            "gres": f"gpu:{self.gpus}" if self.gpus else None,
            "chdir": str(Path.cwd()),
            "output": _literal(str(folder / SLOT_LOGS)) + "/slurm-%A_%a.log",
            "open-mode": "append",
            "requeue": "",
            "signal": f"USR1@{NOTICE_SECONDS}",
        }
        for option in self.options:
            name, _, value = option.partition("=")
            if name in (*directives, "no-requeue", "wrap", "export", "error", "parsable"):
                raise ConfigError(f"--slurm-option {option}: isicbench says that to Slurm by itself")
            directives[name] = value
        lines = [_directive(name, value) for name, value in directives.items() if value is not None]
        step = ["srun", "--ntasks=1", f"--cpus-per-task={cores}", "--mpi=none", *self._worker(safeguards)]
        return "\n".join(["#!/bin/bash", *lines, f'exec {shlex.join(step)} --study "${STUDY}"']) + "\n"

    def _worker(self, safeguards: Safeguards) -> list[str]:
        """A step of its own: Slurm tells steps of a pre-emption, and not the script."""
        options = {
            "--folder": Path.cwd(),
            "--device": self.device,
            "--jobs-per-device": self.jobs_per_device,
            "--cores-per-run": self.cores_per_run,
            "--checkpoint-minutes": safeguards.checkpoint_minutes,
            "--hang-minutes": safeguards.hang_minutes,
            "--retries": safeguards.retries,
        }
        words = (str(word) for pair in options.items() for word in pair)
        return [sys.executable, "-m", "isicbench.scheduling.slurm_element", *words]


def log_of(folder: Path, job: int, element: int | str) -> Path:
    """What an element prints."""
    return folder / SLOT_LOGS / f"slurm-{job}_{element}.log"


def said_in(log: Path) -> str:
    """What an element said at its end, rather than what srun says of it."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "it left no log"
    errors = [line for line in lines if line.startswith("Error: ")]
    own = [line for line in lines if not line.startswith(("srun: ", "slurmstepd"))]
    return next(iter(errors or own[-1:] or lines), "its log is empty")


def _directive(name: str, value: str) -> str:
    return f"#SBATCH --{name}" + (f"={shlex.quote(value)}" if value else "")


def _literal(path: str) -> str:
    """Slurm puts numbers in place of `%A`."""
    return path.replace("%", "%%")


def _require_time(text: str) -> None:
    if not (match := TIME.fullmatch(text)):
        raise ConfigError(f"--slurm-time {text}: expected minutes, H:MM:SS or D-HH:MM:SS", hint="As in: 4:00:00")
    first, second = (int(match[name] or 0) for name in ("first", "second"))
    if match["days"]:
        minutes = int(match["days"]) * 1440 + first * 60 + second
    else:
        minutes = first * 60 + second if match["third"] else first
    if minutes < LEAST_MINUTES:
        raise ConfigError(
            f"--slurm-time {text}: a worker saves {NOTICE_SECONDS // 60} minutes before its time is up, "
            f"and needs {LEAST_MINUTES} at least"
        )
