"""The wheel carries the migrations, and a database can be made with nothing but what is in it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from isicbench.store.migrate import head_revision

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The files of a freshly built wheel."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    return tmp_path / "installed"


def test_wheel_carries_what_the_report_s_page_is_made_of(installed):
    page, source = installed / "isicbench/report/html", ROOT / "isicbench/report/html"
    for folder in ("templates", "assets"):
        shipped = {path.name for path in (page / folder).iterdir()}
        assert shipped == {path.name for path in (source / folder).iterdir()} != set()


def test_wheel_carries_the_migrations_and_makes_a_database_with_them(installed, tmp_path):
    migrations = installed / "isicbench" / "migrations"
    assert (migrations / "env.py").is_file()
    shipped = {path.name for path in (migrations / "versions").glob("*.py")}
    assert shipped == {path.name for path in (ROOT / "migrations" / "versions").glob("*.py")}
    code = (
        "from isicbench.store.migrate import current_revision, migrations_folder\n"
        "from isicbench.store.store import open_store\n"
        "from isicbench.store.urls import database_url\n"
        "open_store('new.db')\n"
        "print(migrations_folder(), current_revision(database_url('new.db')))"
    )
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(migrations), head_revision()]
