"""Generations in the schemas of a PostgreSQL database: opening them, locks, and access rights.

Several workers may write one generation, each its own partitions. Readers see only the public tables, through a role
that has no other rights.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from sqlalchemy import (
    ARRAY,
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Select,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    literal_column,
    make_url,
    select,
    sql,
    text,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from newsroom_consumers.database.database import (
    CONTROL,
    DatabaseUrlError,
    GenerationInUseError,
    NoGenerationError,
    Session,
    answering,
)
from newsroom_consumers.database.postgres_role import READERS, make_role
from newsroom_consumers.database.postgres_rows import PostgresRows

_CONNECT = {
    "connect_timeout": 5,
    "tcp_user_timeout": 30_000,  # a dead machine sends nothing: TCP itself would wait for a quarter of an hour
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
}
"""When a server, or its machine, counts as away. Names are libpq's; ``tcp_user_timeout`` is in ms, other times in s."""
_SESSION = {
    "idle_in_transaction_session_timeout": "10s",  # a frozen worker may not hold the newsroom
    "statement_timeout": "60s",
    "lock_timeout": "5s",
}
_WORKER = _SESSION | {
    "synchronous_commit": "off",  # a crash may undo whole batches, never half of one: they are folded again
}
_READER_CONNECTIONS = 5
"""Maximum read transactions of one process at once; others wait."""
_LOOK_AT = text("SELECT to_regnamespace(set_config('search_path', :schema, true))")
_MAKING = 0x6E657773
"""Key of the advisory lock for creating tables, because several workers may start at once."""

_SIZE = text(
    """
    SELECT sum(pg_total_relation_size(each.oid)) FROM pg_class AS each JOIN pg_namespace AS schema
    ON schema.oid = each.relnamespace WHERE schema.nspname = :schema AND each.relkind = 'r'
    """
)
_LOCKS = sql.table("pg_locks", *map(sql.column, ("pid", "locktype", "granted", "transactionid")))
_SESSIONS = sql.table("pg_stat_activity", *map(sql.column, ("pid", "usename")))
_END_WRITERS = (
    select(func.pg_terminate_backend(_LOCKS.c.pid))
    .join(_SESSIONS, _SESSIONS.c.pid == _LOCKS.c.pid)
    .where(_LOCKS.c.locktype == "transactionid", _LOCKS.c.granted, _SESSIONS.c.usename == func.current_user())
    .where(_LOCKS.c.pid != func.pg_backend_pid())
)
"""Ends sessions of this login, except this one, that write; a further condition names the transaction."""


