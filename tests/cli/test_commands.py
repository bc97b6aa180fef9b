"""The commands as a user meets them, on one small study."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from isicbench.data.synthetic import write_synthetic
from tests.commands import isicbench


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results.db of both experiments."""
    folder = tmp_path_factory.mktemp("finished")
    write_synthetic(folder / "pairs", train=12, test=4, seed=5)
    options = ("--dataset", "folder", "--data-dir", "pairs", "--weights", "random", "--size", 64, "--epochs", 2)
    done = isicbench("run", *options, "--devices", "cpu", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Feature Extraction (Frozen" in done.stdout
    assert "Fine-tuning (Unfrozen" in done.stdout
    return folder


@pytest.fixture
def here(finished: Path) -> None:
    shutil.copy(finished / "results.db", "results.db")
    shutil.copytree(finished / "runs", "runs")


def test_help_imports_no_torch_and_none_of_the_commands():
    script = "import sys; from isicbench.cli import app; sys.argv = ['isicbench', '--help']\ntry: app.main()\nfinally:"
    script += "\n heavy = {'torch', 'sqlalchemy', 'pandas', 'matplotlib', 'numpy', 'rich.console'} & set(sys.modules)"
    script += "\n print(sorted(heavy), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout
    assert done.stderr.strip() == "[]"


def test_help_of_a_report_loads_nothing_that_computes_or_draws():
    script = "import sys; sys.argv = ['isicbench', 'report', '--help']\nfrom isicbench.cli import main\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "print(sorted({'numpy', 'scipy', 'matplotlib', 'sqlalchemy'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "latex, csv, json" in " ".join(done.stdout.split())
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("arguments", [["report"], ["report", "--format", "csv"], ["report", "--format", "json"]])
def test_only_a_report_with_pictures_loads_matplotlib(arguments, here):
    script = f"import sys; sys.argv = ['isicbench', *{arguments!r}]\nfrom isicbench.cli import main\n"
    script += "try: main()\nexcept SystemExit: pass\nprint('matplotlib' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


@pytest.mark.parametrize("arguments", [["list"], ["report"], ["show", "1"], ["list", "--json"], ["compare"]])
def test_reading_commands_import_no_torch(arguments, here):
    script = f"import sys; sys.argv = ['isicbench', *{arguments!r}]\nfrom isicbench.cli import main\n"
    script += "try: main()\nexcept SystemExit: pass\nprint('torch' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


def test_training_command_leaves_torch_to_its_workers():
    script = "import sys, isicbench.cli.run, isicbench.cli.study, isicbench.scheduling.local_workers\n"
    script += "import isicbench.scheduling.slurm_executor\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("arguments", [["list"], ["show", "1"], ["list", "--json"]])
def test_listing_and_showing_load_neither_scipy_nor_matplotlib(arguments, here):
    script = f"import sys; sys.argv = ['isicbench', *{arguments!r}]\nfrom isicbench.cli import main\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "print(sorted({'scipy', 'matplotlib', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_list_and_show_print_stable_json(here):
    listed = json.loads(isicbench("list", "--json").stdout)
    assert [(run["id"], run["status"], run["seed"]) for run in listed] == [(1, "completed", 0), (2, "completed", 0)]
    shown = json.loads(isicbench("show", 2, "--json").stdout)
    assert shown["config"]["epochs"] == 2
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [1, 2]
    assert shown["environment"]["device"] == "cpu"
    assert shown["artifacts"][0]["kind"] == "model"


def test_list_can_be_narrowed_by_status(here):
    assert json.loads(isicbench("list", "--json", "--status", "failed").stdout) == []
    assert len(json.loads(isicbench("list", "--json", "--status", "failed,completed").stdout)) == 2


def test_report_writes_markdown_with_its_pictures(here):
    assert isicbench("report", "--format", "markdown").returncode == 0
    text = Path("reports/report.md").read_text()
    assert "| Experiment | IoU | Dice Score | Final Training Loss | Final Validation Loss |" in text
    pictures = set(Path("reports").rglob("*.png"))
    assert len(pictures) >= 3
    assert all(path.relative_to("reports").as_posix() in text for path in pictures)


def test_rm_asks_first_and_takes_the_files_along(here):
    assert isicbench("rm", 1).returncode == 1
    assert len(json.loads(isicbench("list", "--json").stdout)) == 2
    assert isicbench("rm", 1, "--yes").returncode == 0
    assert [run["id"] for run in json.loads(isicbench("list", "--json").stdout)] == [2]
    assert [path.name[:5] for path in Path("runs").iterdir() if path.name[0].isdigit()] == ["00002"]


def test_watch_returns_when_nothing_is_running(here):
    done = isicbench("watch")
    assert done.returncode == 0
    assert "Nothing is queued or running" in done.stderr


def test_dry_run_prints_the_plan_and_makes_no_database(finished):
    options = ("--dataset", "folder", "--data-dir", finished / "pairs", "--weights", "random", "--size", 64)
    done = isicbench("run", *options, "--seed", 0, "--seed", 1, "--devices", "cpu:2", "--dry-run")
    assert done.returncode == 0
    assert "4 runs" in done.stdout
    assert "cpu:0, cpu:1" in done.stdout
    assert not Path("results.db").exists()


def test_doctor_examines_everything_and_says_what_to_do():
    done = isicbench("doctor", "--json")
    findings = json.loads(done.stdout)
    kinds = {finding["what"] for finding in findings}
    assert {"python", "packages", "torch pair", "devices", "memory", "data", "weights", "database"} <= kinds
    assert all(finding["advice"] for finding in findings if finding["level"] != "ok")
    assert done.returncode == (1 if any(finding["level"] == "wrong" for finding in findings) else 0)


def test_data_commands_list_verify_and_show(finished):
    options = ("--dataset", "folder", "--data-dir", finished / "pairs")
    assert {row["name"] for row in json.loads(isicbench("data", "list", "--json").stdout)} >= {"isic2016", "synthetic"}
    assert "no faults" in isicbench("data", "verify", *options).stdout
    shown = isicbench("data", "show", *options, "--count", 2, "--output", "samples.png")
    assert shown.returncode == 0
    assert Path("samples.png").stat().st_size > 10_000
    assert "train" in shown.stdout


def test_a_folder_with_other_counts_than_the_challenge_is_remarked_on(finished):
    done = isicbench("data", "prepare", "--dataset", "folder", "--data-dir", finished / "pairs", "--size", 64)
    assert done.returncode == 0
    assert "900" in done.stderr
