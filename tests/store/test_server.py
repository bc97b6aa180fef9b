"""A PostgreSQL server: what it is asked, what it refuses, and what is said then."""

import importlib.util
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import MetaData, create_engine, text

from isicbench.errors import StoreError
from isicbench.store.migrate import current_revision, head_revision, migrations_folder, upgrade
from isicbench.store.store import open_store
from isicbench.store.urls import database_url, full_url
from tests.commands import isicbench
from tests.postgres_server import PASSWORD, PostgresServer
from tests.store.store_records import EVALUATION, complete, end, queue, request

FIRST_SCHEMA = Path(__file__).parent / "fixtures" / "first_schema.db"
VIEWS = ("results", "epoch_results", "image_results")


@pytest.fixture
def name(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as name:
        yield name


@pytest.fixture
def made(postgres: PostgresServer, new_template: str) -> Iterator[str]:
    with postgres.database(template=new_template) as name:
        yield name


def test_password_may_come_from_the_environment_or_a_file(name, postgres, tmp_path, monkeypatch):
    url = postgres.url_without_password(name)
    with pytest.raises(StoreError, match="asks for a password") as raised:
        open_store(url)
    assert "PGPASSWORD" in raised.value.hint
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert open_store(url).runs() == []
    monkeypatch.delenv("PGPASSWORD")
    (tmp_path / "pgpass").write_text(f"*:*:*:me:{PASSWORD}\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    assert open_store(url).runs() == []


def test_wrong_password_and_absent_database_say_what_to_do(name, postgres):
    with pytest.raises(StoreError, match="refuses the password") as raised:
        open_store(postgres.url(name).replace(PASSWORD, "wrong-s3cret"))
    assert "wrong-s3cret" not in str(raised.value)
    with pytest.raises(StoreError, match="no such database") as raised:
        open_store(postgres.url("absent"))
    assert "createdb absent" in raised.value.hint
    assert PASSWORD not in str(raised.value)


def test_role_that_may_not_make_tables_is_told_so(name, postgres):
    postgres.ask("DROP ROLE IF EXISTS guest")
    postgres.ask(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    with pytest.raises(StoreError, match="does not allow it") as raised:
        open_store(postgres.url(name).replace("//me:", "//guest:"))
    assert "GRANT" in raised.value.hint
    assert PASSWORD not in str(raised.value)


def test_other_programs_database_is_refused_and_left_as_it_was(name, postgres):
    postgres.ask("CREATE TABLE photos (id INTEGER)", database=name)
    with pytest.raises(StoreError, match="another program's database") as raised:
        open_store(postgres.url(name))
    assert "createdb" in raised.value.hint
    tables = postgres.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name)
    assert tables == [("photos",)]


def test_images_come_in_one_order_whatever_the_server_s_language(new_file, postgres, tmp_path):
    """English rules put `a` before `B`; bytes do not."""
    scores = tuple(
        replace(EVALUATION.image_scores[0], image_id=image_id) for image_id in ("b", "B-2", "a", "A_1", "ä", "a 1")
    )
    images = tuple(replace(request().dataset.images[0], image_id=score.image_id) for score in scores)
    asked = replace(request(), dataset=replace(request().dataset, images=images))
    english = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
    with postgres.database(template="template0", options=english) as name:
        found = []
        for database in (postgres.url(name), str(tmp_path / "results.db")):
            store = open_store(database)
            [run_id] = queue(store, asked)
            store.record_evaluation(run_id, replace(EVALUATION, image_scores=scores))
            metric = store.image_metric([run_id], metric="iou", split="test", resolution="training")[run_id]
            [evaluation] = store.evaluations([run_id], with_image_scores=True)[run_id]
            kept = [score.image_id for score in evaluation.image_scores]
            found.append((list(metric.values), kept, [image.image_id for image in store.dataset_images("d" * 64)]))
            store.close()
    assert found[0] == found[1]
    assert found[0][0] == sorted(found[0][0])


def test_views_give_the_same_rows_as_those_of_sqlite(made, postgres, tmp_path):
    tables = []
    moments = ["started_at", "finished_at", "run_uid"]
    for database in (postgres.url(made), str(tmp_path / "results.db")):
        store = open_store(database)
        first, second = queue(store, request(), request(seed=1))
        complete(store, first)
        end(store, second, status=store.run(first).status)
        url = full_url(database_url(database)) if "://" in database else f"sqlite:///{database}"
        read = [pd.read_sql(view, url).drop(columns=moments, errors="ignore") for view in VIEWS]
        tables.append([table.sort_values(list(table.columns[:8])).reset_index(drop=True) for table in read])
        store.close()
    for on_server, in_file in zip(*tables, strict=True):
        assert len(in_file) > 1
        pd.testing.assert_frame_equal(on_server, in_file, check_dtype=False)


def test_first_schema_is_taken_forward_with_its_rows(name, postgres):
    _make_first_schema(postgres.url(name))
    with pytest.raises(StoreError, match="older version"):
        open_store(postgres.url(name))
    done = upgrade(database_url(postgres.url(name)))
    assert (done.revision, done.backup) == (head_revision(), None)
    store = open_store(postgres.url(name), create=False)
    assert [run.status.value for run in store.runs()] == ["completed", "failed", "queued", "queued"]
    assert [epoch.epoch for epoch in store.epochs([1])[1]] == [1, 2]
    assert queue(store, request(seed=77)) == (5,)


def _make_first_schema(url: str) -> None:
    """The first migration alone, and the rows of the first schema's file."""
    path = next((migrations_folder() / "versions").glob("0001_*.py"))
    spec = importlib.util.spec_from_file_location("first", path)
    first = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(first)
    engine = create_engine(database_url(url))
    with engine.begin() as connection, closing(sqlite3.connect(FIRST_SCHEMA)) as file:
        with Operations.context(MigrationContext.configure(connection)):
            first.upgrade()
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        known = MetaData()
        known.reflect(connection)
        for table in known.sorted_tables:
            if table.name != "alembic_version":
                _fill(connection, table, file)
    engine.dispose()


def _fill(connection, table, file: sqlite3.Connection) -> None:
    names = [column.name for column in table.columns]
    for row in file.execute(f"SELECT {', '.join(names)} FROM {table.name}").fetchall():
        values = dict(zip(names, row, strict=True))
        for column in table.columns:
            kind = str(column.type)
            if kind == "BOOLEAN":
                values[column.name] = bool(values[column.name])
            elif kind == "JSON":
                values[column.name] = json.loads(values[column.name])
            elif kind == "TIMESTAMP" and values[column.name]:
                values[column.name] = f"{values[column.name]}+00:00"
        connection.execute(table.insert().values(values))
    if "id" in names:
        advance = f"SELECT setval('{table.name}_id_seq', GREATEST((SELECT MAX(id) FROM {table.name}), 1))"
        connection.execute(text(advance))


def test_commands_that_look_after_a_database_know_a_server(made, postgres):
    url = postgres.url(made)
    store = open_store(url)
    end(store, *queue(store), status=store.runs()[0].status.COMPLETED)
    ends = {"check": 0, "backup": 5, "vacuum": 5, "upgrade": 0}
    outputs = {command: isicbench("db", command, ISICBENCH_DB=url) for command in ends}
    assert {command: done.returncode for command, done in outputs.items()} == ends, outputs["check"]
    assert f"pg_dump --format custom --file results.dump 'postgresql://me@/{made}" in outputs["backup"].stderr
    assert "VACUUM FULL" in outputs["vacuum"].stderr
    assert f"at revision {head_revision()}" in outputs["upgrade"].stdout
    assert PASSWORD not in "".join(done.stdout + done.stderr for done in outputs.values())
    assert current_revision(database_url(url)) == head_revision()
