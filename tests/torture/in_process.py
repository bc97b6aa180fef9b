"""The `isicbench` command within this process: as fast as a call, with the exit codes and messages of the real one."""

import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from isicbench.cli.app import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    code: int
    stdout: str
    stderr: str
    raised: str = ""
    """The traceback of what came out of `main`; empty where it ended as it should."""


def call(arguments: Sequence[str], *, folder: Path, environment: dict[str, str]) -> Outcome:
    """Run the command in `folder` and collect what it printed."""
    out, err = _stream(), _stream()
    code, raised = 0, ""
    with (
        chdir(folder),
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["isicbench", *arguments]),
        patch.object(sys, "stdin", io.StringIO("")),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        except BaseException:
            raised = traceback.format_exc()
    return Outcome(code=code, stdout=_text(out), stderr=_text(err), raised=raised)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()
