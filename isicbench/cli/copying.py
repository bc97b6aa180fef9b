"""What `isicbench db copy` says of a copy."""

from collections.abc import Iterator

from isicbench.scheduling.database_copy import DatabaseCopy
from isicbench.store.copy_plan import PlannedRun

MIB = 2**20


def lines_of_copy(done: DatabaseCopy, *, would: bool) -> Iterator[str]:
    """What was copied, or `would` be; then each run that is another matter, with its reason."""
    counts = done.plan.counts
    yield f"{done.source} -> {done.target}"
    yield (
        f"{'Would copy' if would else 'Copied'} {_runs(counts['add'])} and {_studies(done.plan.study_count)}; "
        f"{'would bring' if would else 'brought'} {_runs(counts['replace'] + counts['extend'])} up to date; "
        f"{counts['keep']} known already, {counts['leave']} left out."
    )
    if not would and done.files.count:
        yield f"Copied {done.files.count} files ({done.files.bytes / MIB:.1f} MiB)."
    for run in done.plan.runs:
        if run.reason or run.action == "add":
            yield from _remark(run)


def _remark(run: PlannedRun) -> Iterator[str]:
    if run.action == "add" and run.target_number != run.number:
        yield f"Run {run.number} is run {run.target_number} there."
    elif run.reason:
        what = {"leave": "left out", "keep": "left as it is there"}.get(run.action, "brought up to date")
        yield f"Run {run.number} {what}: {run.reason}."


def _studies(count: int) -> str:
    return f"{count} {'studies' if count != 1 else 'study'}"


def _runs(count: int) -> str:
    return f"{count} run{'s' if count != 1 else ''}"
