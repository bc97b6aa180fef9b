"""What studies larger than this machine cost, and how busy their slots are.

    python -m benchmarks.scaling costs [--costs FILE] [--epochs N] [--test-images N] [--db URL]
    python -m benchmarks.scaling orders
    python -m benchmarks.scaling study [--costs FILE] [--slots N ...] [--runs-a-slot N] [--figure FILE.png]

`costs` trains real runs and counts; with a FILE it is kept, and `study` measures nothing anew. `orders` compares orders
of runs where nothing else takes time. `study` trains the whole study with the real scheduler and the real store, in
virtual time: docs/scaling.md tells what is real in it. Run times are drawn from results.db.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.plan_orders import Planned, utilisation
from benchmarks.run_costs import WRITES, RunCosts, costs_from_json, costs_to_json, load_seconds, measure_run_costs
from benchmarks.run_lengths import RecordedRun, draw_length, recorded_runs
from benchmarks.scaling_figure import scaling_figure
from benchmarks.simulated_study import Outcome, Question, simulate, study_configs
from isicbench.records import RunStatus
from isicbench.store.store import open_to_read
from isicbench.store.urls import without_password

ORDERS = ((8, 160), (100, 500), (100, 2_000), (100, 5_000), (1_000, 5_000), (1_000, 20_000))
LONGEST_LAST = (0, 1, 2, 4, 8)
"""Runs a slot before the end from which on the longest go first."""
EVERYTHING = 10**9
BESIDE_HEARTBEATS = [method for method in WRITES if method != "record_progress"]


def main() -> None:
    arguments = _arguments()
    print(f"python -m benchmarks.scaling {' '.join(map(without_password, sys.argv[1:]))}", flush=True)
    {"costs": _costs, "orders": _orders, "study": _study}[arguments.what](arguments)


def _costs(arguments: argparse.Namespace) -> None:
    costs = _measured(arguments)
    print(f"one run of {costs.epochs} epochs, {costs.test_images} test images:")
    for name, value in costs_to_json(costs).items():
        if name not in ("writes", "rows"):
            print(f"  {name:26} {value:,}")
    print("  rows " + ", ".join(f"{table} {count:,}" for table, count in costs.rows.items()))
    print("write                  times  statements each  median ms of the processor")
    for method in dict.fromkeys(write.method for write in costs.writes):
        typical = costs.typical(method)
        times = "beats" if method == "record_progress" else costs.times(method)
        print(f"  {method:20} {times:>5}  {typical.statements:15}  {1e3 * typical.seconds:.2f}")
    statements = sum(costs.times(method) * costs.typical(method).statements for method in BESIDE_HEARTBEATS)
    held = sum(costs.times(method) * costs.typical(method).seconds for method in BESIDE_HEARTBEATS)
    print(f"all of a run without its heartbeats: {statements} statements, {1e3 * held:.0f} ms of the write lock")
    print(f"a worker's start: {load_seconds():.1f} s of a core")


def _orders(_: argparse.Namespace) -> None:
    recorded = recorded_runs(open_to_read("results.db"))
    headings = [f"last {many}" for many in LONGEST_LAST[1:]]
    print("slots    runs  " + "  ".join(f"{heading:>8}" for heading in ("grid", *headings, "all")))
    for slots, runs in ORDERS:
        planned = list(islice(_planned(recorded), runs))
        shares = [
            utilisation(planned, slots=slots, longest_last=min(many, runs))
            for many in (*(many * slots for many in LONGEST_LAST), EVERYTHING)
        ]
        print(f"{slots:5}  {runs:6}  " + "  ".join(f"{share:8.1%}" for share in shares))


def _planned(recorded: list[RecordedRun]) -> Iterator[Planned]:
    draws = Random(0)
    while True:
        for config in study_configs():
            yield config, draw_length(config, recorded, scale=1.0, draws=draws)


def _study(arguments: argparse.Namespace) -> None:
    costs = _measured(arguments)
    recorded = recorded_runs(open_to_read("results.db"))
    start = load_seconds()
    outcomes: list[Outcome] = []
    print("slots   runs  utilisation   begun  scheduler  write lock  waited for it  writes/s  refused  deaths")
    for slots in arguments.slots:
        question = Question(
            slots=slots,
            runs=slots * arguments.runs_a_slot,
            scale=arguments.scale,
            statement_ms=arguments.statement_ms,
            commit_ms=arguments.commit_ms,
            start_seconds=start,
            death_share=arguments.deaths,
            replays_epochs=not arguments.real_epochs,
            seed=arguments.seed,
        )
        with tempfile.TemporaryDirectory() as folder:
            outcome = simulate(question, costs, recorded, folder=Path(folder))
        outcomes.append(outcome)
        print(_line(outcome), flush=True)
        if outcome.statuses.get(RunStatus.COMPLETED, 0) != question.runs:
            sys.exit(f"NOT SOUND: {dict(outcome.statuses)}")
    if arguments.figure:
        arguments.figure.write_bytes(scaling_figure(outcomes))


def _line(outcome: Outcome) -> str:
    question = outcome.question
    waited = outcome.lock_waited_seconds / (question.slots * outcome.seconds)
    return (
        f"{question.slots:5}  {question.runs:5}  {outcome.utilisation:11.1%}  {outcome.last_start_seconds:4.0f} s"
        f"  {outcome.scheduler_share:9.1%}  {outcome.lock_share:10.1%}  {waited:13.1%}"
        f"  {outcome.writes / outcome.seconds:8.0f}  {outcome.refusals:7}  {outcome.deaths:6}"
    )


def _measured(arguments: argparse.Namespace) -> RunCosts:
    """From the file where it is there, else measured, and kept in it."""
    if arguments.costs and arguments.costs.exists():
        return costs_from_json(json.loads(arguments.costs.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        database = arguments.db or str(Path(folder) / "costs.db")
        costs = measure_run_costs(Path(folder), database=database, epochs=arguments.epochs, test=arguments.test_images)
    if arguments.costs:
        arguments.costs.write_text(json.dumps(costs_to_json(costs)))
    return costs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("what", choices=["costs", "orders", "study"])
    parser.add_argument("--costs", type=Path, metavar="FILE")
    parser.add_argument("--epochs", type=int, default=10, help="of the runs that are measured")
    parser.add_argument("--test-images", type=int, default=379)
    parser.add_argument("--db", metavar="URL", help="an empty database on a server, to measure costs in")
    parser.add_argument("--slots", type=int, nargs="+", default=[100])
    parser.add_argument("--runs-a-slot", type=int, default=20)
    parser.add_argument("--scale", type=float, default=1.0, help="of the recorded run times")
    parser.add_argument("--statement-ms", type=float, default=0.0, help="more for each statement: a server's distance")
    parser.add_argument("--commit-ms", type=float, default=0.0, help="more for each commit: a disk's flush")
    parser.add_argument("--deaths", type=float, default=0.01, help="share of the runs whose worker dies on the way")
    parser.add_argument("--real-epochs", action="store_true", help="record every epoch instead of its time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figure", type=Path, metavar="FILE.png")
    return parser.parse_args()


if __name__ == "__main__":
    main()
