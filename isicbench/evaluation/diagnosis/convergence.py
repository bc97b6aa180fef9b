"""What the curves over epochs say: turned, still falling, or no longer finite."""

from collections.abc import Sequence

from isicbench.evaluation.diagnosis.figures import RunFigures
from isicbench.records import Diagnosis, EpochRecord

FEWEST_EPOCHS = 4
"""With fewer, a curve's direction is not told from its noise."""
RISE = 1.05
"""Overfitting: the validation loss of the last two epochs stands above this multiple of its lowest value."""
FALL_AN_EPOCH = 0.02
"""Not converged: the validation loss fell by more than this share an epoch over the last third."""


def overfitting(figures: RunFigures) -> list[Diagnosis]:
    """The validation loss has turned and risen while the training loss went on falling, and the last weights count."""
    epochs = figures.epochs
    if len(epochs) < FEWEST_EPOCHS or figures.config.keep == "best":
        return []
    best = min(epochs, key=lambda epoch: epoch.validation_loss)
    last = epochs[-1]
    risen = all(epoch.validation_loss > RISE * best.validation_loss for epoch in epochs[-2:])
    if not risen or best.epoch > last.epoch - 2 or last.train_loss >= best.train_loss:
        return []
    return [
        Diagnosis(
            kind="overfitting",
            message=(
                f"the validation loss turned at epoch {best.epoch}: from {best.validation_loss:.4f} it rose to "
                f"{last.validation_loss:.4f} while the training loss fell from {best.train_loss:.4f} to "
                f"{last.train_loss:.4f}."
            ),
            advice=f"Try --keep best, --epochs {best.epoch}, a lower learning rate, or --augmentation study.",
            evidence={
                "best_epoch": best.epoch,
                "best_validation_loss": best.validation_loss,
                "last_validation_loss": last.validation_loss,
                "train_loss_at_best": best.train_loss,
                "last_train_loss": last.train_loss,
            },
        )
    ]


def not_converged(figures: RunFigures) -> list[Diagnosis]:
    """The losses still fall: the scores are those of an unfinished training."""
    epochs = figures.epochs
    if len(epochs) < FEWEST_EPOCHS:
        return []
    steps = max(2, len(epochs) // 3)
    fall = _fall_an_epoch(epochs, steps=steps)
    falls_everywhere = epochs[-1].train_loss < epochs[-1 - steps].train_loss
    if not fall > FALL_AN_EPOCH or not falls_everywhere:
        return []
    before, last = epochs[-1 - steps], epochs[-1]
    return [
        Diagnosis(
            kind="not_converged",
            message=(
                f"the losses were still falling at the end: validation from {before.validation_loss:.4f} to "
                f"{last.validation_loss:.4f} over the last {steps} epochs, {fall:.1%} an epoch."
            ),
            advice="More epochs will give other scores: compare only experiments that have had their time.",
            evidence={
                "validation_loss_before": before.validation_loss,
                "last_validation_loss": last.validation_loss,
                "fall_an_epoch": fall,
            },
        )
    ]


def divergence(
    *, epoch: int, step: int, last_loss: float, norm_before: float, norm: float, learning_rate: float
) -> Diagnosis:
    """The loss or a gradient was not finite from this step on; `last_loss` and `norm_before` are the step's before."""
    return Diagnosis(
        kind="diverged",
        message=(
            f"training diverged at epoch {epoch}, step {step}: the loss was {last_loss:.4g} and the norm of the "
            f"gradients {norm_before:.4g} one step before; then {norm:.4g}."
        ),
        advice=(
            f"Try a lower learning rate than {learning_rate:g} (--lr), or look for unsound images "
            "(isicbench data verify)."
        ),
        evidence={
            "epoch": epoch,
            "step": step,
            "last_loss": last_loss,
            "gradient_norm_before": norm_before,
            "gradient_norm": norm,
            "learning_rate": learning_rate,
        },
    )


def _fall_an_epoch(epochs: Sequence[EpochRecord], *, steps: int) -> float:
    """The validation loss's mean relative fall over the last `steps` epochs; 0 unless the last is the lowest."""
    before, last = epochs[-1 - steps].validation_loss, epochs[-1].validation_loss
    if last > min(epoch.validation_loss for epoch in epochs):
        return 0.0
    return 1 - (last / before) ** (1 / steps) if before > 0 else 0.0
