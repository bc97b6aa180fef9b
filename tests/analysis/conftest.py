"""The stores of the database's own tests: an SQLite file, and a server's database where one is named."""

from tests.store.conftest import database, new_file, new_template, store

__all__ = ["database", "new_file", "new_template", "store"]
