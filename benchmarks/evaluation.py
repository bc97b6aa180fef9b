"""Time and memory of scoring a test set at its images' own size. Run: python -m benchmarks.evaluation

The contestants take turns, each in a process of its own, so that peak memory is its own and a slow moment of the
machine hits all of them. Only scoring is timed: libraries are loaded, and isicbench's masks were decoded before, as
`isicbench data prepare` does once; the loops decode the PNG files. Needs: pip install 'isicbench[bench]'
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contestants import CONTESTANTS
from benchmarks.mask_files import open_mask_files, write_mask_files
from isicbench.compute.memory import peak_memory_mib
from isicbench.data.threads import thread_count

FULL, QUICK = 379, 24
QUICK_SIZES = ((1022, 767), (722, 542), (1504, 1129))


def main() -> None:
    arguments = _arguments()
    if arguments.contestant:
        print(json.dumps(measure(Path(arguments.folder), arguments.contestant)))
        return
    with tempfile.TemporaryDirectory() as folder:
        count, sizes = (QUICK, {"sizes": QUICK_SIZES}) if arguments.quick else (FULL, {})
        write_mask_files(Path(folder), count=count, **sizes)
        pixels = open_mask_files(Path(folder)).split.original_sizes.prod(axis=1)
        print(f"{count} masks, {pixels.sum() / 1e6:.0f} million pixels, the largest {pixels.max() / 1e6:.1f} million")
        print(f"{thread_count()} cores, {arguments.rounds} rounds, medians", flush=True)
        print_comparison(take_turns(folder, rounds=arguments.rounds))


def measure(folder: Path, contestant: str) -> dict[str, Any]:
    """Seconds of one scoring, the process's peak memory before and after it (MiB), and the means that came out."""
    files = open_mask_files(folder)
    CONTESTANTS[contestant](files.first())
    before = peak_memory_mib()
    started = time.perf_counter()
    means = CONTESTANTS[contestant](files)
    return {
        "seconds": time.perf_counter() - started,
        "peak_mib": peak_memory_mib(),
        "before_mib": before,
        "means": means,
    }


def take_turns(folder: str, *, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Every contestant once a round."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTESTANTS}
    for _ in range(rounds):
        for name, results in found.items():
            command = [sys.executable, "-m", "benchmarks.evaluation", "--contestant", name, "--folder", folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results.append(json.loads(done.stdout))
    return found


def print_comparison(found: dict[str, list[dict[str, Any]]]) -> None:
    seconds = {name: median(result["seconds"] for result in results) for name, results in found.items()}
    print(f"\n{'':38}{'seconds':>9}{'peak MiB':>10}{'mean IoU':>10}")
    for name, results in found.items():
        peak = max(result["peak_mib"] for result in results)
        print(f"{name:38}{seconds[name]:9.2f}{peak:10.0f}{results[0]['means'][0]:10.6f}")
    print()
    ours = [name for name in found if name.startswith("isicbench")]
    for peer in (name for name in found if name not in ours):
        for name in ours:
            print(f"{name}: {seconds[peer] / seconds[name]:.1f} times as fast as {peer}")
    means = {tuple(round(value, 9) for value in result["means"]) for results in found.values() for result in results}
    print("all agree on mean IoU and Dice" if len(means) == 1 else f"DISAGREEMENT: {sorted(means)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} masks of small sizes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
