"""A generation in one SQLite file: how it is opened, and how rows go in.

One connection writes at a time (the lock file sees to it); readers open the file read-only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from newsroom_schemas.errors import NewsroomError

_BUSY_SECONDS = 10
"""How long a statement waits for another connection; the only other writer is a person with a tool."""

_PRAGMAS = (
    "page_size=8192",  # rows with blocks are fat: fewer pages to chain (measured: a tenth off a batch's write)
    "journal_mode=WAL",
    "synchronous=NORMAL",  # a power cut may undo whole batches, never half of one: the log gives them again
    "wal_autocheckpoint=4000",
    "cache_size=-32768",
    "temp_store=MEMORY",
)


class SecondWorkerError(NewsroomError):
    """Another worker holds the generation."""

    def __init__(self, path: Path) -> None:
        """Take the generation's file."""
        super().__init__(
            f"another worker writes {path}: SQLite takes one. Stop it first, or use PostgreSQL for several workers"
        )
        self.path = path


class NoGenerationError(NewsroomError):
    """There is no generation to read yet."""

    exit_code = 4

    def __init__(self, path: Path) -> None:
        """Take the file that was looked for."""
        super().__init__(f"no generation at {path}: start a worker (`newsroom up` or `newsroom worker`) and ask again")
        self.path = path


def lock(path: Path) -> FileLock:
    """Take the lock of a generation's file until the process ends. Raises ``SecondWorkerError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(path.with_suffix(".lock"))
    try:
        held.acquire(timeout=0)
    except Timeout as error:
        raise SecondWorkerError(path) from error
    return held


def writer(path: Path) -> Engine:
    """Open a file for writing; transactions begin with the write lock, so that none fails half-way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}", poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reader(path: Path) -> Engine:
    """Open a file for reading only. Raises ``NoGenerationError``."""
    if not path.exists():
        raise NoGenerationError(path)
    engine = create_engine(
        f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """Open a read transaction on a file. Raises ``NoGenerationError``, also while a worker still makes the tables."""
    try:
        with reader(path).begin() as connection:
            yield connection
    except OperationalError as error:
        if "no such table" in str(error.orig):
            raise NoGenerationError(path) from error
        raise


class Rows:
    """Puts rows into tables by the fastest way that SQLite has: one prepared statement for many plain tuples."""

    def __init__(self, tables: Sequence[Table]) -> None:
        """Prepare the statements of the tables."""
        self._insert = {table.name: _statement(table, upsert=False) for table in tables}
        self._upsert = {table.name: _statement(table, upsert=True) for table in tables}

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows that are new."""
        if rows:
            connection.exec_driver_sql(self._insert[table.name], list(rows))

    def upsert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, each in place of the one with its key."""
        if rows:
            connection.exec_driver_sql(self._upsert[table.name], list(rows))

    def delete_editions(self, connection: Connection, table: Table, editions: Sequence[tuple[str, str]]) -> None:
        """Delete the rows of editions, given by article and language."""
        if editions:
            connection.exec_driver_sql(
                f"DELETE FROM {table.name} WHERE article_id = ? AND language = ?",  # noqa: S608 - a name of ours
                list(editions),
            )


def _statement(table: Table, *, upsert: bool) -> str:
    statement = sqlite.insert(table)
    if upsert:
        values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
    return str(statement.compile(dialect=sqlite.dialect()))
