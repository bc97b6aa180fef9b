"""The reference pages say what the code says."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image
from sqlalchemy import create_engine, inspect

from docs.generate_reference import PAGE, command_paths, section
from isicbench import errors, records
from isicbench.cli.app import COMMANDS
from isicbench.config import Config
from isicbench.data.audit_json import overlap_to_json
from isicbench.data.other_datasets import OtherDataset
from isicbench.data.overlap import find_overlap
from isicbench.doctor import Finding
from isicbench.evaluation import diagnosis
from isicbench.records import DatasetImage, DatasetRecord
from isicbench.scheduling.database_check import CheckFinding, DatabaseCheck, Kind
from isicbench.store.store import open_store
from isicbench.store.studies import RunRequest
from tests.commands import isicbench
from tests.docs.pages import DOCS, code_words, column_list, first_cells, sections

JSON_PAGE = sections(DOCS / "reference" / "json.md")
DATABASE_PAGE = sections(DOCS / "reference" / "database.md")
PANDAS_PAGE = sections(DOCS / "how-to" / "pandas.md")
BOOKKEEPING = {"alembic_version", "sqlite_sequence"}
RECORDS = {
    "config": Config,
    "owner": records.Owner,
    "failure": records.Failure,
    "diagnoses": records.Diagnosis,
    "epochs": records.EpochRecord,
    "evaluations": records.EvaluationRecord,
    "image_scores": records.ImageScore,
    "environment": records.EnvironmentRecord,
    "artifacts": records.ArtifactRecord,
}


@pytest.mark.parametrize("path", command_paths(), ids=" ".join)
def test_page_holds_what_each_command_prints_for_help(path):
    assert section(path) in PAGE.read_text(), "the page is out of date: make docs"


def test_page_holds_no_other_commands():
    headings = list(sections(PAGE))[1:]
    assert headings == [" ".join(("isicbench", *path)) for path in command_paths()]


@pytest.mark.parametrize("name", COMMANDS)
def test_main_help_gives_each_command_its_own_first_line(name):
    paragraph = isicbench(name, "--help", COLUMNS="80").stdout.split("\n\n")[1]
    assert " ".join(paragraph.split()) == COMMANDS[name]


@pytest.fixture
def queued_run(tmp_path):
    """A database with one run that waits; every JSON key is there all the same."""
    dataset = DatasetRecord(
        name="synthetic", fingerprint="0" * 64, train_count=2, test_count=1, source="drawn", licence="CC0-1.0"
    )
    config = Config(dataset="synthetic", dataset_fingerprint=dataset.fingerprint, weights="random")
    request = RunRequest(config=config, seed=0, dataset=dataset)
    return open_store(str(tmp_path / "results.db")).add_study("isicbench run", [request]).run_ids[0]


def json_of(*arguments):
    done = isicbench(*arguments, "--json")
    assert done.returncode in (0, 1, 3), done.stderr
    return json.loads(done.stdout)


def test_json_page_lists_the_keys_of_a_run(queued_run):
    listed = first_cells(JSON_PAGE["isicbench list --json"])
    shown = first_cells(JSON_PAGE["isicbench show --json"])
    assert sorted(json_of("list")[0]) == sorted(listed)
    assert sorted(json_of("show", queued_run)) == sorted([*listed, *shown])


@pytest.mark.parametrize("heading", RECORDS)
def test_json_page_lists_the_keys_within_a_run(heading):
    assert sorted(first_cells(JSON_PAGE[heading])) == sorted(f.name for f in fields(RECORDS[heading]))


def test_json_page_lists_the_keys_of_datasets_and_findings():
    assert sorted(json_of("data", "list")[0]) == sorted(first_cells(JSON_PAGE["isicbench data list --json"]))
    listed = sorted(first_cells(JSON_PAGE["isicbench doctor --json"]))
    assert listed == sorted(f.name for f in fields(Finding))


def test_json_page_lists_the_keys_of_a_check():
    assert sorted(first_cells(JSON_PAGE["isicbench db check --json"])) == sorted(
        ["sound", *(f.name for f in fields(DatabaseCheck))]
    )
    listed = sorted(first_cells(JSON_PAGE["check findings"]))
    assert listed == sorted(f.name for f in fields(CheckFinding))
    assert sorted(code_words(JSON_PAGE["check findings"].splitlines()[4])[1:]) == sorted(get_args(Kind))


def test_json_page_lists_the_keys_of_faults(tmp_path):
    folder = tmp_path / "data"
    assert isicbench("data", "synthesize", folder, "--train", 2, "--test", 1).returncode == 0
    next(folder.glob("*Training_GroundTruth/*.png")).unlink()
    faults = json_of("data", "verify", "--dataset", "folder", "--data-dir", folder)
    assert sorted(faults[0]) == sorted(first_cells(JSON_PAGE["isicbench data verify --json"]))


def test_json_page_lists_the_keys_of_an_audit(tmp_path):
    folder = tmp_path / "data"
    assert isicbench("data", "synthesize", folder, "--train", 2, "--test", 1, "--seed", 1).returncode == 0
    mask = next(folder.glob("*Training_GroundTruth/*.png"))
    Image.new("L", Image.open(mask).size).save(mask)
    audit = json_of("data", "audit", "--dataset", "folder", "--data-dir", folder)
    assert sorted(audit) == sorted(first_cells(JSON_PAGE["isicbench data audit --json"]))
    assert sorted(audit["areas"][0]) == sorted(first_cells(JSON_PAGE["areas"]))
    assert sorted(audit["findings"][0]) == sorted(first_cells(JSON_PAGE["findings"]))


def test_json_page_lists_the_keys_of_an_overlap():
    image = DatasetImage(image_id="ISIC_0000000", split="test", image_sha256="0" * 64)
    one, two = (OtherDataset(name=name, images=(image,)) for name in "ab")
    overlap = overlap_to_json(find_overlap(one, two))
    assert sorted(overlap) == sorted(first_cells(JSON_PAGE["isicbench data overlap --json"]))
    assert sorted(overlap["copies"][0]) == sorted(first_cells(JSON_PAGE["copies"]))


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "new.db"
    open_store(str(path))
    return inspect(create_engine(f"sqlite:///{path}"))


def columns(database, name):
    return [column["name"] for column in database.get_columns(name)]


def test_database_page_lists_every_column_of_every_view_and_table(database):
    names = {*database.get_view_names(), *database.get_table_names()} - BOOKKEEPING
    described = {heading: column_list(text) for heading, text in DATABASE_PAGE.items()}
    assert {name: found for name, found in described.items() if found} == {
        name: columns(database, name) for name in names
    }


def test_pandas_page_describes_every_column_of_every_view(database):
    for view in database.get_view_names():
        assert sorted(first_cells(PANDAS_PAGE[view])) == sorted(columns(database, view)), view


def test_diagnoses_page_lists_every_kind():
    page = DOCS / "reference" / "diagnoses.md"
    listed = [kind for text in sections(page).values() for kind in first_cells(text)]
    source = "".join(path.read_text() for path in Path(diagnosis.__file__).parent.glob("*.py"))
    assert sorted(listed) == sorted(re.findall(r'kind="(\w+)"', source))


def test_exit_codes_page_lists_every_error_with_its_code():
    rows = [line.split("|") for line in sections(DOCS / "reference" / "exit-codes.md")["Exit codes"].splitlines()]
    listed = {name: int(row[1]) for row in rows if len(row) > 2 for name in code_words(row[2])}
    classes = [errors.IsicbenchError, *errors.IsicbenchError.__subclasses__()]
    assert listed == {error.__name__: error.exit_code for error in classes}
