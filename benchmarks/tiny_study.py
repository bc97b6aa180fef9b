"""A study of tiny runs, started as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path

from isicbench.data.synthetic import write_synthetic


class TinyStudy:
    """`isicbench run` on 12 training and 4 test images of 64 px, in a folder with caches of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        write_synthetic(folder / "pairs", train=12, test=4, seed=1)

    def start(self, database: str, *options: str) -> subprocess.Popen[bytes]:
        """Start the command and leave it running; what it prints is added to `run.log`."""
        command = [sys.executable, "-m", "isicbench", "run", "--dataset", "folder"]
        command += ["--data-dir", str(self.folder / "pairs"), "--weights", "random", "--size", "64"]
        command += ["--batch-size", "4", "--validation-share", "0.25", "--db", database, *self.options, *options]
        environment = os.environ | {
            "ISICBENCH_HOME": str(self.folder / "home"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        with (self.folder / "run.log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env=environment)
