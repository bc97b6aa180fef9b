"""Work is done in turns, and figures come from the rounds."""

import pytest

from isicbench.benchmarking.alternating import Timing, ratio, time_alternating


def test_all_are_warmed_up_and_then_take_turns_forwards_and_backwards():
    done: list[str] = []
    work = {name: lambda name=name: done.append(name) for name in "abc"}
    timings = time_alternating(work, rounds=2)
    assert "".join(done) == "abc" + "cba" + "abc"
    assert list(timings) == ["a", "b", "c"]
    assert all(len(timing.rounds) == 2 for timing in timings.values())


def test_ratio_compares_round_by_round():
    slow = Timing(4.0, 2.0, 8.0, 1.0, rounds=(2.0, 4.0, 8.0))
    fast = Timing(2.0, 1.0, 4.0, 1.0, rounds=(1.0, 2.0, 2.0))
    found = ratio(slow, fast)
    assert (found.value, found.lower_quartile, found.upper_quartile) == pytest.approx((2.0, 2.0, 3.0))
