"""Models, migrations and views agree, and every released schema can be taken forward."""

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store import migrate
from isicbench.store.engine import open_engine
from isicbench.store.migrate import current_revision, head_revision, migrations_folder, upgrade
from isicbench.store.schema import STATUSES, Table
from isicbench.store.store import open_store
from isicbench.store.urls import database_url
from isicbench.store.views import VIEWS
from tests.store.store_records import (
    ENVIRONMENT,
    EVALUATION,
    FIRST_EVALUATION,
    FROZEN,
    MODEL,
    PREDICTION,
    SAMPLE,
    complete,
    epoch,
    queue,
)

HEAD = head_revision()
FIRST_SCHEMA = Path(__file__).parent / "fixtures" / "first_schema.db"
SECOND_SCHEMA = FIRST_SCHEMA.with_name("second_schema.db")
THIRD_SCHEMA = FIRST_SCHEMA.with_name("third_schema.db")
NEXT_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("experiments", recreate="always") as experiments:
        experiments.add_column(sa.Column("remark", sa.String(), nullable=True))
    {then}
"""


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """This version with one more migration, which rebuilds a table that others refer to."""

    def write(then: str = "pass") -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(migrations_folder(), folder)
        (folder / "versions" / "9001_next.py").write_text(NEXT_MIGRATION.format(then=then, head=migrate.HEAD))
        monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
        monkeypatch.setattr(migrate, "HEAD", "9001")

    return write


def test_migrations_make_the_tables_that_the_models_describe(store, database):
    engine = open_engine(database_url(database))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []
        found = inspect(connection)
        checks = found.get_check_constraints("runs")
        assert [check["name"] for check in checks] == ["ck_runs_status"]
        for table in Table.metadata.tables.values():
            cascades = {key["name"]: key["options"].get("ondelete") for key in found.get_foreign_keys(table.name)}
            assert cascades == {key.name: key.ondelete for key in table.foreign_key_constraints}
    engine.dispose()


def test_migrations_make_the_views_of_this_version(tmp_path):
    open_store("results.db")
    with closing(sqlite3.connect("results.db")) as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
    assert {name: sql.partition(" AS ")[2].split() for name, sql in made.items()} == {
        name: sql.split() for name, sql in VIEWS.items()
    }


def test_partial_index_and_autoincrement_are_made_as_the_models_say(tmp_path):
    """What Alembic does not compare."""
    open_store("results.db")
    with closing(sqlite3.connect("results.db")) as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    assert made["uq_runs_running_slot"].endswith("WHERE status = 'running'")
    assert "AUTOINCREMENT" in made["runs"]
    assert "AUTOINCREMENT" in made["studies"]


def test_statuses_are_the_ones_of_the_records():
    assert set(STATUSES) == {status.value for status in RunStatus}


def test_head_revision_is_the_newest_migration():
    assert ScriptDirectory(str(migrations_folder())).get_heads() == [head_revision()]


def test_migration_files_are_named_after_their_revision():
    """An older database is told from a newer one by these names."""
    scripts = ScriptDirectory(str(migrations_folder())).walk_revisions()
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts)


def test_database_of_the_third_schema_is_taken_forward_with_all_its_rows(tmp_path):
    shutil.copy(THIRD_SCHEMA, "results.db")
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)
    assert upgrade(database_url("results.db")).revision == head_revision()
    store = open_store("results.db", create=False)
    completed, *others = store.runs()
    assert [run.status.value for run in others] == ["failed", "queued", "queued"]
    assert completed.config == replace(FROZEN, dataset_fingerprint=completed.config.dataset_fingerprint)
    assert store.evaluations([completed.id], with_image_scores=True)[completed.id] == [EVALUATION]
    with closing(sqlite3.connect("results.db")) as connection:
        columns = "freeze_until, unfreeze_at, ema_decay, patience, keep, accumulate, folds, fold, epochs, scored_epoch"
        found = connection.execute(f"SELECT {columns} FROM results").fetchall()
    assert found == [(0, 0, 0.0, 0, "last", 1, 0, 0, 2, 2)]


def test_database_of_the_second_schema_is_taken_forward_with_all_its_rows(tmp_path):
    shutil.copy(SECOND_SCHEMA, "results.db")
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
    assert upgrade(database_url("results.db")).revision == head_revision()
    store = open_store("results.db", create=False)
    completed, failed, _queued, retry = store.runs()
    assert retry.retry_of == failed.id
    assert completed.config.loss == "bce"
    assert store.epochs([completed.id])[completed.id] == [epoch(1), epoch(2)]
    assert store.evaluations([completed.id], with_image_scores=True)[completed.id] == [EVALUATION]
    assert store.predictions([completed.id])[completed.id] == [(SAMPLE, PREDICTION)]
    with closing(sqlite3.connect("results.db")) as connection:
        recipe = connection.execute("SELECT DISTINCT loss, optimiser, schedule, batch_parts FROM results").fetchall()
    assert recipe == [("bce", "adam", "constant", 1)]


def test_database_of_the_first_schema_is_taken_forward_with_all_its_rows(tmp_path):
    shutil.copy(FIRST_SCHEMA, "results.db")
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert upgrade(database_url("results.db")).revision == head_revision()
    store = open_store("results.db", create=False)
    completed, failed, queued, retry = store.runs()
    statuses = [run.status.value for run in (completed, failed, queued, retry)]
    assert statuses == ["completed", "failed", "queued", "queued"]
    assert retry.retry_of == failed.id
    assert (failed.experiment, failed.failure.traceback) == ("mine", "line 1\nline 2")
    first_epochs = [epoch(1, gradient_norm=math.nan), epoch(2, gradient_norm=math.nan)]
    assert repr(store.epochs([completed.id])[completed.id]) == repr(first_epochs)
    # As text, for a figure that the first schema did not have is NaN, which equals nothing.
    [evaluation] = store.evaluations([completed.id], with_image_scores=True)[completed.id]
    assert repr(evaluation) == repr(FIRST_EVALUATION)
    assert store.predictions([completed.id])[completed.id] == [(SAMPLE, PREDICTION)]
    assert store.environments([completed.id])[completed.id] == ENVIRONMENT
    assert store.artifacts(completed.id) == [MODEL]
    assert [store.study(number).run_ids for number in (1, 2)] == [(1, 2, 3), (4,)]


def test_older_database_is_refused_with_the_command_that_takes_it_forward(next_version, tmp_path):
    queue(open_store("results.db"))
    next_version()
    with pytest.raises(StoreError, match="older version") as raised:
        open_store("results.db")
    assert "isicbench db upgrade" in raised.value.hint
    assert current_revision(database_url("results.db")) == HEAD


def test_upgrade_rebuilds_a_table_without_losing_what_refers_to_it_and_backs_up_first(next_version, tmp_path):
    store = open_store("results.db")
    [run_id] = queue(store)
    complete(store, run_id)
    with closing(sqlite3.connect("results.db")) as connection:
        connection.execute("CREATE VIEW mine AS SELECT name FROM experiments")
    next_version()
    done = upgrade(database_url("results.db"))
    assert done.revision == "9001"
    assert current_revision(database_url("results.db")) == "9001"
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("SELECT remark FROM experiments").fetchall() == [(None,)]
        assert connection.execute("SELECT count(*) FROM image_scores").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM mine").fetchone() == (1,)
        assert connection.execute("SELECT iou FROM results").fetchall() == [(EVALUATION.iou,)]
    assert current_revision(database_url(str(done.backup))) == HEAD
    with closing(sqlite3.connect(str(done.backup))) as connection:
        assert connection.execute("SELECT iou FROM results").fetchall() == [(EVALUATION.iou,)]
    assert upgrade(database_url("results.db")).backup is None


@pytest.mark.parametrize(
    ("then", "error"),
    [
        ("op.execute('DELETE FROM datasets')", "refer to rows that are not there"),
        ("raise RuntimeError('cut short')", "cut short"),
    ],
)
def test_upgrade_that_fails_leaves_the_database_as_it_was(then, error, next_version, tmp_path):
    store = open_store("results.db")
    complete(store, *queue(store))
    next_version(then)
    with pytest.raises((StoreError, RuntimeError), match=error):
        upgrade(database_url("results.db"))
    assert current_revision(database_url("results.db")) == HEAD
    with closing(sqlite3.connect("results.db")) as connection:
        assert "remark" not in [row[1] for row in connection.execute("PRAGMA table_info(experiments)")]
        assert connection.execute("SELECT dataset FROM results").fetchall() == [("synthetic",)]
