"""`isicbench db`: the database itself."""

from isicbench.cli.app import new_app
from isicbench.cli.options import Database

app = new_app(no_args_is_help=True)


@app.callback()
def db() -> None:
    """Look after the database."""


@app.command()
def upgrade(db: Database = None) -> None:
    """Take an older database to this version's schema, after a backup."""
    from isicbench.cli.console import out
    from isicbench.errors import StoreError
    from isicbench.store.migrate import current_revision
    from isicbench.store.migrate import upgrade as upgrade_database
    from isicbench.store.urls import database_url, shown_url

    url = database_url(db)
    if current_revision(url) is None:
        raise StoreError(f"{shown_url(url)}: no database there", hint="Name it with --db.")
    done = upgrade_database(url)
    if done.backup is not None:
        out.print(f"backup: {done.backup}", markup=False, soft_wrap=True)
    out.print(f"{shown_url(url)} is at revision {done.revision}", markup=False, soft_wrap=True)
