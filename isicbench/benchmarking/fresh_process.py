"""One piece of growing work in a process of its own, so that its peak memory is its own."""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from isicbench.benchmarking.task import Task
from isicbench.compute.memory import peak_memory_mib, reset_peak_memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    seconds: float
    """Of the work alone, without imports and without making its input."""
    cpu_seconds: float
    import_seconds: float
    peak_mib: float
    before_mib: float
    """The process's peak before the work began."""


def cost_of(work: str, *, count: int, folder: Path) -> Cost:
    """Do `work` at size `count`; its input is made in `folder` where it is not there yet. Raises `RuntimeError`."""
    command = [sys.executable, "-m", "isicbench.benchmarking.fresh_process", work, str(count), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    work, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    task = _task(work, count, folder)
    began = time.perf_counter()
    task.load()
    import_seconds = time.perf_counter() - began
    reset_peak_memory()
    before = peak_memory_mib()
    wall, cpu = time.perf_counter(), time.process_time()
    task.do()
    cost = Cost(
        seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        import_seconds=import_seconds,
        peak_mib=peak_memory_mib(),
        before_mib=before,
    )
    print(json.dumps(asdict(cost)))


def _task(work: str, count: int, folder: Path) -> Task:
    """Makes the input as well, so that it is there before anything is timed."""
    if work in ("resident", "streamed"):
        from isicbench.benchmarking.growing_images import images_task

        return images_task(work, count, folder)
    from isicbench.benchmarking.growing_commands import command_task

    return command_task(work, count, folder)


if __name__ == "__main__":
    main()
