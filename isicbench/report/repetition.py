"""A run beside its repetition: every figure of both, and whether they agree."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from isicbench.errors import NotReproducedError
from isicbench.records import EnvironmentRecord, EpochRecord, EvaluationRecord, RunRecord
from isicbench.report.data_table import Cell, Column, DataTable
from isicbench.report.scores import RESOLUTIONS
from isicbench.report.wording import count

TOLERANCE = 0.02
"""Of losses in nats and of scores, where machine or threads are others: rounding grows from step to step."""
EPOCH_FIGURES = {
    "train_loss": "train_loss",
    "validation_loss": "validation_loss",
    "iou": "validation_iou",
    "dice": "validation_dice",
}
"""The field of an epoch by the figure's name."""
SURROUNDINGS = ("host", "platform", "python", "packages", "device", "driver", "threads")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """What is compared of a run."""

    run: RunRecord
    epochs: Sequence[EpochRecord]
    evaluations: Sequence[EvaluationRecord]
    environment: EnvironmentRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePair:
    where: str
    """`epoch 3`, or the resolution of a test score."""
    figure: str
    recorded: float | None
    repeated: float | None
    """None where one of the two has no such figure."""

    @property
    def is_equal(self) -> bool:
        """To the last bit; two that are not numbers are equal."""
        if self.recorded is None or self.repeated is None:
            return self.recorded is self.repeated
        both_nan = math.isnan(self.recorded) and math.isnan(self.repeated)
        return both_nan or self.recorded == self.repeated

    @property
    def difference(self) -> float:
        """Repeated minus recorded; infinite where one of them is missing or no number."""
        if self.is_equal:
            return 0.0
        if self.recorded is None or self.repeated is None:
            return math.inf
        found = self.repeated - self.recorded
        return math.inf if math.isnan(found) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    run: RunRecord
    repeated: RunRecord
    pairs: tuple[FigurePair, ...]
    others: tuple[str, ...]
    """In what the surroundings differ; of none, the figures must be equal to the last bit."""
    tolerance: float

    @property
    def differing(self) -> tuple[FigurePair, ...]:
        return tuple(pair for pair in self.pairs if not pair.is_equal)

    @property
    def beyond(self) -> tuple[FigurePair, ...]:
        """Those that differ by more than they may."""
        allowed = self.tolerance if self.others else 0.0
        return tuple(pair for pair in self.differing if abs(pair.difference) > allowed)

    @property
    def sentence(self) -> str:
        """What was found, and by what it was judged."""
        figures = count(len(self.pairs), "figure")
        whom = f"Run {self.run.id} and its repetition, run {self.repeated.id}"
        if not self.differing:
            return f"{whom}, agree to the last bit: {figures}."
        largest = max(abs(pair.difference) for pair in self.differing)
        told = f"{len(self.differing)} of {figures} differ, by {largest:.1e} at most"
        where = f"other {', '.join(self.others)}" if self.others else "the same machine, packages and threads"
        if self.beyond:
            return f"{whom}, do not agree ({where}): {told}; {self._allowed}."
        return f"{whom}, agree within the tolerance ({where}): {told}; {self._allowed}."

    @property
    def _allowed(self) -> str:
        return f"allowed are {self.tolerance:g}" if self.others else "allowed is no difference"

    def require(self) -> None:
        """Raises `NotReproducedError` where they do not agree."""
        if self.beyond:
            raise NotReproducedError(self.sentence, hint=f"Both runs: isicbench show {self.run.id}")


def compare_repetition(first: RunFigures, again: RunFigures, *, tolerance: float = TOLERANCE) -> Repetition:
    """Losses, IoU and Dice of every epoch, and IoU and Dice of the test set at each resolution."""
    recorded, repeated = dict(_figures(first)), dict(_figures(again))
    return Repetition(
        run=first.run,
        repeated=again.run,
        pairs=tuple(
            FigurePair(where=key[0], figure=key[1], recorded=recorded.get(key), repeated=repeated.get(key))
            for key in dict.fromkeys([*recorded, *repeated])
        ),
        others=tuple(_other_surroundings(first.environment, again.environment)),
        tolerance=tolerance,
    )


def repetition_table(repetition: Repetition) -> DataTable:
    """Differences, repeated minus recorded: a row an epoch, and one a resolution of the test set."""
    rows: dict[str, dict[str, FigurePair]] = {}
    for pair in repetition.pairs:
        rows.setdefault(pair.where, {})[pair.figure] = pair
    headings = ("Train loss", "Validation loss", "IoU", "Dice")
    return DataTable(
        name="repetition",
        title="Differences, repeated minus recorded",
        columns=(
            Column(key="where", heading="", is_text=True),
            *(Column(key=key, heading=name) for key, name in zip(EPOCH_FIGURES, headings, strict=True)),
        ),
        rows=tuple((where, *(_cell(found.get(key)) for key in EPOCH_FIGURES)) for where, found in rows.items()),
    )


def _cell(pair: FigurePair | None) -> Cell:
    if pair is None:
        return None
    return "0" if pair.is_equal else f"{pair.difference:+.1e}"


def _figures(figures: RunFigures) -> Iterator[tuple[tuple[str, str], float]]:
    for epoch in figures.epochs:
        for name, field in EPOCH_FIGURES.items():
            yield (f"epoch {epoch.epoch}", name), getattr(epoch, field)
    for evaluation in figures.evaluations:
        if evaluation.final and evaluation.split == "test":
            where = f"test, {RESOLUTIONS.get(evaluation.resolution, evaluation.resolution)} size"
            yield (where, "iou"), evaluation.iou
            yield (where, "dice"), evaluation.dice


def _other_surroundings(first: EnvironmentRecord | None, again: EnvironmentRecord | None) -> list[str]:
    if first is None or again is None:
        return ["surroundings, which are not recorded of both"]
    return [name for name in SURROUNDINGS if _value(first, name) != _value(again, name)]


def _value(environment: EnvironmentRecord, name: str) -> object:
    value = getattr(environment, name)
    return dict(value) if isinstance(value, Mapping) else value
