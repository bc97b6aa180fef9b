"""What each command does with a database of many runs, without the printing of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from isicbench.benchmarking.task import Task

TEST_IMAGES = 20


def command_task(name: str, count: int, folder: Path) -> Task:
    """The work of a command on `count` completed runs, or of asking for `count` new ones."""
    database = folder / f"{count}.db"
    if name != "enqueue" and not database.exists():
        from isicbench.benchmarking.crowded_database import Crowd, fill_database

        fill_database(str(database), Crowd(runs=count, images=TEST_IMAGES))
    commands: dict[str, Callable[[], object]] = {
        "enqueue": lambda: _enqueue(folder, count),
        "list": lambda: _list(database),
        "report": lambda: _report(database, folder),
        "compare": lambda: _compare(database),
        "show": lambda: _show(database),
    }
    return Task(load=_load, do=commands[name])


def _load() -> None:
    """What the commands load, and what they set as they begin."""
    import isicbench.report.comparison_of_names
    import isicbench.report.json_records
    import isicbench.report.listing
    import isicbench.report.markdown
    import isicbench.report.run_details
    import isicbench.store.store  # noqa: F401
    from isicbench.compute.garbage import collect_rarely

    collect_rarely()


def _enqueue(folder: Path, count: int) -> None:
    from isicbench.benchmarking.crowded_database import FINGERPRINT, config_of
    from isicbench.records import DatasetRecord
    from isicbench.store.store import open_store
    from isicbench.store.studies import RunRequest

    dataset = DatasetRecord(
        name="synthetic", fingerprint=FINGERPRINT, train_count=1, test_count=1, source="", licence="CC0-1.0"
    )
    base = config_of(1)
    requests = [
        RunRequest(config=replace(base, learning_rate=1e-6 * (1 + place // 10)), seed=place % 10, dataset=dataset)
        for place in range(count)
    ]
    path = folder / "enqueued.db"
    path.unlink(missing_ok=True)
    open_store(str(path)).add_study("isicbench run", requests)


def _list(database: Path) -> None:
    from isicbench.report.listing import NEWEST, newest, runs_listing
    from isicbench.store.store import open_store

    store = open_store(str(database), create=False)
    runs = store.runs()
    shown = newest(runs, last=NEWEST)
    _print(runs_listing(runs, store.evaluations([run.id for run in shown]), shown=shown))


def _report(database: Path, folder: Path) -> None:
    from isicbench.report.markdown import write_markdown
    from isicbench.store.store import open_store

    store = open_store(str(database), create=False)
    write_markdown(store, store.runs(), out=folder / "reports")


def _compare(database: Path) -> None:
    from isicbench.evaluation.scales import Metric
    from isicbench.report.comparison_of_names import compare_named
    from isicbench.report.comparison_tables import comparison_report
    from isicbench.store.store import open_store

    store = open_store(str(database), create=False)
    runs = store.runs()
    names = [str(runs[0].id), str(runs[-1].id)] if runs[0].config != runs[-1].config else []
    if names:
        compared = compare_named(store, runs, names=names, metric=Metric.DICE, split="test", resolution=None)
        _print(comparison_report(compared))


def _show(database: Path) -> None:
    from isicbench.report.run_details import RunDetails, run_details
    from isicbench.store.store import open_store

    store = open_store(str(database), create=False)
    evaluations = store.evaluations([1])[1]
    _print(run_details(RunDetails(run=store.run(1), epochs=store.epochs([1])[1], evaluations=evaluations)))


def _print(shown: object) -> None:
    """Into the void, as wide as a terminal."""
    from rich.console import Console

    console = Console(width=120)
    with console.capture():
        console.print(shown)