class PostgresDatabase:
    """A PostgreSQL database: the schema ``newsroom_control``, and one named ``generation_…`` for each generation."""

    many_workers = True

    def __init__(self, url: str) -> None:
        """``url`` begins with ``postgresql://``. Raises ``DatabaseUrlError``."""
        try:
            self._url = make_url(url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError) as error:
            raise DatabaseUrlError from error
        reading = _engine(self._url, _SESSION, pool_size=_READER_CONNECTIONS, max_overflow=0, pool_pre_ping=True)
        self._readers = reading.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        weakref.finalize(self, self._readers.dispose)

    def where(self, name: str) -> str:
        """Return the place of a generation for people, without the password, wherever the URL contains it."""
        shown = self._url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
        return f"{shown}, schema {schema_of(name)}"

    def worker_lock(self, name: str) -> AbstractContextManager[None]:
        """Lock a generation in a mode that its workers share. Cursors keep them from writing the same partition."""
        return self._locked(name, "pg_try_advisory_lock_shared")

    def exclusively(self, name: str) -> AbstractContextManager[None]:
        """Lock a generation exclusively. Raises ``GenerationInUseError``."""
        return self._locked(name, "pg_try_advisory_lock")

    @contextmanager
    def _locked(self, name: str, function: str) -> Iterator[None]:
        """Hold an advisory lock in a separate session."""
        engine = _engine(self._url, {}, poolclass=NullPool)
        with answering(name), engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            lock = text(f"SELECT {function}(hashtextextended(:schema, 0))")
            if not connection.scalar(lock, {"schema": schema_of(name)}):
                raise GenerationInUseError(self.where(name))
            yield

    def session(self, name: str) -> Session:
        """Open a schema for writing over one connection, which is replaced if it breaks.

        Does not connect yet. Commits of the control database wait for the disk.
        """
        wanted = {"search_path": _quoted(schema_of(name))} | (_SESSION if name == CONTROL else _WORKER)
        return Session(self, name, _engine(self._url, wanted, pool_size=1, max_overflow=0, pool_pre_ping=True))

    def reading(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction on a snapshot of a schema. Raises ``NoGenerationError``."""
        return self._reading(name, None)

    @contextmanager
    def auditing(self, name: str) -> Iterator[Connection]:
        """Open a read transaction without time-outs. Raises ``NoGenerationError``."""
        with self._reading(name, None) as connection:
            for timeout in ("idle_in_transaction_session_timeout", "statement_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {timeout} = 0")
            yield connection

    def public(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction that PostgreSQL limits to the public tables. Raises ``NoGenerationError``.

        A statement can still reset the role to the login's own. To run foreign statements, connect with a login that is
        a member of the readers' role only.
        """
        return self._reading(name, READERS)

    @contextmanager
    def _reading(self, name: str, role: str | None) -> Iterator[Connection]:
        """Open a transaction of the readers' pool on a schema."""
        with answering(name), self._readers.begin() as connection:
            if connection.scalar(_LOOK_AT, {"schema": _quoted(schema_of(name))}) is None:
                raise NoGenerationError(self.where(name))
            if role is not None:
                connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            yield connection

    def size(self, name: str) -> int | None:
        """Return the size of a schema's tables and indexes in bytes, or ``None`` if there are none."""
        with answering(name), self._readers.begin() as connection:
            found = connection.scalar(_SIZE, {"schema": schema_of(name)})
        return None if found is None else int(found)

    def drop(self, name: str) -> None:
        """Drop a schema with everything in it."""
        with self.session(name) as session, session.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_quoted(schema_of(name))} CASCADE")

    def make_tables(self, connection: Connection, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
        """Create the missing schema and tables, and let readers see the public ones.

        Raises ``ReaderRoleError``.
        """
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
        schema = str(connection.scalar(text("SHOW search_path")))
        if connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": schema}) is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        make_role(connection)
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {READERS}")
        for each in metadata:
            add_options(each)
            each.create_all(connection)
            for table in sorted(public & each.tables.keys()):
                connection.exec_driver_sql(f'GRANT SELECT ON "{table}" TO {READERS}')

    def rows(self, metadata: Sequence[MetaData]) -> PostgresRows:
        """Return the writer of rows for these tables."""
        return PostgresRows([table for each in metadata for table in each.sorted_tables])

    def among_ids(self, column: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a column has one of the values in the array bound as ``ids``.

        PostgreSQL needs longer to parse and plan a list of hundreds of parameters than to find the rows.
        """
        return column == any_(bindparam("ids", type_=ARRAY(Text)))

    def pace(self, connection: Connection, records: int) -> None:
        """Do nothing: PostgreSQL needs no preparation."""

    def end_holder(self, connection: Connection, row: Select[Any]) -> None:
        """End the session of this login whose open transaction has changed the selected row, if any.

        The server's time-outs do not end a worker that freezes while it streams rows.
        """
        changed_by = row.with_only_columns(literal_column("xmax")).scalar_subquery()
        connection.execute(_END_WRITERS.where(_LOCKS.c.transactionid == changed_by))

    def commit_in_full(self, connection: Connection) -> None:
        """Make the commit of a transaction wait for the disk. Commits of batches need not."""
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")

    def control_within(self) -> Mapping[str, Any]:
        """Return the options with which a statement on the control database runs in a generation's transaction."""
        return {"schema_translate_map": {None: schema_of(CONTROL)}}

    def damage(self, connection: Connection) -> list[str]:
        """Return an empty list: PostgreSQL offers no such check."""
        del connection
        return []


def schema_of(name: str) -> str:
    """Return the schema of a generation or of the control database."""
    return "newsroom_control" if name == CONTROL else f"generation_{name}"


def _engine(url: URL, wanted: Mapping[str, str], **pool: Any) -> Engine:
    """Return an engine whose connections have some settings, and use lz4 compression if the server has it."""
    engine = create_engine(url, connect_args=_CONNECT, **pool)

    @event.listens_for(engine, "connect")
    def _configure(connection: psycopg.Connection, _: object) -> None:
        connection.autocommit = True
        connection.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)",
            (list(wanted), list(wanted.values())),
        )
        connection.execute(
            "SELECT set_config(name, 'lz4', false) FROM pg_settings "
            "WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)"
        )
        connection.autocommit = False

    return engine


def _quoted(name: str) -> str:
    return psycopg.sql.Identifier(name).as_string()


def add_options(metadata: MetaData) -> None:
    """Add PostgreSQL's options: to tables those in their ``info``, to indexes the condition that they have on SQLite.

    Tables that named them would load PostgreSQL's dialect when they are imported, for SQLite, too.
    """
    for table in metadata.tables.values():
        table.dialect_options["postgresql"]["with"] = table.info.get("postgresql_with", {})
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
