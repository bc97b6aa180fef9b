"""Which experiments a command names: by label, by a part of it, or by a run's number."""

from collections.abc import Sequence

from isicbench.errors import ConfigError
from isicbench.report.experiment_names import fits
from isicbench.report.experiments import Experiment

UNNAMED_UP_TO = 20
"""Experiments; of more, those to compare must be named."""


def select_experiments(experiments: Sequence[Experiment], names: Sequence[str]) -> list[Experiment]:
    """The named ones in the order of the names, or all with a counted run where there are no names.

    Raises `ConfigError`, with all that could be named, for a name that fits none or several, or names one twice.
    """
    counted = [experiment for experiment in experiments if experiment.counted]
    if not names:
        return _all(counted)
    chosen = [_named(name, experiments, counted) for name in names]
    labels = [experiment.label for experiment in chosen]
    if twice := [label for label in dict.fromkeys(labels) if labels.count(label) > 1]:
        raise ConfigError(f"named twice: {'; '.join(twice)}", hint=_listed(counted))
    if len(chosen) == 1:
        raise ConfigError(f"nothing to compare {labels[0]} with", hint=f"Name two at least. {_listed(counted)}")
    return chosen


def _all(counted: Sequence[Experiment]) -> list[Experiment]:
    if len(counted) > UNNAMED_UP_TO:
        raise ConfigError(f"there are {len(counted)} experiments; name those to compare", hint=_listed(counted))
    if len(counted) < 2:
        raise ConfigError("there are not two experiments with completed runs", hint=_listed(counted))
    return list(counted)


def _named(name: str, experiments: Sequence[Experiment], counted: Sequence[Experiment]) -> Experiment:
    if exact := [experiment for experiment in counted if experiment.label == name]:
        return exact[0]
    if name.isdecimal():
        return _of_run(int(name), experiments, counted)
    part = [experiment for experiment in counted if fits(name, experiment.label)]
    if not part:
        raise ConfigError(f"there is no experiment {name!r} with completed runs", hint=_listed(counted))
    if len(part) > 1:
        raise ConfigError(f"{name!r} fits {len(part)} experiments; name one of them in full", hint=_listed(part))
    return part[0]


def _of_run(run_id: int, experiments: Sequence[Experiment], counted: Sequence[Experiment]) -> Experiment:
    """One training as an experiment of its own."""
    for experiment in experiments:
        for outcome in experiment.outcomes:
            if outcome.run.id == run_id and outcome.counted:
                label = f"Run {run_id} ({experiment.label}, seed {outcome.run.seed})"
                return Experiment(label=label, config=experiment.config, leading=(outcome,))
    raise ConfigError(f"run {run_id} is no completed run with scores", hint=_listed(counted))


def _listed(experiments: Sequence[Experiment]) -> str:
    if not experiments:
        return "There is none. Train some: isicbench run"
    lines = [f"  {e.label} (runs {', '.join(str(o.run.id) for o in e.counted)})" for e in experiments]
    return "\n".join(["There are:", *lines])
