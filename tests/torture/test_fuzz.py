"""A short part of `python -m tests.torture.fuzz`; `ISICBENCH_FUZZ_SEED` repeats one, `.._COUNT` lengthens it."""

import os
import secrets

from tests.torture.fuzz import fuzz, problem_of
from tests.torture.in_process import Outcome

COUNT = int(os.environ.get("ISICBENCH_FUZZ_COUNT", "60"))


def test_every_input_gets_the_right_result_or_one_clear_error():
    seed = int(os.environ.get("ISICBENCH_FUZZ_SEED") or secrets.randbelow(10**6))
    found = [failure for _, _, failure in fuzz(seed, range(1, COUNT + 1)) if failure]
    again = [f"python -m tests.torture.fuzz --seed {seed} --only {failure.number}" for failure in found]
    assert not found, f"{again}\n{found[0].problem}\n{found[0].outcome}"


def test_fuzzer_sees_a_traceback_a_silent_failure_and_a_steering_character():
    fine = Outcome(code=3, stdout="", stderr="Error: no such folder\n")
    assert problem_of(("list",), fine) == ""
    assert problem_of(("list",), Outcome(code=1, stdout="", stderr="", raised="Traceback ...")) == "a traceback"
    assert "without a message" in problem_of(("list",), Outcome(code=5, stdout="", stderr=""))
    assert "steer" in problem_of(("list",), Outcome(code=0, stdout="\x1b[2J", stderr=""))
    assert "exit code 9" in problem_of(("list",), Outcome(code=9, stdout="", stderr="Error: x"))
