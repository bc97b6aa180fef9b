"""What `isicbench run` and `isicbench resume` do once their options are read."""

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from isicbench.cli.console import notes, out, progress_bars, say
from isicbench.cli.following import Follower
from isicbench.errors import RunsFailedError, StoreError, StudyInterruptedError
from isicbench.records import RunRecord, RunStatus, StudyRecord, last_attempts
from isicbench.report.labels import differing_fields, setting
from isicbench.report.terminal import terminal_report
from isicbench.scheduling.executor import Machines
from isicbench.scheduling.one_machine import require_one_machine
from isicbench.scheduling.planning import Plan, Request, plan_study, prepare_plan
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.seen import seen_warnings
from isicbench.store.store import Store, open_store
from isicbench.store.urls import database_url, files_folder, without_password


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedStudy:
    """What the options of `isicbench run` say."""

    request: Request
    machines: Machines
    safeguards: Safeguards
    database: str | None
    force: bool
    dry_run: bool
    command: str


def command_line() -> str:
    """The command as it was typed, for the database; without a password."""
    return shlex.join(["isicbench", *map(without_password, sys.argv[1:])])


def train_grid(asked: AskedStudy) -> int:
    """Plan, train, print the table, or only the plan; returns the exit code."""
    if asked.dry_run:
        print_plan(asked.request, asked.machines, asked.safeguards, database=asked.database, force=asked.force)
        return 0
    store, plan = open_planned(asked)
    study = store.add_study(asked.command, plan.runs, force=asked.force, tags=asked.request.tags)
    return train_study(store, study, asked.machines, asked.safeguards)


def open_planned(asked: AskedStudy) -> tuple[Store, Plan]:
    """The database, and the plan with its images prepared; what is to be known of them is said."""
    for remark in asked.machines.plan.remarks:
        notes.print(remark, markup=False)
    store = open_store(asked.database)
    require_one_machine(store)
    with progress_bars() as progress:
        plan = plan_study(asked.request, progress=progress)
        plan = prepare_plan(plan, progress=progress)
    for remark in plan.dataset.remarks:
        notes.print(remark, markup=False)
    for warning in seen_warnings(plan):
        notes.print(f"Warning: {warning}", markup=False, style="yellow")
    return store, plan


def train_study(store: Store, study: StudyRecord, machines: Machines, safeguards: Safeguards) -> int:
    """Train a study that was added, print its table; returns the exit code."""
    code = trained_code(store, study, machines, safeguards)
    out.print(terminal_report(store, store.study_runs(study.id)))
    return code


def trained_code(store: Store, study: StudyRecord, machines: Machines, safeguards: Safeguards) -> int:
    """Train a study that was added; returns the exit code."""
    _announce(study, machines, store)
    stopped = train_runs(store, study, machines, safeguards)
    return _exit_code(store.study_runs(study.id), stopped=stopped)


SHOWN_FIELDS = frozenset(
    {"frozen", "weights", "weights_sha256", "image_size_px", "epochs", "batch_size", "learning_rate"}
)
"""Config fields that a plan's columns show, or the experiment's name."""


def print_plan(
    request: Request, machines: Machines, safeguards: Safeguards, *, database: str | None, force: bool
) -> None:
    """The runs that the command would train, and where; with the script that a queue would be given."""
    slots = machines.plan
    with progress_bars() as progress:
        plan = plan_study(request, progress=progress)
    completed = set() if force else _completed(plan, database)
    table = Table("experiment", "seed", "weights", "px", "epochs", "batch", "lr", "", box=None)
    told = [field for field in differing_fields([run.config for run in plan.runs]) if field not in SHOWN_FIELDS]
    for run in plan.runs:
        config = run.config
        done = "completed already" if (config.config_hash, run.seed) in completed else ""
        settings = (config.image_size_px, config.epochs, config.batch_size, config.learning_rate)
        name = ", ".join([run.name or config.default_name, *(setting(config, field) for field in told)])
        table.add_row(name, str(run.seed), config.weights, *(f"{value:g}" for value in settings), done)
    out.print(table)
    where = ", ".join(slot.title for slot in slots.slots)
    counts = f"{plan.record.name} ({plan.record.counts} images)"
    out.print(f"{len(plan.runs)} runs on {counts}; slots: {where}")
    if script := machines.script(folder=files_folder(database_url(database)), safeguards=safeguards):
        out.print(f"\n{script}", markup=False, highlight=False, soft_wrap=True, end="")
    for remark in (*slots.remarks, *plan.dataset.remarks):
        notes.print(remark, markup=False)


def _completed(plan: Plan, database: str | None) -> set[tuple[str, int]]:
    try:
        store = open_store(database, create=False)
    except StoreError:
        return set()
    wanted = {run.config.config_hash for run in plan.runs}
    runs = store.runs(statuses=[RunStatus.COMPLETED])
    return {(run.config.config_hash, run.seed) for run in runs if run.config.config_hash in wanted}


def _announce(study: StudyRecord, machines: Machines, store: Store) -> None:
    where = ", ".join(slot.title for slot in machines.plan.slots)
    skipped = f", {len(study.skipped_ids)} of them completed before" if study.skipped_ids else ""
    runs = f"{len(study.run_ids)} run{'s' if len(study.run_ids) != 1 else ''}"
    notes.print(
        f"Study {study.id}: {runs}{skipped}; slots: {where}; database: {store.url_shown}", markup=False, soft_wrap=True
    )


def train_runs(
    store: Store,
    study: StudyRecord,
    machines: Machines,
    safeguards: Safeguards,
    *,
    looked: Callable[[], None] = lambda: None,
) -> bool:
    """Whether the user or the system stopped it; `looked` is called about twice a second."""
    titles = {slot.name: slot.title for slot in machines.plan.slots}
    with Follower(store, lambda: store.study(study.id).run_ids, slot_titles=titles) as follower:

        def observe() -> None:
            looked()
            follower.look()

        executor = machines.executor(store, study, safeguards=safeguards, observe=observe)
        executor.run()
    if executor.stopping:
        say("Stopped. The same command goes on with what is left; or: isicbench resume --all")
    return executor.stopping


def _exit_code(runs: Sequence[RunRecord], *, stopped: bool) -> int:
    """A run that a later attempt has taken the place of does not count."""
    if stopped:
        return StudyInterruptedError.exit_code
    completed = all(run.status is RunStatus.COMPLETED for run in last_attempts(runs))
    return 0 if completed else RunsFailedError.exit_code
