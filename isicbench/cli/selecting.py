"""Which runs a command is about: one selection for `report`, `list`, `compare` and `evaluate`."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from isicbench.choices import unknown
from isicbench.errors import ConfigError
from isicbench.records import RunRecord, RunStatus
from isicbench.report.experiment_names import runs_of_experiments
from isicbench.store.store import Store

_AGO = re.compile(r"(\d{1,6})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def selected_runs(
    store: Store,
    *,
    study: int | None,
    statuses: Sequence[str],
    since: str | None,
    experiments: Sequence[str],
    tags: Sequence[str] = (),
) -> list[RunRecord]:
    """The runs that fit every given choice: a study's in the order of its grid, others by number.

    Raises `StoreError` for a study that is not there, `ConfigError` for a value that cannot be.
    """
    wanted = read_statuses(statuses)
    after = read_since(since, now=datetime.now(UTC)) if since is not None else None
    order = {} if study is None else {run_id: place for place, run_id in enumerate(store.study(study).run_ids)}
    runs = store.runs(study_id=study, statuses=wanted or None, since=after, tags=tags)
    return runs_of_experiments(sorted(runs, key=lambda run: order.get(run.id, run.id)), experiments)


def runs_with_network(store: Store, run_ids: Sequence[int], *, every: bool) -> list[RunRecord]:
    """The runs with these numbers, or every completed one that was trained here. Raises `ConfigError` for neither."""
    if every == bool(run_ids):
        raise ConfigError("name runs by their numbers, or all of them", hint="isicbench evaluate 1 2, or --all")
    if not every:
        return [store.run(run_id) for run_id in dict.fromkeys(run_ids)]
    found = [run for run in store.runs(statuses=[RunStatus.COMPLETED]) if not run.config.is_external]
    if not found:
        raise ConfigError(f"{store.url_shown} holds no completed run", hint="Train some first: isicbench run")
    return found


def read_statuses(values: Sequence[str]) -> list[RunStatus]:
    """`completed,failed` or one a time; raises `ConfigError` for a status that does not exist."""
    words = [word.strip() for value in values for word in value.split(",")]
    known = {status.value: status for status in RunStatus}
    for word in words:
        if word not in known:
            raise unknown("--status", word, known)
    return [known[word] for word in dict.fromkeys(words)]


def read_since(value: str, *, now: datetime) -> datetime:
    """A date (its first moment here), a moment, or so many hours, days or weeks ago: `12h`, `7d`, `2w`."""
    try:
        if ago := _AGO.fullmatch(value.strip()):
            return now - int(ago[1]) * _UNITS[ago[2]]
        return datetime.fromisoformat(value.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"--since {value}: neither a date nor a time span",
            hint="Write a date (2026-05-01), a moment (2026-05-01T12:00), or a span: 12h, 7d, 2w",
        ) from None


def nothing_selected(store: Store) -> str:
    """Why there is nothing to report."""
    return f"{store.url_shown} holds no runs" if not store.runs() else f"no run of {store.url_shown} fits the selection"
