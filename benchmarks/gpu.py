"""What the commands take on one GPU: the study, and a sweep of 32 runs.

    python -m benchmarks.gpu [--images N] [--size PX] [--jobs-per-device N ...] [--alone N] [--json FILE]

Draws pictures of the challenge's sizes and counts (900 and 379), and runs `isicbench` itself on them, as a user would.
The sweep (frozen and fine-tuned, 4 learning rates, 4 seeds) is timed once for each `--jobs-per-device`, and beside them
what it takes to start one command a run, of which the first `--alone` are timed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import isicbench
from isicbench.compute.devices import visible_gpus
from isicbench.compute.environment import installed_packages
from isicbench.data.synthetic import write_synthetic

RATES = ("1e-4", "3e-4", "1e-3", "3e-3")
SEEDS = ("0", "1", "2", "3")
ORDER = ("--data-seed", "0")
"""One order and augmentation for all, as a comparison of learning rates would have it."""
Figures = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=900, help="training images to draw")
    parser.add_argument("--size", type=int, default=128, help="input size in pixels")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--jobs-per-device", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--alone", type=int, default=4, help="runs of the sweep to start as commands of their own")
    parser.add_argument("--devices", default="cuda")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    arguments = parser.parse_args()
    gpus = ", ".join(gpu.name for gpu in visible_gpus()) or "no GPU"
    print(f"{gpus}; {installed_packages(('torch', 'torchvision', 'isicbench'))}", flush=True)
    with tempfile.TemporaryDirectory(prefix="isicbench-gpu-") as name:
        bench = Commands(Path(name), arguments)
        bench.draw()
        figures = {"study": bench.study(), "sweep": bench.sweep(arguments.jobs_per_device, alone=arguments.alone)}
    if arguments.json:
        arguments.json.write_text(json.dumps({"gpus": gpus, **figures}, indent=2))


class Commands:
    """`isicbench run` on the drawn pairs, each time into a database of its own."""

    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        self.folder = folder
        self.pairs = folder / "pairs"
        self.images = arguments.images
        self.options = [
            *(
                "--dataset",
                "folder",
                "--data-dir",
                str(self.pairs),
                "--weights",
                "random",
                "--devices",
                arguments.devices,
            ),
            *("--epochs", str(arguments.epochs), "--size", str(arguments.size)),
        ]
        self.databases = 0

    def draw(self) -> None:
        started = time.perf_counter()
        write_synthetic(self.pairs, train=self.images, test=max(2, self.images * 379 // 900))
        print(f"drawn in {time.perf_counter() - started:.0f} s", flush=True)

    def run(self, *options: str) -> tuple[float, Path]:
        """Seconds that the command took, and its database."""
        self.databases += 1
        database = self.folder / f"{self.databases}.db"
        command = [sys.executable, "-m", "isicbench", "run", *self.options, *options, "--db", str(database)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return time.perf_counter() - started, database

    def study(self) -> Figures:
        """The study's two experiments, in fp32 on files that are prepared first, then in bf16."""
        found = {}
        for title, options in {"fp32": (), "bf16": ("--precision", "bf16")}.items():
            seconds, database = self.run("--frozen", "--fine-tuned", *options)
            found[title] = {"command": seconds} | parts_of(database)
            shown = ", ".join(f"{name} {value:.2f} s" for name, value in found[title].items())
            print(f"study, {title}: {shown}", flush=True)
        return found

    def sweep(self, jobs: Sequence[int], *, alone: int) -> Figures:
        grid = [(kind, rate, seed) for rate in RATES for seed in SEEDS for kind in ("--frozen", "--fine-tuned")]
        found: Figures = {}
        each = [self.run(kind, "--lr", rate, "--seed", seed, *ORDER)[0] for kind, rate, seed in grid[:alone]]
        if each:
            found["one command a run"] = {"command": sum(each) / alone * len(grid), "timed": float(alone)}
        rates = [part for rate in RATES for part in ("--lr", rate)]
        seeds = [part for seed in SEEDS for part in ("--seed", seed)]
        for count in jobs:
            options = (*rates, *seeds, *ORDER, "--jobs-per-device", str(count))
            seconds, database = self.run("--frozen", "--fine-tuned", *options)
            found[f"{count} a device"] = {"command": seconds} | parts_of(database)
        for title, figures in found.items():
            shown = ", ".join(f"{name} {value:.1f}" for name, value in figures.items())
            ratio = found.get("one command a run", figures)["command"] / figures["command"]
            print(f"sweep of {len(grid)}, {title}: {shown}; {ratio:.2f} times", flush=True)
        return found


def parts_of(database: Path) -> dict[str, float]:
    """Seconds of the frozen and of the fine-tuned runs: training, the first epochs of it, and the runs' rest."""
    results, epochs = isicbench.results(database), isicbench.epochs(database)
    first = epochs[epochs["epoch"] == 1].groupby("run_id")["train_seconds"].sum()
    found = {}
    for kind, chosen in (("frozen", results[results["frozen"]]), ("fine-tuned", results[~results["frozen"]])):
        whole = (chosen["finished_at"] - chosen["started_at"]).dt.total_seconds().sum()
        training = chosen["train_seconds"].sum()
        found[f"{kind} training"] = float(training)
        found[f"{kind} first epochs"] = float(first.reindex(chosen["run_id"]).sum())
        found[f"{kind} rest"] = float(whole - training)
    return found


if __name__ == "__main__":
    main()
