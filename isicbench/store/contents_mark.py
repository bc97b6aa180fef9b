"""Whether a report would say something else by now: asked every few seconds, so without reading what it says."""

from hashlib import sha256
from typing import Any

from sqlalchemy import Executable, func, select
from sqlalchemy.orm import Session

from isicbench.store.schema import (
    DiagnosisRow,
    EpochRow,
    EvaluationRow,
    ExperimentRow,
    PredictionRow,
    ProbabilityRow,
    RunRow,
)

DIGITS = 9
"""Of a sum: a server may add up in another order each time."""


def contents_mark(session: Session) -> str:
    """The same while no run, epoch, score, prediction, diagnosis or name has come, gone or changed.

    Counts, sums and the highest numbers of the tables, of many runs as of few in as many statements. A heartbeat and a
    step change nothing; the epoch that a run is in does.
    """
    found = [tuple(map(_rounded, row)) for query in _questions() for row in session.execute(query)]
    return sha256(repr(found).encode()).hexdigest()[:24]


def _questions() -> list[Executable]:
    runs = (func.count(), func.sum(RunRow.id), func.sum(RunRow.epoch), func.count(RunRow.environment_id))
    epochs = (EpochRow.train_loss, EpochRow.validation_loss, EpochRow.validation_dice)
    return [
        select(RunRow.status, *runs).group_by(RunRow.status).order_by(RunRow.status),
        select(func.count(), *map(func.sum, epochs)).select_from(EpochRow),
        select(func.count(), func.max(EvaluationRow.id), func.sum(EvaluationRow.dice)).select_from(EvaluationRow),
        select(func.count(), func.max(ProbabilityRow.id)).select_from(ProbabilityRow),
        select(func.count()).select_from(PredictionRow),
        select(func.count(), func.max(DiagnosisRow.id)).select_from(DiagnosisRow),
        select(ExperimentRow.id, ExperimentRow.name).order_by(ExperimentRow.id),
    ]


def _rounded(value: Any) -> Any:
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else value
