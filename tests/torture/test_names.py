"""Whatever a name holds, it stays a name: in a terminal, in JSON, in Markdown, in the database."""

import html
import io
import json
import re
from contextlib import redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from isicbench.cli.console import HarmlessConsole, print_json
from isicbench.harmless import harmless, steers
from isicbench.report.markdown import escape_markdown
from tests.commands import isicbench
from tests.torture.nasty import TEXTS

ANY_TEXT = st.one_of(st.text(max_size=60), st.sampled_from(TEXTS))


def steering(text: str) -> set[str]:
    return {character for character in text if steers(character) and character not in "\n\t"}


@given(ANY_TEXT)
def test_message_cannot_steer_a_terminal(text):
    assert steering(harmless(text)) == set()
    assert len(harmless(text)) == len(text)


@given(ANY_TEXT)
@settings(deadline=None)
def test_what_is_printed_cannot_steer_a_terminal_wherever_the_name_stands(text):
    table = Table(text.replace("[", "("), title=Text(text))
    table.add_row(Text(text), Panel(Text(text)))
    console = HarmlessConsole(file=io.StringIO(), highlight=False, width=100)
    console.print(table)
    console.print(text, markup=False, soft_wrap=True)
    assert steering(console.file.getvalue()) == set()


@given(ANY_TEXT)
def test_json_holds_the_name_as_it_is_and_cannot_steer_a_terminal(text):
    printed = io.StringIO()
    with redirect_stdout(printed):
        print_json({"name": text})
    assert json.loads(printed.getvalue()) == {"name": text}
    assert steering(printed.getvalue()) == set()


@given(ANY_TEXT)
def test_name_in_markdown_is_one_line_without_markup_or_html(text):
    escaped = escape_markdown(text)
    assert "\n" not in escaped
    bare = re.sub(r"\\.", "", escaped)
    assert not set(bare) & set("\\`*_[]<>#|~$")
    assert steering(html.unescape(escaped)) == set()


@pytest.mark.parametrize("argument", ["\x1b[2J", "\x1b]0;title\x07", "\u202egnp"])
@pytest.mark.parametrize(("words", "code"), [(("run", "--dataset"), 3), (("db", "upgrade"), 2)], ids=str)
def test_real_command_prints_no_escape_of_a_name_that_it_refuses(words, code, argument):
    done = isicbench(*words, argument)
    assert done.returncode == code
    assert steering(done.stderr + done.stdout) == set()


def test_real_command_prints_the_name_of_a_file_that_is_no_utf_8(tmp_path):
    (tmp_path / "data").mkdir()
    done = isicbench("list", "--db", b"nowhere-\xff.db".decode("utf-8", "surrogateescape"))
    assert done.returncode == 5
    assert "nowhere-" in done.stderr
    assert "Traceback" not in done.stderr
