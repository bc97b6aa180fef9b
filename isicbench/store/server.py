"""Connections to a PostgreSQL server: limits for what waits, one writer at a time, one state for who reads."""

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection

WRITES = "isicbench_writes"
"""Execution option of a connection whose transactions are the database's only writing ones while they last."""
ADVISORY_LOCK = 0x151CBE7C
CONNECTING = {
    "client_encoding": "utf8",
    "connect_timeout": "10",
    # A peer that is gone without a word is noticed within a minute, not within hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "fallback_application_name": "isicbench",
}
"""Settings of libpq, where the URL has none of its own."""
BEGIN_WRITING = (
    "SELECT set_config('lock_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '60s', true),"
    f" pg_advisory_xact_lock({ADVISORY_LOCK})"
)
"""A writer that is suspended or cut off while it holds the lock loses it after a minute."""


def open_server(url: URL, *, read_only: bool = False) -> Engine:
    """An engine whose writing transactions exclude each other, so that what a writer has read holds until it commits.

    Deadlocks cannot happen between them: each waits once, at its begin. With `read_only` it refuses every write.
    """
    settings = {name: value for name, value in CONNECTING.items() if name not in url.query}
    engine = create_engine(url, connect_args=settings)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql(BEGIN_WRITING)

    if read_only:

        @event.listens_for(engine, "connect")
        def refuse_writes(connection: Any, _record: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            connection.commit()

    return engine


def one_state(engine: Engine) -> Engine:
    """The same engine, with transactions that see the database as it was at their first statement, and only read.

    Those of SQLite always do the first.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
