"""The page of dependencies names every package that is needed, with a licence that allows to use it."""

import pytest

from docs.generate_dependencies import PAGE, all_dependencies, direct_dependencies

ROWS = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
LISTED = {row[0].removeprefix("| "): row[2].removesuffix(" |") for row in ROWS}


def test_every_dependency_is_on_the_page():
    missing = set(all_dependencies()) - set(LISTED)
    assert missing == set(), "make docs"


@pytest.mark.parametrize("name", direct_dependencies())
def test_direct_dependency_stands_there_as_isicbench_s(name):
    row = next(row for row in ROWS if row[0] == f"| {name}")
    assert row[1].split(", ")[0] == "isicbench"


def test_every_package_states_a_licence():
    assert [name for name, stated in LISTED.items() if not stated or stated == "not stated"] == []
