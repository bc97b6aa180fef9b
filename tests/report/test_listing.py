"""The list of many runs."""

from rich.console import Console

from isicbench.report.listing import newest, runs_listing
from tests.report.study_records import config, evaluation, run


def shown_text(runs, *, last: int) -> str:
    shown = newest(runs, last=last)
    console = Console(width=80, no_color=True)
    with console.capture() as captured:
        console.print(runs_listing(runs, {one.id: [evaluation()] for one in shown}, shown=shown))
    return captured.get()


def test_the_newest_runs_are_listed_and_the_others_counted():
    text = shown_text([run(number) for number in range(1, 8)], last=3)
    assert [int(line.split()[0]) for line in text.splitlines() if line.split()[:1] and line.split()[0].isdigit()] == [
        5,
        6,
        7,
    ]
    assert "The newest 3 of 7 runs; --last 0 lists all." in text


def test_all_runs_are_listed_without_a_remark_where_there_are_no_more():
    runs = [run(number) for number in range(1, 4)]
    assert "newest" not in shown_text(runs, last=3)
    assert shown_text(runs, last=0) == shown_text(runs, last=3)


def test_what_tells_namesakes_apart_is_seen_from_all_runs():
    runs = [run(1, config=config(learning_rate=1e-3)), run(2, config=config(learning_rate=1e-4))]
    assert "lr 0.0001" in shown_text(runs, last=1)
