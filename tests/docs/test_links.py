"""Every file, make target and command that a page names is there."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from isicbench.cli.app import app
from tests.docs.pages import PAGES, ROOT, code_words, prose, sections, shell_blocks

LINK = re.compile(r"\]\(([^)\s]+)\)")
OUR_FILES = re.compile(r"(isicbench|tests|docs|migrations|benchmarks)(/[\w.-]+)+/?")
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
COMMAND = re.compile(r"^(?:\w+=\S+ )*isicbench (.+)$", re.MULTILINE)
COMMANDS = [(page, line) for page in PAGES for block in shell_blocks(page) for line in COMMAND.findall(block)]
NAMES = {page: str(page.relative_to(ROOT)) for page in PAGES}


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=NAMES.get)
def test_relative_links_lead_to_files(page):
    for link in LINK.findall(prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{NAMES[page]} links to {link}"
        assert not fragment or fragment in map(anchor, sections(target)), f"{NAMES[page]} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES.get)
def test_files_of_the_project_that_are_named_exist(page):
    named = [word for word in code_words(prose(page)) if OUR_FILES.fullmatch(word)]
    assert [word for word in named if not (ROOT / word).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES.get)
def test_make_targets_that_are_named_exist(page):
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    named = re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets


def test_every_page_is_reached_from_the_readme():
    linked = {(ROOT / link).resolve() for link in LINK.findall(prose(ROOT / "README.md")) if "://" not in link}
    assert set(PAGES) - linked == {ROOT / "README.md"}


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda value: NAMES.get(value, value))
def test_commands_of_the_pages_are_understood(page, line):
    write_toml_blocks(page)
    command, arguments = typer.main.get_command(app), shlex.split(line.partition(" > ")[0], comments=True)
    context = typer.Context(command)
    while hasattr(command, "get_command"):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, f"{NAMES[page]}: there is no command {name}"
    command.make_context(name, arguments)  # raises for an unknown option or a value of the wrong kind


def write_toml_blocks(page):
    """The page's own files, each named in its first line, into the test's folder."""
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
        name = block.splitlines()[0].removeprefix("# ")
        if name.endswith(".toml"):
            Path(name).write_text(block)
