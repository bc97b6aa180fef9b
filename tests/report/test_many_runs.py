"""What a report costs and how much it shows does not grow with the runs."""

import re
from contextlib import closing
from operator import is_

import pytest
from rich.console import Console

from isicbench.benchmarking.crowded_database import SEEDS, Crowd, fill_database
from isicbench.records import Owner, RunStatus
from isicbench.report.extent import COMPARED, DETAILED
from isicbench.report.html.page import render_html
from isicbench.report.listing import runs_listing
from isicbench.report.markdown import write_markdown
from isicbench.report.study_rows import StudyRows
from isicbench.report.terminal import terminal_report
from isicbench.store.experiments import RunRequest
from isicbench.store.store import Store, open_store
from tests.store.statements import counted_statements

FEW, MANY = 140, 480


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crowds")
    paths = {runs: str(folder / f"{runs}.db") for runs in (20, FEW, MANY)}
    for runs, path in paths.items():
        fill_database(path, Crowd(runs=runs, epochs=2, images=6))
    opened = {runs: open_store(path, create=False) for runs, path in paths.items()}
    yield opened
    for store in opened.values():
        store.close()


def statements(action) -> int:
    with counted_statements() as found:
        action()
    return len(found)


def test_rows_that_were_written_directly_read_as_records(stores):
    runs = stores[20].runs()
    assert [run.config.config_hash for run in runs[::SEEDS]] == [
        run.config.__class__.from_dict(run.config.to_dict()).config_hash for run in runs[::SEEDS]
    ]
    [evaluation, _] = stores[20].evaluations([1], with_image_scores=True)[1]
    assert len(evaluation.image_scores) == evaluation.image_count == 6
    assert len(stores[20].epochs([20])[20]) == 2
    assert stores[20].environments([1, 2])[1] == stores[20].environments([2])[2]


def test_report_asks_as_many_questions_of_many_runs_as_of_few(stores, tmp_path):
    asked = [
        statements(lambda store=stores[runs]: write_markdown(store, store.runs(), out=tmp_path)) for runs in (FEW, MANY)
    ]
    assert asked[0] == asked[1] <= 25


def test_page_asks_as_many_questions_of_many_runs_as_of_few_and_stays_small(stores):
    asked, pages = [], {}
    for runs in (FEW, MANY):
        with counted_statements() as found:
            pages[runs] = render_html(stores[runs], stores[runs].runs())
        asked.append(len(found))
    assert asked[0] == asked[1] <= 25
    assert len(pages[MANY]) < 1.5 * len(pages[FEW])
    assert pages[MANY].count('class="command"') == MANY // SEEDS
    assert f"There are {MANY} runs: " in pages[MANY]


@pytest.mark.parametrize(
    "command",
    [
        lambda store: terminal_report(store, store.runs()),
        lambda store: runs_listing(runs := store.runs(), store.evaluations([run.id for run in runs])),
    ],
    ids=["report", "list"],
)
def test_commands_that_read_ask_as_many_questions_of_many_runs_as_of_few(stores, command):
    assert statements(lambda: command(stores[FEW])) == statements(lambda: command(stores[MANY]))


def test_only_what_is_drawn_or_compared_is_read_image_by_image(stores):
    read = []

    class Watched(Store):
        def __init__(self, store: Store) -> None:
            super().__init__(store._engine.url)

        def image_metric(self, run_ids, **which):
            read.append(len(run_ids))
            return super().image_metric(run_ids, **which)

        def probabilities(self, run_ids):
            read.append(len(run_ids))
            return super().probabilities(run_ids)

    with closing(Watched(stores[MANY])) as watched:
        terminal_report(watched, watched.runs())
    assert sorted(read) == [DETAILED * SEEDS, COMPARED * SEEDS, COMPARED * SEEDS]


def test_report_of_many_runs_is_bounded_and_says_what_it_leaves_out(stores, tmp_path):
    reports = {runs: write_markdown(store, store.runs(), out=tmp_path / str(runs)) for runs, store in stores.items()}
    assert len(reports[MANY]) == len(reports[FEW])
    text = reports[MANY][0].read_text()
    assert len(text) < 2 * len(reports[FEW][0].read_text())
    assert f"There are {MANY} runs: the 12 experiments with the highest Dice are compared" in text
    assert "The other 47 protocols differ in lr 1e-05 / " in text
    assert "p is corrected for all 1128 pairs" in text
    assert len(re.findall(r"^\| \d+ \|.*completed", text, re.MULTILINE)) == DETAILED * SEEDS
    assert "isicbench list" not in reports[20][0].read_text()


def test_terminal_says_the_same(stores):
    console = Console(width=200, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal_report(stores[MANY], stores[MANY].runs()))
    assert f"There are {MANY} runs:" in capture.get()


def test_following_a_study_reads_nothing_of_runs_that_have_finished_or_wait(stores):
    read = {}
    for runs in (FEW, MANY):
        with closing(open_store(stores[runs].url, create=False)) as store:
            going_on = store.add_study("run", [replace_seed(store, seed) for seed in (1001, 1002)])
            run_ids = [*range(1, runs + 1), *going_on.run_ids]
            rows = StudyRows(store)
            first = rows.read(run_ids)
            asked: list[tuple[int, ...]] = []
            store.runs, store.epochs = noting(store.runs, asked), noting(store.epochs, asked)
            assert [run.id for run in first.runs] == run_ids
            assert all(map(is_, rows.read(run_ids).runs, first.runs))
            assert asked == []
            started, waiting = going_on.run_ids
            store.claim(started, Owner(host="here", pid=1, process_started=0.0, slot="cpu"), log_path="log")
            read[runs] = statements(lambda rows=rows, run_ids=run_ids: rows.read(run_ids))
            assert asked == [(started,)] * 2
            assert [run.status for run in rows.read(run_ids).runs[-2:]] == [RunStatus.RUNNING, RunStatus.QUEUED]
            store.finish(started, RunStatus.INTERRUPTED)
            store.remove_runs([waiting])
            assert rows.read(run_ids).runs[-1].status is RunStatus.INTERRUPTED
            store.remove_runs([started])
            assert rows.read(run_ids).runs == first.runs[:-2]
    assert read[FEW] == read[MANY] <= 4


def replace_seed(store: Store, seed: int) -> RunRequest:
    run = store.run(1)
    [dataset] = store.datasets().values()
    return RunRequest(config=run.config, seed=seed, dataset=dataset)


def noting(method, asked):
    def noted(*run_ids, **named):
        asked.append(tuple(named.get("run_ids") or run_ids[0]))
        return method(*run_ids, **named)

    return noted
