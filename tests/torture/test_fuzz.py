"""A short part of `python -m tests.torture.fuzz`; `ISICBENCH_FUZZ_SEED` repeats one, `.._COUNT` lengthens it."""

import os
import random
import secrets

import pytest

from isicbench.data.images import ImageFileError, read_full_image, read_full_mask, read_grey, read_size
from tests.torture.fuzz import fuzz, problem_of
from tests.torture.in_process import Outcome
from tests.torture.pictures import huge_header

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
    assert "exit code 99" in problem_of(("list",), Outcome(code=99, stdout="", stderr="Error: x"))


def test_picture_that_states_a_huge_size_is_refused(tmp_path):
    (tmp_path / "bomb.png").write_bytes(huge_header(b"", random.Random(0)))
    for read in (read_size, read_full_mask, read_grey, read_full_image):
        with pytest.raises(ImageFileError, match="pixels"):
            read(tmp_path / "bomb.png")
