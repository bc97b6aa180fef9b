"""How long commands take before they do anything, beside an interpreter that imports only what draws their text."""

import subprocess
import sys
from collections.abc import Callable

from isicbench.benchmarking.inputs import Inputs
from isicbench.benchmarking.measurement import Part, measure_part
from isicbench.benchmarking.recorded import record_epochs

BARE = "import typer, rich"


def measure_start_up(inputs: Inputs) -> Part:
    """`--help` and `list` of a database with one run, each in a process of its own."""
    database = inputs.folder / "listed.db"
    record_epochs(database).store.close()
    return measure_part(
        "start-up",
        {
            BARE: _python("-c", BARE),
            "isicbench --help": _python("-m", "isicbench", "--help"),
            "isicbench list": _python("-m", "isicbench", "list", "--db", str(database)),
        },
        images=0,
        rounds=inputs.rounds,
        device=inputs.device,
        compared={
            "--help, times the time of importing typer and rich": ("isicbench --help", BARE),
            "list, times the time of importing typer and rich": ("isicbench list", BARE),
        },
    )


def _python(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
