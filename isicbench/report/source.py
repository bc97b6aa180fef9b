"""What a report reads; the store fits it without knowing it."""

from collections.abc import Mapping, Sequence, Set
from typing import Protocol

from isicbench.records import (
    CostRecord,
    DatasetRecord,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    ImageMetric,
    PredictionRecord,
    ProbabilityRecord,
    SampleRecord,
)


class ReportSource(Protocol):
    """The reading methods that a report needs; a run without rows may be absent from a mapping."""

    def epochs(self, run_ids: Sequence[int], /, *, last_only: bool = False) -> Mapping[int, Sequence[EpochRecord]]:
        """In order, or each run's last epoch alone."""
        ...

    def evaluations(self, run_ids: Sequence[int], /) -> Mapping[int, Sequence[EvaluationRecord]]: ...

    def image_metric(
        self, run_ids: Sequence[int], /, *, metric: str, split: str, resolution: str
    ) -> Mapping[int, ImageMetric]:
        """One metric of each run's own evaluation, image by image; a run without one is absent."""
        ...

    def image_metric_of(
        self, evaluations: Mapping[int, EvaluationRecord], /, *, metric: str
    ) -> Mapping[int, ImageMetric]:
        """The same of one evaluation of each run, whoever made it."""
        ...

    def runs_with_predictions(self, run_ids: Sequence[int], /) -> Set[int]: ...

    def predictions(self, run_ids: Sequence[int], /) -> Mapping[int, Sequence[tuple[SampleRecord, PredictionRecord]]]:
        """Pictures and all: asked for the few runs that are drawn."""
        ...

    def probabilities(self, run_ids: Sequence[int], /) -> Mapping[int, Sequence[ProbabilityRecord]]: ...

    def costs(self, run_ids: Sequence[int], /) -> Mapping[int, CostRecord]: ...

    def environments(self, run_ids: Sequence[int], /) -> Mapping[int, EnvironmentRecord]: ...

    def datasets(self) -> Mapping[str, DatasetRecord]:
        """Every dataset by its fingerprint."""
        ...
