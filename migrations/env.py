"""Runs the migrations in the transaction that `isicbench.store.migrate` has begun.

The views are dropped before and made anew after: a table that a view reads can be neither rebuilt nor altered. So they
are always the ones of this version, and no migration repeats them.
"""

from alembic import context
from sqlalchemy import text

from isicbench.store.schema import Table
from isicbench.store.views import VIEWS

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    for name in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
    context.run_migrations()
    for name, query in VIEWS.items():
        connection.execute(text(f"CREATE VIEW {name} AS {query}"))
