"""What happens to runs that train together, put into the store, and into checkpoints."""

import time
from collections.abc import Callable, Sequence

import torch

from isicbench.models.segmenter import Segmenter
from isicbench.records import FINISHED, EpochRecord, Failure, RunRecord, RunStatus, StepRecord
from isicbench.scheduling.checkpoints import CheckpointClock, remove_checkpoints, save_checkpoint
from isicbench.scheduling.cost_files import counted_costs, save_costs
from isicbench.scheduling.failures import diagnosed, failure_of
from isicbench.scheduling.group import Group
from isicbench.scheduling.model_file import require_finite, save_model
from isicbench.scheduling.peak_memory import peak_mib
from isicbench.scheduling.run_folder import run_folder
from isicbench.scheduling.scores import record_scores
from isicbench.store.store import Store
from isicbench.training.loop import RunEvent, TrainingDivergedError, train_together
from isicbench.training.state import TrainingState

PROGRESS_SECONDS = 1.0
"""At most one progress row a second and run, so that recording costs next to nothing."""
BEAT_SECONDS = 4.0
"""While runs are scored: less than what the scheduler allows a worker beyond the longest standstill."""


class StopRequestedError(Exception):
    """The worker was asked to stop, and did so between two steps."""


class Recording:
    """Puts what happens to runs that train together into the store, and where they stand into checkpoints."""

    def __init__(
        self, store: Store, runs: Sequence[RunRecord], *, checkpoint_minutes: float, moved: Callable[[], None]
    ) -> None:
        self.store = store
        self.runs = runs
        self.moved = moved
        kept = store.epochs([run.id for run in runs])
        self.epochs: dict[int, list[EpochRecord]] = {i: list(kept.get(run.id, ())) for i, run in enumerate(runs)}
        """By the run's index in the group; those before a checkpoint that it goes on from too."""
        self.active = set(range(len(runs)))
        self.ended: dict[int, RunStatus] = {}
        """By the run's number."""
        self._reported = [-PROGRESS_SECONDS] * len(runs)
        self._steps = [StepRecord(epoch=len(self.epochs[i]), step=0, steps=0) for i in range(len(runs))]
        """Each run's last one."""
        self._beaten = time.monotonic()
        self._standing: dict[int, RunEvent] = {}
        """Each run's last event."""
        self._checkpoints = CheckpointClock(minutes=checkpoint_minutes)

    def train(
        self, group: Group, *, resume_from: Sequence[TrainingState] | None, should_stop: Callable[[], bool]
    ) -> None:
        """Train to the last epoch; raises `StopRequestedError` after the step in which a stop was asked for."""
        for happened in train_together(
            group.segmenters,
            [run.config for run in self.runs],
            data_seed=group.data_seed,
            training=group.training,
            validation=group.validation,
            resume_from=resume_from,
        ):
            self.record(happened)
            self.moved()
            if self._thaws_after(happened):
                group.require_unmoved()
            if happened.index in self.active and happened.index == max(self.active):
                self._after_all(should_stop, epoch_ended=isinstance(happened.event, EpochRecord))
            if not self.active:
                return

    def _thaws_after(self, happened: RunEvent) -> bool:
        """Whether the encoder was frozen until now, and will be trained."""
        unfreeze_at = self.runs[happened.index].config.unfreeze_at
        return isinstance(happened.event, EpochRecord) and happened.event.epoch == unfreeze_at - 1

    def _after_all(self, should_stop: Callable[[], bool], *, epoch_ended: bool) -> None:
        """Every run of the group has taken the step or ended the epoch, so that they can go on together."""
        unfinished = len(self.epochs[max(self.active)]) < self.runs[0].config.epochs
        stopping = unfinished and should_stop()
        if stopping or self._checkpoints.is_due(epoch_ended=epoch_ended):
            self._save_checkpoints()
        if stopping:
            raise StopRequestedError
        if epoch_ended:
            self._leave_what_was_ended()

    def _leave_what_was_ended(self) -> None:
        """Runs that somebody else has ended meanwhile, as a search does with a trial that it prunes."""
        runs = {run.id: run for run in self.store.runs(run_ids=[self.runs[index].id for index in self.active])}
        for index in sorted(self.active):
            run = runs.get(self.runs[index].id)
            if run is not None and run.status in FINISHED:
                self.active.discard(index)
                self.ended[run.id] = run.status

    def _save_checkpoints(self) -> None:
        """A disk that is full costs the checkpoint and not the training; the run's log tells."""
        began = time.monotonic()
        for index in sorted(self.active):
            run, state = self.runs[index], self._standing[index].state()
            if state is None:
                continue  # it diverged, which the loop will tell soon
            try:
                save_checkpoint(run_folder(self.store.folder, run), run, state)
            except OSError as error:
                print(f"run {run.id}: no checkpoint at epoch {state.epoch}, step {state.step}: {error}", flush=True)
        self._checkpoints.saved(began=began)

    def record(self, happened: RunEvent) -> None:
        if happened.index not in self.active:
            return
        run, event = self.runs[happened.index], happened.event
        self._standing[happened.index] = happened
        match event:
            case EpochRecord():
                self.store.record_epoch(run.id, event)
                self.epochs[happened.index].append(event)
            case StepRecord():
                self._steps[happened.index] = event
                if time.monotonic() - self._reported[happened.index] >= PROGRESS_SECONDS:
                    self.store.record_progress(run.id, event)
                    self._reported[happened.index] = time.monotonic()
            case TrainingDivergedError():
                self.store.record_diagnoses(run.id, [diagnosed(event, run)])
                self._end(happened.index, RunStatus.DIVERGED)

    def goes_on(self) -> None:
        """Say that an image was scored, in the database for every run that waits for its turn too: to whoever watches
        their heartbeats, a test set that takes minutes looks like a worker that hangs."""
        self.moved()
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            for index in sorted(self.active):
                self.store.record_progress(self.runs[index].id, self._steps[index])
            self._beaten = time.monotonic()

    def score(self, group: Group, index: int, *, device: torch.device) -> None:
        """Score, save and complete one trained run; what goes wrong is this run's failure alone."""
        run, epochs = self.runs[index], self.epochs[index]
        try:
            require_finite(group.segmenters[index])
            record_scores(
                self.store,
                run,
                group.segmenters[index],
                prepared=group.prepared,
                validation=group.validation,
                epochs=epochs,
                frozen_tensors_changed=group.frozen_tensors_changed(),
                scored=self.goes_on,
            )
            self.store.record_artifact(run.id, save_model(group.segmenters[index], run, artifacts=self.store.folder))
        except Exception as error:
            self._end(index, RunStatus.FAILED, failure=failure_of(error, run, device=device))
            return
        self._count_costs(group.segmenters[index], run)
        train_seconds = sum(epoch.train_seconds for epoch in epochs)
        self._end(
            index,
            RunStatus.COMPLETED,
            train_seconds=train_seconds,
            images_per_second=len(group.training) * len(epochs) / train_seconds,
            peak_memory_mib=peak_mib(device),
        )

    def _count_costs(self, segmenter: Segmenter, run: RunRecord) -> None:
        """A network that cannot be counted costs these figures and not the run; the run's log tells."""
        try:
            save_costs(self.store, run, counted_costs(segmenter, size_px=run.config.image_size_px))
        except Exception as error:
            print(f"run {run.id}: its network's costs are not recorded: {error}", flush=True)

    def end_all(self, status: RunStatus, *, failure: Failure | None = None) -> None:
        """Every run that has not ended yet."""
        for index in sorted(self.active):
            self._end(index, status, failure=failure)

    def _end(self, index: int, status: RunStatus, *, failure: Failure | None = None, **figures: float) -> None:
        run_id = self.runs[index].id
        self.store.finish(run_id, status, failure=failure, **figures)
        if status in (RunStatus.COMPLETED, RunStatus.DIVERGED):
            remove_checkpoints(run_folder(self.store.folder, self.runs[index]))
        self.active.discard(index)
        self.ended[run_id] = status
