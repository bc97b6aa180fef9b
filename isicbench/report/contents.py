"""Everything that a report says, read once and not yet rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isicbench.compute.environment import PACKAGES
from isicbench.errors import IsicbenchError
from isicbench.records import Diagnosis, EnvironmentRecord, RunRecord
from isicbench.report.comparison_section import ReportComparisons, report_comparisons
from isicbench.report.cost_table import CostLine, Costs, cost_lines, read_costs
from isicbench.report.cross_dataset import CrossDataset, read_cross_dataset
from isicbench.report.experiments import Experiment, Outcome, group_experiments
from isicbench.report.extent import ROWS, Extent, report_extent
from isicbench.report.notes import run_notes
from isicbench.report.protocol import ProtocolLine, protocol_lines, protocol_warnings, score_lines
from isicbench.report.scores import ScoreRow, score_rows
from isicbench.report.source import ReportSource
from isicbench.report.table import ResultRow, result_rows
from isicbench.report.thresholds import Probabilities, ThresholdLine, threshold_lines
from isicbench.report.wording import evidence_text, number_ranges, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisLine:
    """A diagnosis with the run that it is about."""

    run_id: int
    seed: int
    label: str
    diagnosis: Diagnosis

    @property
    def evidence(self) -> str:
        return evidence_text(self.diagnosis)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run of the report, in the runs table."""

    label: str
    outcome: Outcome
    device: str
    """Empty where no environment is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContents:
    experiments: tuple[Experiment, ...]
    rows: tuple[ResultRow, ...]
    extent: Extent
    """Which of them a rendering shows."""
    warnings: tuple[str, ...]
    protocols: tuple[ProtocolLine, ...]
    notes: tuple[str, ...]
    comparisons: ReportComparisons | None
    """None where no counted run has scores image by image."""
    cross_dataset: CrossDataset | None
    """Scores on several datasets' test images; None where there is one."""
    diagnoses: tuple[DiagnosisLine, ...]
    thresholds: tuple[ThresholdLine, ...]
    probabilities: Probabilities
    """Of every run of the detailed experiments."""
    runs: tuple[RunLine, ...]
    """Every run, none left out, in the order of the experiments; `shown_runs` are those that are rendered."""
    scores: tuple[ScoreRow, ...]
    """What the test set was scored, at each resolution."""
    score_lines: tuple[str, ...]
    """What the figures of `rows` are."""
    costs: Costs
    """By run, of one an experiment, where they are recorded."""
    cost_lines: tuple[CostLine, ...]
    """The experiments to weigh against their costs; none where all have one network."""
    environments: tuple[str, ...]
    """One line for each distinct set of software and devices."""

    @property
    def shown_rows(self) -> tuple[ResultRow, ...]:
        return tuple(self.rows[place] for place in self.extent.rows)

    @property
    def detailed(self) -> tuple[Experiment, ...]:
        """The experiments that are drawn and told run by run."""
        return tuple(self.experiments[place] for place in self.extent.detailed)

    @property
    def shown_notes(self) -> tuple[str, ...]:
        more = len(self.notes) - ROWS
        return (*self.notes[:ROWS], f"and {more} more runs.") if more > 0 else self.notes

    @property
    def shown_diagnoses(self) -> tuple[DiagnosisLine, ...]:
        told = self._told()
        return tuple(line for line in self.diagnoses if line.run_id in told)[:ROWS]

    @property
    def shown_runs(self) -> tuple[RunLine, ...]:
        told = self._told()
        return tuple(line for line in self.runs if line.outcome.run.id in told)[:ROWS]

    @property
    def shown_scores(self) -> tuple[ScoreRow, ...]:
        told = self._told()
        return tuple(row for row in self.scores if row.run_id in told)[: 2 * ROWS]

    def _told(self) -> set[int]:
        return {outcome.run.id for experiment in self.detailed for outcome in experiment.outcomes}


def read_contents(source: ReportSource, runs: Sequence[RunRecord], *, table_rows: int = ROWS) -> ReportContents:
    """Read what the report of these runs says, with so many rows in its table at most.

    Raises `IsicbenchError` when there are no runs.
    """
    if not runs:
        raise IsicbenchError("there are no runs to report", hint="Train some first: isicbench run")
    run_ids = [run.id for run in runs]
    evaluations = source.evaluations(run_ids)
    experiments = group_experiments(runs, source.epochs(run_ids), evaluations)
    rows = result_rows(experiments)
    extent = report_extent(experiments, rows, table_rows=table_rows)
    detailed = [experiments[place] for place in extent.detailed]
    leading = [outcome.run.id for experiment in detailed for outcome in experiment.leading]
    probabilities = source.probabilities(leading)
    environments = source.environments(run_ids)
    costs = read_costs(source, experiments)
    return ReportContents(
        experiments=tuple(experiments),
        rows=tuple(rows),
        extent=extent,
        warnings=tuple(protocol_warnings(experiments)),
        protocols=tuple(protocol_lines(experiments, source.datasets())),
        notes=tuple(run_notes(experiments)),
        comparisons=report_comparisons(source, experiments, evaluations, places=extent.compared),
        cross_dataset=read_cross_dataset(source, [experiments[place] for place in extent.compared], evaluations),
        diagnoses=tuple(_diagnoses(experiments)),
        thresholds=tuple(threshold_lines(detailed, probabilities)),
        probabilities=probabilities,
        runs=tuple(
            RunLine(label=experiment.label, outcome=outcome, device=_device(environments.get(outcome.run.id)))
            for experiment in experiments
            for outcome in experiment.outcomes
        ),
        scores=tuple(score_rows(experiments)),
        score_lines=tuple(score_lines(experiments)),
        costs=costs,
        cost_lines=tuple(cost_lines(experiments, rows, costs)),
        environments=tuple(_environment_lines(environments)),
    )


def _diagnoses(experiments: Sequence[Experiment]) -> list[DiagnosisLine]:
    return [
        DiagnosisLine(run_id=outcome.run.id, seed=outcome.run.seed, label=experiment.label, diagnosis=diagnosis)
        for experiment in experiments
        for outcome in experiment.outcomes
        for diagnosis in outcome.run.diagnoses
    ]


def _device(environment: EnvironmentRecord | None) -> str:
    return printable(environment.device) if environment else ""


def _environment_lines(environments: Mapping[int, EnvironmentRecord]) -> list[str]:
    """`Runs 1-4: cpu, Python 3.11.9, torch 2.4.0, code abc123`; the host stays out, for a report can be published."""
    members: dict[str, list[int]] = {}
    for run_id, environment in environments.items():
        members.setdefault(_software(environment), []).append(run_id)
    return [f"{'Run' if len(ids) == 1 else 'Runs'} {number_ranges(ids)}: {text}" for text, ids in members.items()]


def _software(environment: EnvironmentRecord) -> str:
    parts = [environment.device]
    if environment.driver:
        parts.append(f"driver {environment.driver}")
    parts += [environment.platform, f"Python {environment.python}"]
    versions = environment.packages
    told = [name for name in versions if name in ("torch", "torchvision") or name not in PACKAGES]
    parts += [f"{name} {versions[name]}" for name in told]
    if environment.git_revision:
        parts.append(f"code at {environment.git_revision[:12]}{_changes(environment.git_revision)}")
    return printable(", ".join(part for part in parts if part))


def _changes(revision: str) -> str:
    return " with local changes" if revision.endswith("+changes") else ""
