"""Experiments by the names that a user types: a label as the report prints it, or the first part of a word of it."""

import re
from collections.abc import Sequence

from isicbench.choices import unknown
from isicbench.records import RunRecord
from isicbench.report.labels import experiment_labels


def fits(name: str, label: str) -> bool:
    """Whether a word of the label begins so; case does not count, and `frozen` is not `Unfrozen`."""
    return re.search(rf"(?<!\w){re.escape(name)}", label, re.IGNORECASE) is not None


def runs_of_experiments(runs: Sequence[RunRecord], names: Sequence[str]) -> list[RunRecord]:
    """The runs of every experiment that one of the names fits, all of them where there are no names.

    A name that is an experiment's whole label means that one alone. Raises `ConfigError` for a name that fits none.
    """
    labels = experiment_labels(runs)
    if not names or not runs:
        return list(runs)
    chosen = {config_hash for name in names for config_hash in _fitting(name, labels)}
    return [run for run in runs if run.config.config_hash in chosen]


def _fitting(name: str, labels: dict[str, str]) -> list[str]:
    exact = [config_hash for config_hash, label in labels.items() if label == name]
    found = exact or [config_hash for config_hash, label in labels.items() if fits(name, label)]
    if not found:
        raise unknown("--experiment", name, labels.values())
    return found
