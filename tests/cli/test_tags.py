"""Studies' tags, and the runs that they select."""

import pytest

from isicbench.store.store import open_store
from tests.commands import isicbench
from tests.store.store_records import FINE_TUNED, complete, queue, request


@pytest.fixture
def tagged(tmp_path):
    """Run 1 is of the studies `first` and `both`, run 2 of `both` alone, run 3 of none."""
    store = open_store("results.db")
    store.add_study("isicbench run", [request()], tags=["first"])
    store.add_study("isicbench run", [request(), request(FINE_TUNED)], tags=["both", "chapter 2"])
    queue(store, request(seed=5))
    for run in store.runs():
        complete(store, run.id)
    return store


@pytest.mark.parametrize(
    ("tags", "expected"),
    [(["first"], [1]), (["both"], [1, 2]), (["first", "chapter 2"], [1, 2]), (["no such"], []), ([], [1, 2, 3])],
)
def test_tags_select_the_runs_of_their_studies(tagged, tags, expected):
    assert [run.id for run in tagged.runs(tags=tags)] == expected


def test_a_study_remembers_its_tags(tagged):
    assert [tagged.study(number).tags for number in (1, 2, 3)] == [("first",), ("both", "chapter 2"), ()]


def test_commands_select_by_tag(tagged):
    listed = isicbench("list", "--tag", "first", "--json")
    assert '"id": 1' in listed.stdout
    assert '"id": 2' not in listed.stdout
    assert isicbench("report", "--tag", "both").returncode == 0
    assert "no run" in isicbench("report", "--tag", "no such").stderr


@pytest.mark.parametrize("tag", ["", "  ", "a\nb", "\x1b[2J", "x" * 101])
def test_a_tag_that_is_no_word_is_one_error(tag):
    done = isicbench("run", "--dataset", "synthetic", "--weights", "random", "--tag", tag)
    assert done.returncode == 2
    assert "--tag" in done.stderr
    assert "\x1b" not in done.stderr
