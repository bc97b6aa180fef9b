"""What two databases must agree on, wherever their runs were trained."""

from isicbench.records import RunStatus
from isicbench.store.store import open_store


def scores(database: str):
    """By experiment and seed: each completed run's losses and test scores."""
    store = open_store(database, create=False)
    runs = store.runs(statuses=[RunStatus.COMPLETED])
    epochs, evaluations = store.epochs([r.id for r in runs]), store.evaluations([r.id for r in runs])
    return {
        (run.config.config_hash, run.seed): (
            [(epoch.train_loss, epoch.validation_loss) for epoch in epochs[run.id]],
            [(one.split, one.resolution, one.iou, one.dice) for one in evaluations[run.id]],
        )
        for run in runs
    }
