"""How long runs take, drawn from recorded ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from isicbench.config import Config
from isicbench.records import RunStatus
from isicbench.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    frozen: bool
    epoch_seconds: tuple[float, ...]
    """Training and validation of each recorded epoch."""
    other_seconds: float
    """What the run took beyond its epochs: images, network, scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLength:
    epochs: tuple[float, ...]
    other: float
    """After the last epoch."""

    @property
    def seconds(self) -> float:
        return sum(self.epochs) + self.other


def recorded_runs(store: Store) -> list[RecordedRun]:
    """Every completed run with its epochs. Raises `SystemExit` where there is not one of either experiment."""
    runs = store.runs(statuses=[RunStatus.COMPLETED])
    epochs = store.epochs([run.id for run in runs])
    found = []
    for run in runs:
        seconds = tuple(epoch.train_seconds + epoch.validation_seconds for epoch in epochs.get(run.id, ()))
        if run.started_at and run.finished_at and seconds:
            whole = (run.finished_at - run.started_at).total_seconds()
            found.append(
                RecordedRun(
                    frozen=run.config.frozen, epoch_seconds=seconds, other_seconds=max(0.0, whole - sum(seconds))
                )
            )
    if {run.frozen for run in found} != {True, False}:
        raise SystemExit(f"{store.url_shown} holds no completed run of both a frozen and a fine-tuned experiment")
    return found


def draw_length(config: Config, recorded: Sequence[RecordedRun], *, scale: float, draws: Random) -> RunLength:
    """One of the recorded runs that train as this config does; of its epochs, with replacement, as many as asked."""
    like = draws.choice([run for run in recorded if run.frozen == config.frozen])
    epochs = draws.choices(like.epoch_seconds, k=config.epochs)
    return RunLength(epochs=tuple(scale * seconds for seconds in epochs), other=scale * like.other_seconds)
