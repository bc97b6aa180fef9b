"""Running the `isicbench` command as a user does: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-m", "isicbench"]
TIMEOUT_SECONDS = 300


def isicbench(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; the test reads its exit code and what it printed."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


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
