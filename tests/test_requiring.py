"""A test that is skipped for want of a tool cannot pass unseen where the tool is required."""

import pytest

from tests.requiring import require


def test_tool_that_is_missing_skips_the_test_with_the_reason(monkeypatch):
    monkeypatch.delenv("ISICBENCH_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no pdflatex"):
        require("latex", False, "no pdflatex")


def test_tool_that_is_missing_where_it_is_required_fails_the_test(monkeypatch):
    monkeypatch.setenv("ISICBENCH_REQUIRE", "browser, latex")
    with pytest.raises(pytest.fail.Exception, match="ISICBENCH_REQUIRE names latex, but no pdflatex"):
        require("latex", False, "no pdflatex")
    with pytest.raises(pytest.skip.Exception):
        require("slurm", False, "no sbatch")


def test_tool_that_is_there_lets_the_test_go_on(monkeypatch):
    monkeypatch.setenv("ISICBENCH_REQUIRE", "latex")
    require("latex", True, "no pdflatex")
