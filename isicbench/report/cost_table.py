"""What networks cost beside what they score, and which of them no other beats in both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from isicbench.records import CostRecord
from isicbench.report.data_table import Column, DataTable, Named
from isicbench.report.experiments import Experiment
from isicbench.report.source import ReportSource
from isicbench.report.table import ResultRow

Costs = Mapping[int, CostRecord]
"""By run."""

PARAMETERS = Column(key="parameters", heading="Parameters", unit="M", decimals=2, better="lower")
GFLOPS = Column(key="gflops", heading="GFLOPs", decimals=3, better="lower")
LATENCY = Column(key="latency_ms", heading="Latency, batch of 1, CPU", unit="ms", narrow="Latency", decimals=1,
                 better="lower")  # fmt: skip
MEASURES = (GFLOPS, PARAMETERS, LATENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One experiment; `dice` is the comparative table's mean."""

    place: int
    """Among the report's experiments."""
    label: str
    costs: CostRecord
    dice: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPoint:
    line: CostLine
    cost: float
    on_front: bool
    """Whether no other has a score as high for less, or a higher one for as little."""


def cost_of(costs: CostRecord, measure: Column) -> float | None:
    """In the measure's unit; None for a latency that was not measured."""
    return {"parameters": costs.parameters / 1e6, "gflops": costs.gflops, "latency_ms": costs.latency_ms}[measure.key]


def read_costs(source: ReportSource, experiments: Sequence[Experiment]) -> Costs:
    """Of one run an experiment, as far as any has them: its runs share one network, and each has a file of its own."""
    counted = [[outcome.run.id for outcome in experiment.counted] for experiment in experiments]
    found = source.costs([first for first, *_ in filter(None, counted)])
    others = [run_id for first, *rest in filter(None, counted) if first not in found for run_id in rest]
    return {**found, **source.costs(others)} if others else found


def experiment_costs(experiment: Experiment, costs: Costs) -> CostRecord | None:
    """Of the first of its runs that has any on record; they share one network."""
    return next((costs[o.run.id] for o in experiment.counted if o.run.id in costs), None)


def cost_lines(experiments: Sequence[Experiment], rows: Sequence[ResultRow], costs: Costs) -> list[CostLine]:
    """The experiments with a score and known costs; none where they all have one network."""
    lines = [
        CostLine(place=place, label=experiment.label, costs=found, dice=row.dice.mean)
        for place, (experiment, row) in enumerate(zip(experiments, rows, strict=True))
        if row.dice and (found := experiment_costs(experiment, costs))
    ]
    networks = {(experiments[line.place].config.encoder, experiments[line.place].config.decoder) for line in lines}
    return lines if len(networks) > 1 else []


def cost_points(lines: Sequence[CostLine], measure: Column) -> list[CostPoint]:
    """A point a line, in their order; none where the measure is not known of every one."""
    values = [(cost_of(line.costs, measure), line.dice) for line in lines]
    known = [(cost, dice) for cost, dice in values if cost is not None]
    if len(known) < len(values):
        return []
    marks = pareto_front(known)
    return [
        CostPoint(line=line, cost=cost, on_front=mark)
        for line, (cost, _), mark in zip(lines, known, marks, strict=True)
    ]


def pareto_front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each (cost, score) is beaten by no other: one that is as cheap and as good, and better in one of both.

    Equal points do not beat each other.
    """
    marks = [False] * len(points)
    best = float("-inf")
    in_order = sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1]))
    for place in in_order:
        cost, score = points[place]
        if score > best:
            best, cheapest = score, cost
        marks[place] = score == best and cost == cheapest
    return marks


def costs_table(lines: Sequence[CostLine], *, shown: Collection[int] | None = None) -> DataTable:
    """A row a line, or only those at the places `shown`; `front` names the measures on whose front it lies, among all
    lines."""
    fronts: dict[int, list[str]] = {line.place: [] for line in lines}
    for measure in MEASURES:
        for point in cost_points(lines, measure):
            fronts[point.line.place] += [measure.heading.split(",")[0]] * point.on_front
    return DataTable(
        name="costs",
        title="Score against cost",
        columns=(
            Column(key="experiment", heading="Experiment", is_text=True),
            *MEASURES,
            Column(key="dice", heading="Dice", decimals=4, is_score=True, better="higher"),
            Column(key="front", heading="On the front of", is_text=True),
        ),
        rows=tuple(
            (
                Named(line.label),
                *(cost_of(line.costs, measure) for measure in MEASURES),
                line.dice,
                ", ".join(fronts[line.place]) or None,
            )
            for line in lines
            if shown is None or line.place in shown
        ),
        caption=_caption(lines),
    )


def _caption(lines: Sequence[CostLine]) -> str:
    said = (
        "Costs are of one image at the network's input size; a multiplication with its addition counts as two "
        "operations. On a front is what no other beats in both: none is cheaper with as high a Dice, none as cheap "
        "with a higher one."
    )
    places = dict.fromkeys(line.costs.latency_on for line in lines if line.costs.latency_on)
    if places:
        said += f" Latency is the median on {'; '.join(places)}."
    if any(line.costs.latency_ms is None for line in lines):
        said += " Latencies that are missing were not measured: isicbench costs measures them."
    return said
