"""The README's commands do what it says: they are executed as they stand there."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from isicbench.errors import DataError
from tests.commands import TIMEOUT_SECONDS, isicbench
from tests.docs.pages import DOCS, ROOT, blocks_after

README = ROOT / "README.md"
DOWNLOADING = [
    shlex.split(line, comments=True)[1:]
    for block in blocks_after(README, "tested: ends with exit code 3")
    for line in block.splitlines()
]
"""The arguments of the commands that need ISIC 2016."""


def tiny_synthetic_dataset(home: Path) -> None:
    """Where `--dataset synthetic` looks, so that it need not draw its full set."""
    folder = home / "datasets" / "synthetic"
    assert isicbench("data", "synthesize", folder, "--train", 12, "--test", 4).returncode == 0


@pytest.fixture(scope="module")
def readme_block(tmp_path_factory) -> tuple[Path, str]:
    """The folder in which the README's block was run by a shell, and what it printed."""
    (block,) = blocks_after(README, "tested: runs as it stands")
    folder = tmp_path_factory.mktemp("readme")
    home = folder / "home"
    tiny_synthetic_dataset(home)
    programs = Path(sys.executable).parent
    environment = os.environ | {"ISICBENCH_HOME": str(home), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("ISICBENCH_DB", None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_readme_commands_print_both_experiments(readme_block):
    _, printed = readme_block
    assert "Feature Extraction (Frozen" in printed
    assert "Fine-tuning (Unfrozen" in printed


def test_readme_pandas_line_prints_both_runs(readme_block):
    _, printed = readme_block
    table = printed[printed.rindex("run_id") :]
    assert "[2 rows x" in table


def test_readme_commands_write_the_report_and_the_page_that_it_shows(readme_block):
    folder, _ = readme_block
    assert (folder / "reports/report.md").is_file()
    assert (folder / "reports/report.html").is_file()
    assert (folder / "reports/predictions/predictions.png").read_bytes().startswith(b"\x89PNG")


def test_tutorial_names_the_pictures_that_the_report_writes(readme_block):
    folder, _ = readme_block
    tutorial = (DOCS / "tutorial.md").read_text()
    pictures = [path.relative_to(folder).as_posix() for path in folder.glob("reports/**/*.png")]
    assert len(pictures) == 4
    assert [picture for picture in pictures if f"`{picture}`" not in tutorial] == []


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_readme_shows_the_commands_for_isic_2016():
    assert ["run", "--frozen", "--epochs", "10"] in DOWNLOADING


@pytest.mark.parametrize("arguments", DOWNLOADING, ids=" ".join)
def test_offline_isic_2016_is_one_error_that_names_the_way_on(arguments, tmp_path):
    url = f"http://127.0.0.1:{closed_port()}"
    done = isicbench(*arguments, ISICBENCH_ISIC2016_URL=url, ISICBENCH_HOME=str(tmp_path / "home"))
    assert done.returncode == DataError.exit_code == 3
    assert done.stderr.count("Error:") == 1
    assert f"{url}/ISBI2016_ISIC_Part1_Training_Data.zip could not be downloaded" in done.stderr
    assert "isicbench data import FOLDER" in done.stderr
    assert "--dataset synthetic" in done.stderr
    assert "Traceback" not in done.stderr
