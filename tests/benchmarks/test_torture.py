"""The torture in its shortened form; the full one is `make torture`."""

import pytest

from benchmarks.torture_kills import torture
from benchmarks.torture_writers import write_at_once


def test_a_study_survives_kills_of_its_workers_and_commands(tmp_path, capsys):
    assert torture(tmp_path, kills=6, seed=1), capsys.readouterr().out


@pytest.mark.parametrize("writers", [4])
def test_writers_at_once_lose_nothing(tmp_path, writers):
    assert write_at_once(tmp_path, writers=writers, epochs=100 * writers)
