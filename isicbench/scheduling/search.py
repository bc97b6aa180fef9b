"""A search for the settings with the best validation: Optuna proposes, ordinary runs answer.

Optuna keeps nothing: its trials are made anew from the runs in the database each time. What a search looks at is
recorded of epochs; the test set's scores are never read here.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.records import FINISHED, EpochRecord, Failure, RunRecord, RunStatus, StudyRecord, last_attempts
from isicbench.scheduling.planning import Plan, Request
from isicbench.scheduling.search_space import Choice, Dimension, Range, fields_of, values_of
from isicbench.store.store import Store
from isicbench.store.studies import RunRequest

FIGURES = ("validation_dice", "validation_iou", "validation_loss")
"""Of an epoch, that can be the objective."""
PRUNED = "pruned"
"""Kind of the failure of a run that a search has ended."""
STARTUP_TRIALS = 5
"""Completed trials before one is pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    figure: str
    """One of `FIGURES`, of a run's last epoch."""
    direction: Literal["maximize", "minimize"]

    def __post_init__(self) -> None:
        if self.figure not in FIGURES:
            raise ConfigError(
                f"the objective {self.figure}: expected one of {', '.join(FIGURES)}",
                hint="A search is judged by validation; the test set is for what it has found.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is searched, and how far."""

    space: tuple[Dimension, ...]
    objective: Objective
    trials: int
    """In all, those of earlier commands among them."""
    prune: bool
    slots: int
    """Trials that train at once."""
    seed: int

    def grid(self, request: Request) -> Request:
        """The request spanned over the choices, so that every network and weight is known before the first trial.

        Raises `ConfigError` where the options name several values, or validate on the test set.
        """
        several = [name for name, values in request.axes.items() if len(values) > 1 and name not in self._fields]
        if several or len(request.seeds) > 1 or request.exclude or request.names:
            told = several[0].replace("_", " ") if several else "seed, name or exclusion"
            raise ConfigError(
                f"a search takes one value of each option, and there are several of: {told}",
                hint="Search among them with --choice; --frozen or --fine-tuned says which of the two.",
            )
        if request.base.validate_on == "test":
            raise ConfigError(
                "a search with --validate-on test would choose settings on the test set",
                hint="Leave --validate-on away, so that there are images to choose by.",
            )
        axes = {name: values for name, values in request.axes.items() if name not in self._fields}
        return replace(request, axes=axes | {one.field: one.values for one in self._choices})

    def tag(self, plan: Plan) -> str:
        """By which the trials' studies are known: the same for the same space, objective, data and other options."""
        told = {
            "space": sorted(json.dumps(asdict(dimension), sort_keys=True) for dimension in self.space),
            "objective": asdict(self.objective),
            "configs": sorted(run.config.config_hash for run in plan.runs),
            "seed": self.seed,
        }
        return f"search-{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]}"

    def config(self, values: dict[str, Any], plan: Plan) -> Config:
        """Of a trial: the planned one with its choices, and its numbers in place."""
        fields = fields_of(values, self.space)
        chosen = {one.field: fields[one.field] for one in self._choices}
        [planned] = [run.config for run in plan.runs if all(getattr(run.config, k) == v for k, v in chosen.items())]
        return replace(planned, **fields)

    def require_bounds(self, plan: Plan) -> None:
        """Raise `ConfigError` where a config could not have an end of a range."""
        for run in plan.runs:
            for dimension in self.space:
                if isinstance(dimension, Range):
                    ends: list[dict[str, Any]] = [{dimension.field: end} for end in (dimension.low, dimension.high)]
                    for end in ends:
                        replace(run.config, **end)

    @property
    def _fields(self) -> set[str]:
        return {dimension.field for dimension in self.space}

    @property
    def _choices(self) -> list[Choice]:
        return [dimension for dimension in self.space if isinstance(dimension, Choice)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a run says to a search."""

    run: RunRecord
    values: dict[str, Any]
    figures: tuple[float, ...]
    """The objective's, epoch by epoch."""

    @property
    def value(self) -> float | None:
        """Of the last epoch; None where the run did not complete, or its figure is not finite."""
        completed = self.run.status is RunStatus.COMPLETED and self.figures and math.isfinite(self.figures[-1])
        return self.figures[-1] if completed else None

    @property
    def pruned(self) -> bool:
        return self.run.failure is not None and self.run.failure.kind == PRUNED


def recorded_trials(store: Store, search: Search, tag: str) -> list[Trial]:
    """The search's runs, each seed's newest attempt, by number."""
    return _trials(store, search, last_attempts(store.runs(tags=[tag])))


def run_search(
    store: Store,
    search: Search,
    plan: Plan,
    *,
    command: str,
    tags: Sequence[str],
    train: Callable[[StudyRecord, Callable[[], None]], bool],
) -> bool:
    """Train trials until there are as many as were asked for; gives whether the user or the system stopped it.

    `train` trains a study to its end, calls what it is given about twice a second, and says whether it was stopped.
    Raises `ConfigError` for a range that reaches beyond what its setting can be.
    """
    search.require_bounds(plan)
    proposals = _Proposals(search, recorded_trials(store, search, search.tag(plan)))
    if proposals.left <= 0:
        return False
    study = store.add_study(command, [], tags=(search.tag(plan), *tags))
    trials = _Trials(store, search, plan, study, proposals)
    while trials.goes_on():
        if train(study, trials.look):
            return True
        trials.look()
    return False


class _Trials:
    """The trials of a study under way: proposed, judged, and told to Optuna as they end.

    One more than there are slots is in flight, so that none of them waits for a proposal.
    """

    def __init__(self, store: Store, search: Search, plan: Plan, study: StudyRecord, proposals: "_Proposals") -> None:
        self._store = store
        self._search = search
        self._plan = plan
        self._study_id = study.id
        self._proposals = proposals
        self._flying: dict[str, Any] = {}
        """Optuna's trials by config hash."""
        self._reported: dict[int, int] = {}
        """Epochs by run."""

    def goes_on(self) -> bool:
        """Whether something is in flight, after as much was proposed as fits."""
        self._propose()
        return bool(self._flying)

    def look(self) -> None:
        """Report epochs, prune, tell what has ended, and propose in its place."""
        runs = self._store.study_runs(self._study_id)
        mine = [run for run in last_attempts(runs) if run.config.config_hash in self._flying]
        for trial in _trials(self._store, self._search, mine):
            proposed = self._flying[trial.run.config.config_hash]
            if trial.run.status is RunStatus.RUNNING:
                self._judge(trial, proposed)
            elif trial.run.status in FINISHED:
                del self._flying[trial.run.config.config_hash]
                self._proposals.tell(proposed, trial)
        self._propose()

    def _propose(self) -> None:
        while self._proposals.left > 0 and len(self._flying) <= self._search.slots:
            proposed = self._proposals.ask()
            config = self._search.config(proposed.params, self._plan)
            if config.config_hash in self._flying:
                self._proposals.give_up(proposed)
                continue
            self._flying[config.config_hash] = proposed
            request = RunRequest(config=config, seed=self._search.seed, dataset=self._plan.record)
            self._store.extend_study(self._study_id, [request])

    def _judge(self, trial: Trial, proposed: Any) -> None:
        run = trial.run
        for epoch in range(self._reported.get(run.id, 0) + 1, len(trial.figures) + 1):
            proposed.report(trial.figures[epoch - 1], epoch)
            self._reported[run.id] = epoch
            if self._search.prune and epoch < run.config.epochs and proposed.should_prune():
                self._end(run, epoch, trial.figures[epoch - 1])
                return

    def _end(self, run: RunRecord, epoch: int, value: float) -> None:
        figure = self._search.objective.figure.replace("_", " ")
        message = f"pruned after epoch {epoch}: its {figure}, {value:.4f}, is worse than the median of completed trials"
        self._store.finish(run.id, RunStatus.FAILED, failure=Failure(kind=PRUNED, message=message))


class _Proposals:
    """Optuna's study, filled with what is recorded."""

    def __init__(self, search: Search, recorded: Sequence[Trial]) -> None:
        optuna = _optuna()
        self._optuna = optuna
        finished = [trial for trial in recorded if trial.run.status in FINISHED]
        self.left = search.trials - len(finished)
        self._distributions = {dimension.name: _distribution(optuna, dimension) for dimension in search.space}
        self._study = optuna.create_study(
            direction=search.objective.direction,
            sampler=optuna.samplers.TPESampler(seed=search.seed + len(finished)),  # else it began as it did before
            pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS),
        )
        for trial in finished:
            self._study.add_trial(self._recorded(trial))
        for trial in recorded:
            if trial.run.status not in FINISHED:
                self._study.enqueue_trial(trial.values)

    def ask(self) -> Any:
        self.left -= 1
        return self._study.ask(self._distributions)

    def tell(self, proposed: Any, trial: Trial) -> None:
        if trial.value is None:
            self._study.tell(proposed, state=self._state(trial))
        else:
            self._study.tell(proposed, trial.value)

    def give_up(self, proposed: Any) -> None:
        """A trial that is in flight already is not trained twice."""
        self._study.tell(proposed, state=self._optuna.trial.TrialState.FAIL)

    def _recorded(self, trial: Trial) -> Any:
        reported = {epoch: value for epoch, value in enumerate(trial.figures, start=1) if math.isfinite(value)}
        last = list(reported.values())[-1:]
        return self._optuna.trial.create_trial(
            params=trial.values,
            distributions=self._distributions,
            state=self._state(trial),
            value=last[0] if last and (trial.pruned or trial.value is not None) else None,
            intermediate_values=reported,
        )

    def _state(self, trial: Trial) -> Any:
        states = self._optuna.trial.TrialState
        if trial.value is not None:
            return states.COMPLETE
        return states.PRUNED if trial.pruned else states.FAIL


def _trials(store: Store, search: Search, runs: Sequence[RunRecord]) -> list[Trial]:
    epochs = store.epochs([run.id for run in runs])
    return [
        Trial(
            run=run,
            values=values_of(run.config, search.space),
            figures=tuple(_figure(search.objective, record) for record in epochs.get(run.id, ())),
        )
        for run in runs
    ]


def _figure(objective: Objective, record: EpochRecord) -> float:
    found: float = getattr(record, objective.figure)
    return found


def _distribution(optuna: Any, dimension: Dimension) -> Any:
    kinds = optuna.distributions
    if isinstance(dimension, Choice):
        return kinds.CategoricalDistribution(dimension.values)
    kind = kinds.IntDistribution if isinstance(dimension.low, int) else kinds.FloatDistribution
    return kind(dimension.low, dimension.high, log=dimension.log)


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError:
        raise ConfigError("a search needs optuna", hint="Install it: pip install 'isicbench[optuna]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
