"""Running the `isicbench` command as a user does: a process of its own."""

import gc
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAM = [sys.executable, "-m", "isicbench"]
TIMEOUT_SECONDS = 300
LIBRARIES = ["torch", "torchvision", "sqlalchemy.orm", "alembic", "pandas", "scipy.ndimage", "matplotlib.pyplot"]
"""What takes seconds to import."""

_with_libraries = multiprocessing.get_context("forkserver")
_with_libraries.set_forkserver_preload(LIBRARIES)


def isicbench(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; the test reads its exit code and what it printed.

    The process is forked from one that has the libraries already, and not isicbench: hundreds of commands would spend
    most of their time on the libraries' imports.
    """
    words = list(map(str, arguments))
    with TemporaryDirectory() as folder:
        streams = [Path(folder, "stdout"), Path(folder, "stderr")]
        surroundings = (streams, cwd or Path.cwd(), os.environ | environment)
        process = _with_libraries.Process(target=_run_here, args=(words, *surroundings))
        process.start()
        process.join(TIMEOUT_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, TIMEOUT_SECONDS)
        printed = [stream.read_text() for stream in streams]
    return subprocess.CompletedProcess(words, process.exitcode, *printed)


def _run_here(arguments: list[str], streams: list[Path], cwd: Path, environment: dict[str, str]) -> None:
    for number, stream in enumerate(streams, start=1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["isicbench", *arguments]
    from isicbench.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    gc.collect()  # closes the database, as the end of an interpreter does
    sys.exit(code)


def start_isicbench(*arguments: object, log: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the command and leave it running; what it prints goes to `log`."""
    with log.open("w") as output:
        return subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
        )
