"""What a training sums up on the device, for one run or several side by side; nothing waits for it step by step."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from isicbench.training.state import FiguresState

CHECK_STEPS = 16
"""How often within an epoch the sums are looked at, so that a training that diverged stops soon."""


class TrainingDivergedError(Exception):
    """A loss or a gradient was no longer finite. `epoch` and `step` count from 1 and tell where it was first."""

    def __init__(
        self,
        *,
        epoch: int,
        step: int,
        gradient_norm: float = math.nan,
        last_loss: float = math.nan,
        last_gradient_norm: float = math.nan,
    ) -> None:
        super().__init__(f"the loss was not finite from epoch {epoch}, step {step} on")
        self.epoch = epoch
        self.step = step
        self.gradient_norm = gradient_norm
        """At that step."""
        self.last_loss = last_loss
        """Of the step before; NaN where the very first step failed. So is the next."""
        self.last_gradient_norm = last_gradient_norm


@dataclass(frozen=True, slots=True, eq=False)
class StepFigures:
    """One step's figures, `(R,)` each, on the device: a row a run."""

    losses: Tensor
    gradient_norms: Tensor


class RunningFigures:
    """Sums over an epoch's steps and the first step that was not finite, for `runs` runs."""

    def __init__(self, runs: int, *, device: torch.device) -> None:
        self.runs = runs
        self.device = device
        self.bad_step = torch.zeros(runs, dtype=torch.int64, device=device)
        self.bad_norm = torch.full((runs,), math.nan, device=device)
        self.last_loss = torch.full((runs,), math.nan, device=device)
        self.last_norm = torch.full((runs,), math.nan, device=device)
        self._asked: tuple[Tensor, torch.cuda.Event] | None = None
        self.begin_epoch(1)

    def begin_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        self.steps = 0
        self.images = 0
        self.total = torch.zeros(self.runs, dtype=torch.float64, device=self.device)
        self.largest_norm = torch.zeros(self.runs, device=self.device)

    def add(self, figures: StepFigures, *, images: int) -> None:
        self.steps += 1
        self.images += images
        losses, norms = figures.losses.detach(), figures.gradient_norms.detach()
        self.total += losses.double() * images
        torch.maximum(self.largest_norm, norms, out=self.largest_norm)
        sound = (self.bad_step == 0) & torch.isfinite(losses) & torch.isfinite(norms)
        first_bad = (self.bad_step == 0) & ~sound
        self.bad_step += first_bad * self.steps
        self.bad_norm = torch.where(first_bad, norms, self.bad_norm)
        self.last_loss = torch.where(sound, losses, self.last_loss)
        self.last_norm = torch.where(sound, norms, self.last_norm)

    def any_bad(self, active: Collection[int]) -> bool:
        """Whether one of these runs is known to have diverged; looks every `CHECK_STEPS` steps and never waits.

        On CUDA it reads what an earlier call asked for.
        """
        if self.steps % CHECK_STEPS:
            return False
        if self.device.type == "cpu":
            return any(self.bad_step[run] for run in active)
        asked, self._asked = self._asked, _ask(self.bad_step)
        if asked is None or not asked[1].query():  # type: ignore[no-untyped-call]
            return False
        return any(asked[0][run] for run in active)

    def divergence(self) -> list[TrainingDivergedError | None]:
        """For each run how it diverged in this epoch; waits for the device."""
        columns = (self.bad_step.double(), self.bad_norm, self.last_loss, self.last_norm)
        rows = torch.stack([column.double() for column in columns], dim=1).tolist()
        return [
            TrainingDivergedError(
                epoch=self.epoch, step=int(step), gradient_norm=norm, last_loss=loss, last_gradient_norm=last
            )
            if step
            else None
            for step, norm, loss, last in rows
        ]

    def state(self, run: int) -> FiguresState | None:
        """One run's sums so far; None where it diverged. Waits for the device."""
        columns = (self.bad_step, self.total, self.largest_norm, self.last_loss, self.last_norm)
        bad, total, largest, loss, norm = torch.stack([column[run].double() for column in columns]).tolist()
        if bad:
            return None
        return FiguresState(images=self.images, total=total, largest_norm=largest, last_loss=loss, last_norm=norm)

    def restore(self, run: int, state: FiguresState, *, steps: int) -> None:
        """Go on within an epoch that has begun, after `steps` of it."""
        self.steps, self.images = steps, state.images
        self.total[run], self.largest_norm[run] = state.total, state.largest_norm
        self.last_loss[run], self.last_norm[run] = state.last_loss, state.last_norm

    def means(self) -> list[tuple[float, float]]:
        """Each run's mean loss over images, and its largest gradient norm; waits for the device."""
        rows: list[list[float]] = torch.stack([self.total / self.images, self.largest_norm.double()], dim=1).tolist()
        return [(loss, norm) for loss, norm in rows]


def _ask(flags: Tensor) -> tuple[Tensor, torch.cuda.Event]:
    """A copy on the host that is valid once the event has happened."""
    copied = torch.empty_like(flags, device="cpu", pin_memory=True)
    copied.copy_(flags, non_blocking=True)
    event = torch.cuda.Event()  # type: ignore[no-untyped-call]
    event.record()
    return copied, event
