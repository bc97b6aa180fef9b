"""Which runs `isicbench resume` goes on with."""

from collections.abc import Sequence

from isicbench.data.prepare import load_prepared
from isicbench.errors import ConfigError
from isicbench.records import RunRecord, RunStatus
from isicbench.scheduling.scheduler import bury_dead_owners
from isicbench.scheduling.search import PRUNED
from isicbench.store.store import Store
from isicbench.store.studies import RunRequest

RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.FAILED, RunStatus.QUEUED)
REASONS = {
    RunStatus.COMPLETED: ("is completed", "Train it again: the command that trained it, with --force"),
    RunStatus.RUNNING: ("is running", "Follow it: isicbench watch"),
    RunStatus.DIVERGED: ("diverged, and would again", "See: isicbench show {id}"),
}


def resumable_runs(store: Store, *, run_ids: Sequence[int], everything: bool) -> list[RunRecord]:
    """The runs that were named, or every run that waits to be gone on with.

    Raises `ConfigError` for one that cannot go on, or where neither runs nor everything was asked for.
    """
    if bool(run_ids) == everything:
        raise ConfigError(
            "name the runs to resume, or --all", hint="isicbench resume --all, or numbers of: isicbench list"
        )
    bury_dead_owners(store)
    if everything:
        return _waiting(store)
    runs = [store.run(run_id) for run_id in dict.fromkeys(run_ids)]
    for run in runs:
        if run.status in REASONS:
            reason, hint = REASONS[run.status]
            raise ConfigError(f"run {run.id} {reason}", hint=hint.format(id=run.id))
    return runs


def requests_for(store: Store, runs: Sequence[RunRecord]) -> list[RunRequest]:
    """Ask for the same configs and seeds again. Raises `DataError` where their prepared images are gone."""
    for fingerprint, size_px in sorted({(run.config.dataset_fingerprint, run.config.image_size_px) for run in runs}):
        load_prepared(fingerprint, size_px=size_px)
    datasets = store.datasets()
    return [
        RunRequest(config=run.config, seed=run.seed, dataset=datasets[run.config.dataset_fingerprint]) for run in runs
    ]


def _waiting(store: Store) -> list[RunRecord]:
    """The newest run of each config and seed, where that is not completed by now, running, diverged, or pruned by a
    search."""
    newest = {(run.config.config_hash, run.seed): run for run in store.runs()}
    completed = {(run.config.config_hash, run.seed) for run in store.runs(statuses=[RunStatus.COMPLETED])}
    return [
        run
        for key, run in newest.items()
        if run.status in RESUMABLE and key not in completed and not (run.failure and run.failure.kind == PRUNED)
    ]
