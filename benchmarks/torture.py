"""Whether studies survive: workers and commands killed at random, many writers at once, thousands of runs in a worker.

    python -m benchmarks.torture kills [--kills N] [--seed S]
    python -m benchmarks.torture writers [--writers N] [--epochs N] [--db URL]
    python -m benchmarks.torture soak [--runs N] [--minutes N]

Each prints what it counted and exits with 1 where something was lost, stuck or doubled, or grew.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.torture_kills import torture
from benchmarks.torture_soak import soak
from benchmarks.torture_writers import write_at_once
from isicbench.store.urls import without_password


def main() -> None:
    arguments = _arguments()
    print(f"python -m benchmarks.torture {' '.join(map(without_password, sys.argv[1:]))}", flush=True)
    tests: dict[str, Callable[[Path], bool]] = {
        "kills": lambda folder: torture(folder, kills=arguments.kills, seed=arguments.seed),
        "writers": lambda folder: write_at_once(
            folder, writers=arguments.writers, epochs=arguments.epochs, database=arguments.db
        ),
        "soak": lambda folder: soak(folder, runs=arguments.runs, minutes=arguments.minutes),
    }
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sound = tests[arguments.test](Path(folder))
    print(f"{'sound' if sound else 'NOT SOUND'}, after {time.monotonic() - began:.0f} s")
    sys.exit(0 if sound else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture", description=__doc__)
    parser.add_argument("test", choices=["kills", "writers", "soak"])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of when and whom to kill")
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=20_000, help="of all writers together")
    parser.add_argument("--db", metavar="URL", help="an empty database on a server, for the writers")
    parser.add_argument("--runs", type=int, default=3000, help="at most")
    parser.add_argument("--minutes", type=float, default=60, help="after which no further run is begun")
    return parser.parse_args()


if __name__ == "__main__":
    main()
