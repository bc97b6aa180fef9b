"""What `isicbench db copy` would do: which runs a target lacks, and which numbers they get there."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Table as SqlTable
from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from isicbench.records import FINISHED, WHAT_WAS_SCORED, RunStatus
from isicbench.store.schema import EvaluationRow, PluginMetricRow, ProbabilityRow, RunRow, StudyRow, StudyRunRow, Table

Action = Literal["add", "replace", "extend", "keep", "leave"]
TABLES: Mapping[str, SqlTable] = Table.metadata.tables


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run of the source: `add` it, `replace` what the target knows by what came after, `extend` it by later
    evaluations, `keep` the target's, or `leave` it out, with the reason."""

    number: int
    uid: str
    action: Action
    target_number: int | None
    """None where the target neither has it nor gets it."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    runs: tuple[PlannedRun, ...]
    """All of the source's, by number."""
    study_count: int
    """Studies that the target lacks, or runs of theirs."""

    @property
    def to_write(self) -> list[PlannedRun]:
        return [run for run in self.runs if run.action in ("add", "replace", "extend")]

    @property
    def counts(self) -> Counter[Action]:
        return Counter(run.action for run in self.runs)

    @property
    def target_numbers(self) -> dict[int, int]:
        """By the source's number, of the runs that the target will have."""
        return {run.number: run.target_number for run in self.runs if run.target_number is not None}


@dataclass(frozen=True, slots=True)
class _Known:
    """What tells how far a run is."""

    number: int
    status: str
    finished_at: datetime | None
    scored: frozenset[tuple[Any, ...]]
    """What its evaluations, metrics of other packages and probabilities are of."""


def plan_copy(source: Connection, target: Connection | None) -> CopyPlan:
    """`target` is None where there is no database yet."""
    theirs = _known_runs(target) if target is not None else {}
    highest = highest_number(target, RunRow.__tablename__) if target is not None else 0
    planned = []
    for uid, run in sorted(_known_runs(source).items(), key=lambda item: item[1].number):
        action, reason = _action(run, theirs.get(uid))
        number: int | None = theirs[uid].number if uid in theirs else None
        if action == "add":
            number = highest = next_number(run.number, highest)
        planned.append(PlannedRun(number=run.number, uid=uid, action=action, target_number=number, reason=reason))
    plan = CopyPlan(runs=tuple(planned), study_count=0)
    studies = {study_id for study_id, *_ in missing_links(source, target, plan.target_numbers)}
    return CopyPlan(runs=plan.runs, study_count=len(studies))


def next_number(wanted: int, highest: int) -> int:
    """A row keeps its number where the target never used it, nor a higher one; else it gets the next."""
    return max(wanted, highest + 1)


def highest_number(connection: Connection, table: str) -> int:
    """The highest number that the table ever gave out, also to rows that were removed since."""
    if connection.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        return int(connection.execute(query, {"table": table}).scalar() or 0)
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table}).scalar_one()
    return int(connection.execute(text(f"SELECT last_value * is_called::int FROM {sequence}")).scalar_one())


def missing_links(
    source: Connection, target: Connection | None, target_numbers: Mapping[int, int]
) -> list[tuple[int, int, int, bool]]:
    """Source's study, target's run, position and whether it was skipped, of what the target's studies lack.

    A study is the same where its command and its moment are.
    """
    known = _study_links(target) if target is not None else set()
    query = (
        select(StudyRow.command, StudyRow.created_at, StudyRunRow)
        .join(StudyRunRow, StudyRunRow.study_id == StudyRow.id)
        .order_by(StudyRunRow.study_id, StudyRunRow.position)
    )
    return [
        (row.study_id, target_numbers[row.run_id], row.position, row.skipped)
        for row in source.execute(query)
        if row.run_id in target_numbers and (row.command, row.created_at, target_numbers[row.run_id]) not in known
    ]


def _study_links(connection: Connection) -> set[tuple[Any, ...]]:
    query = select(StudyRow.command, StudyRow.created_at, StudyRunRow.run_id)
    return {tuple(row) for row in connection.execute(query.join(StudyRunRow, StudyRunRow.study_id == StudyRow.id))}


def _action(run: _Known, theirs: _Known | None) -> tuple[Action, str]:
    if run.status in (RunStatus.QUEUED, RunStatus.RUNNING):
        return ("keep" if theirs else "leave"), f"it is {run.status}"
    if theirs is None:
        return "add", ""
    if theirs.status == RunStatus.RUNNING:
        return "keep", "the target is training it"
    if theirs.status in FINISHED:
        if run.status != theirs.status:
            return "keep", f"it is {run.status} here and {theirs.status} in the target"
        return ("extend" if run.scored - theirs.scored else "keep"), ""
    if run.status in FINISHED or _ended_later(run, theirs):
        return "replace", f"it was {theirs.status} in the target"
    return "keep", ""


def _ended_later(run: _Known, theirs: _Known) -> bool:
    """Of two that may go on."""
    if run.finished_at is None or theirs.status == RunStatus.QUEUED:
        return False
    return theirs.finished_at is None or run.finished_at > theirs.finished_at


def _known_runs(connection: Connection) -> dict[str, _Known]:
    scored = _scored(connection)
    query = select(RunRow.uid, RunRow.id, RunRow.status, RunRow.finished_at)
    return {
        uid: _Known(number, status, finished_at, frozenset(scored[number]))
        for uid, number, status, finished_at in connection.execute(query)
    }


def _scored(connection: Connection) -> defaultdict[int, list[tuple[Any, ...]]]:
    what = [getattr(EvaluationRow, name) for name in WHAT_WAS_SCORED]
    metrics = select(EvaluationRow.run_id, *what, PluginMetricRow.name)
    queries = (
        select(EvaluationRow.run_id, *what),
        metrics.join(PluginMetricRow, PluginMetricRow.evaluation_id == EvaluationRow.id),
        select(ProbabilityRow.run_id, ProbabilityRow.dataset_fingerprint, ProbabilityRow.split),
    )
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for query in queries:
        for run_id, *scored in connection.execute(query):
            found[run_id].append(tuple(scored))
    return found
