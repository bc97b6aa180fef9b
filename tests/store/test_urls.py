import sys
from pathlib import Path

import pytest

from isicbench.errors import StoreError
from isicbench.store.store import open_store
from isicbench.store.urls import database_url, full_url, shown_url


def test_choice_goes_before_environment_and_environment_before_the_working_folder(tmp_path, monkeypatch):
    assert database_url().database == str(tmp_path / "results.db")
    monkeypatch.setenv("ISICBENCH_DB", "environment.db")
    assert database_url().database == str(tmp_path / "environment.db")
    assert database_url("chosen.db").database == str(tmp_path / "chosen.db")


@pytest.mark.parametrize("choice", ["a.db", "sqlite:///a.db", "./x/../a.db"])
def test_path_and_sqlite_url_mean_the_same_file(choice, tmp_path):
    assert database_url(choice).database == str(tmp_path / "a.db")


@pytest.mark.parametrize(
    "choice",
    [
        "postgresql://me:s3cret@db.example:5432/lab",
        "postgresql+psycopg://me:s3cret@db.example/lab",
        "postgresql://db.example/lab?user=me&password=s3cret&sslpassword=s3cret",
    ],
)
def test_password_is_never_shown_and_never_lost(choice):
    url = database_url(choice)
    assert "s3cret" not in shown_url(url)
    assert "db.example" in shown_url(url)
    assert "s3cret" in full_url(url)
    assert database_url(full_url(url)) == url


@pytest.mark.parametrize("choice", ["postgresql://me:s3cret@host:port/lab", "://s3cret", "nonsense://me:s3cret@h/d"])
def test_unusable_url_is_one_error_without_the_password(choice):
    with pytest.raises(StoreError) as raised:
        open_store(choice)
    assert "s3cret" not in str(raised.value)
    assert raised.value.hint


@pytest.mark.parametrize("folder", ["what?", "100%20", "a b#c", "ä", "it's"])
def test_worker_finds_the_file_again_whatever_its_folder_is_called(folder, tmp_path):
    (tmp_path / folder).mkdir()
    store = open_store(f"{folder}/results.db")
    assert (tmp_path / folder / "results.db").is_file()
    again = open_store(store.url, create=False)
    assert again.url_shown == str(tmp_path / folder / "results.db")
    assert again.folder == tmp_path / folder / "runs"


def test_missing_driver_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError) as raised:
        open_store("postgresql://me:s3cret@localhost/lab")
    assert "pip install 'isicbench[postgres]'" in raised.value.hint
    assert "s3cret" not in str(raised.value)


def test_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert database_url("~/lab.db").database == str(tmp_path / "me" / "lab.db")
