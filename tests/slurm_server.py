"""A real Slurm for tests: munge, a controller and one node on this machine, in a folder and on ports of their own."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.waiting import wait_until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
PARTITION = "main"
URGENT = "urgent"
"""Its jobs take the place of those in the other one, which are given two minutes' notice."""
CORES = 4
HOST = socket.gethostname().split(".")[0]
"""Slurm leaves the domain out."""
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=20
GresTypes=gpu
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} Gres=gpu:1
PartitionName={partition} Nodes=ALL Default=YES State=UP PriorityTier=1 GraceTime=120
PartitionName={urgent} Nodes=ALL State=UP PriorityTier=2 PreemptMode=OFF
"""


def program(name: str) -> str | None:
    """Where one of Slurm's programs is; Debian keeps servers where only root looks."""
    return shutil.which(name, path=PLACES)


def is_installed() -> bool:
    return all(program(name) for name in PROGRAMS)


class SlurmServer:
    """Its programs, found through `SLURM_CONF`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "slurm.conf"
        for name, mode in (("munge", 0o711), ("state", 0o700), ("spool", 0o755)):
            (folder / name).mkdir(mode=mode)
        key = folder / "munge" / "key"
        key.touch(mode=0o400)
        key.chmod(0o600)
        key.write_bytes(os.urandom(128))
        user = pwd.getpwuid(os.getuid()).pw_name
        self.configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                host=HOST,
                ports=_free_ports(2),
                user=user,
                cores=CORES,
                partition=PARTITION,
                urgent=URGENT,
            )
        )
        (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Return when the node takes jobs."""
        munge = self.folder / "munge"
        files = (f"--{name}-file={munge / name}" for name in ("key", "pid", "log", "seed"))
        self._start("munged", "--foreground", "--num-threads=2", f"--socket={munge / 'socket'}", *files)
        wait_until((munge / "socket").exists)
        self._start("slurmctld", "-D", "-i")
        self._start("slurmd", "-D", "-N", HOST)
        wait_until(lambda: self.ask("sinfo", "--noheader", "--format=%T").strip() == "idle")

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(60)

    def ask(self, name: str, *arguments: str) -> str:
        """What one of Slurm's commands prints; nothing where it fails."""
        done = subprocess.run([name, *arguments], env=self._environment, capture_output=True, text=True, check=False)
        return done.stdout

    def end_all_jobs(self) -> None:
        """Return when nothing is left in the queue."""
        self.ask("scancel", "--signal=KILL", "--full", "--state=RUNNING")
        self.ask("scancel", "--user", pwd.getpwuid(os.getuid()).pw_name)
        wait_until(lambda: not self.ask("squeue", "--noheader"))

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"SLURM_CONF": str(self.configuration)}

    def _start(self, name: str, *arguments: str) -> None:
        path = program(name)
        assert path is not None
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([path, *arguments], stdout=log, stderr=log, env=self._environment)
        self._processes.append(process)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def running_slurm() -> Iterator[SlurmServer]:
    """In a folder that nobody but this user can write to: munge asks for that."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    folder.chmod(0o755)
    server = SlurmServer(folder)
    try:
        server.start()
        yield server
        server.end_all_jobs()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
