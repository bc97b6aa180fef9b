"""Throws input of every kind at the command: each gets the right result or one clear error, never a traceback.

    python -m tests.torture.fuzz --count 2000 --seed 1
    python -m tests.torture.fuzz --seed 1 --only 137        the 137th input again, with all that it printed

Every input is a function of the seed and its number alone.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isicbench.harmless import steers
from tests.torture.in_process import Outcome, call
from tests.torture.inputs import GENERATORS, Attempt, Supplies, make_supplies

CODES = frozenset({*range(10), 12, 13})
SILENT_CODES = frozenset({("data", 3), ("db", 5), ("doctor", 1), ("rm", 1), ("prune", 1)})
"""Findings printed as a result, or a question answered with no: an exit code without an error message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    number: int
    attempt: Attempt
    problem: str
    outcome: Outcome


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.fuzz")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock, and printed")
    parser.add_argument("--only", type=int, help="repeat this one input")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    numbers = range(1, options.count + 1) if options.only is None else [options.only]
    counts: Counter[str] = Counter()
    failures = 0
    for number, kind, failure in fuzz(seed, numbers):
        counts[kind.partition(",")[0]] += 1
        if options.only is not None or failure:
            report(seed, number, failure)
        failures += failure is not None
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    print(f"{counts.total()} inputs ({kinds}): {failures} failures")
    sys.exit(1 if failures else 0)


def fuzz(seed: int, numbers: Iterable[int]) -> Iterator[tuple[int, str, Failure | None]]:
    """Each input's number and kind, and what it broke."""
    with tempfile.TemporaryDirectory() as name:
        supplies = make_supplies(Path(name) / "supplies")
        for number in numbers:
            rng = random.Random(f"{seed}:{number}")
            folder = Path(name) / str(number)
            folder.mkdir()
            attempt = GENERATORS[rng.choice(sorted(GENERATORS))](supplies, folder, rng)
            yield number, attempt.kind, _try(number, attempt, folder, supplies)
            shutil.rmtree(folder, ignore_errors=True)


def _try(number: int, attempt: Attempt, folder: Path, supplies: Supplies) -> Failure | None:
    environment = {"ISICBENCH_HOME": str(folder / "home"), "TORCH_HOME": str(folder / "torch")}
    environment |= {"ISICBENCH_ISIC2016_URL": "http://127.0.0.1:1"} | attempt.environment
    for arguments in attempt.commands:
        outcome = call(arguments, folder=folder, environment=environment)
        problem = problem_of(arguments, outcome)
        if not problem and attempt.expected is not None and outcome.code not in attempt.expected:
            problem = f"exit code {outcome.code}, expected {sorted(attempt.expected)}"
        if not problem and attempt.forbidden is not None and attempt.forbidden.exists():
            problem = f"made {attempt.forbidden}"
        if problem:
            return Failure(number=number, attempt=attempt, problem=f"{arguments}: {problem}", outcome=outcome)
    return None


def problem_of(arguments: tuple[str, ...], outcome: Outcome) -> str:
    """Empty where the command kept its promise."""
    if outcome.raised:
        return "a traceback"
    if outcome.code not in CODES:
        return f"exit code {outcome.code}"
    if "Traceback" in outcome.stderr:
        return "a traceback on standard error"
    said = outcome.stderr.count("Error: ") + outcome.stderr.count("Aborted")
    if outcome.code and said == 0 and (arguments[0], outcome.code) not in SILENT_CODES:
        return f"exit code {outcome.code} without a message"
    if steering := sorted({c for c in outcome.stdout + outcome.stderr if steers(c) and c not in "\n\t"}):
        return f"characters that steer a terminal: {steering}"
    return ""


def report(seed: int, number: int, failure: Failure | None) -> None:
    if failure is None:
        print(f"input {number}: as it should be")
        return
    print(f"\nFAILURE {number}: {failure.attempt.kind}: {failure.problem}")
    print(f"again: python -m tests.torture.fuzz --seed {seed} --only {number}")
    print(failure.outcome.raised or failure.outcome.stdout[-2000:] + failure.outcome.stderr[-2000:], flush=True)


if __name__ == "__main__":
    main()
