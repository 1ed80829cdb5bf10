"""Generations in SQLite files: opening them, locks, and access rights.

One connection writes at a time, ensured by a lock file. Readers open the file read-only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import URL, Column, ColumnElement, Connection, Engine, MetaData, Select, bindparam, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from newsroom_consumers.database.database import (
    GenerationInUseError,
    NoGenerationError,
    SecondWorkerError,
    Session,
    answering,
)
from newsroom_consumers.database.sqlite_rows import SqliteRows
from newsroom_consumers.projections import public_names
from newsroom_schemas.errors import NewsroomError

if TYPE_CHECKING:
    from filelock import FileLock

_BUSY_SECONDS = 10
"""Maximum seconds that a statement waits for another connection. The only other writer is a person with a tool."""

_PRAGMAS = (
    "page_size=8192",  # rows with blocks are large: fewer overflow pages (measured: batches are written 10 % faster)
    "journal_mode=WAL",
    "synchronous=NORMAL",  # a power cut may undo whole batches, never half of one: they are folded again
    "cache_size=-32768",
    "temp_store=MEMORY",
)


_LIVE_PAGES = 2_000
"""Pages in the write-ahead log at which a commit moves them to the file, which delays folding by about 10 ms."""
_BULK_PAGES = 16_000
"""The same while catching up: a page that many batches change is moved only once (saves 4 % of the time, measured)."""
_BULK_RECORDS = 500
"""Minimum records of a batch that counts as catching up."""
_DAMAGES = 10
"""Maximum number of places to report."""


class SqliteDatabase:
    """A folder with ``control.sqlite``, and a database file and a lock file for each generation."""

    many_workers = False

    def __init__(self, folder: Path) -> None:
        """``folder`` is created when something is written."""
        self._folder = folder

    def file(self, name: str) -> Path:
        """Return the path of a generation's file."""
        return self._folder / f"{name}.sqlite"

    def where(self, name: str) -> str:
        """Return the path of a generation's file, for people."""
        return str(self.file(name))

    @contextmanager
    def worker_lock(self, name: str) -> Iterator[None]:
        """Lock a generation's lock file. Raises ``SecondWorkerError``."""
        with self._locked(name, SecondWorkerError(self.where(name))):
            yield

    @contextmanager
    def exclusively(self, name: str) -> Iterator[None]:
        """Lock the same lock file. Raises ``GenerationInUseError``."""
        with self._locked(name, GenerationInUseError(self.where(name))):
            yield

    @contextmanager
    def _locked(self, name: str, otherwise: NewsroomError) -> Iterator[None]:
        from filelock import FileLock, Timeout  # noqa: PLC0415 - readers lock nothing, and start without it

        path = self.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        try:
            with self._locking():
                lock.acquire(timeout=0)
        except Timeout as error:
            raise otherwise from error
        with lock:
            yield

    def _locking(self) -> FileLock:
        """Return the lock for opening and removing lock files, because a lock on a removed file excludes nobody."""
        from filelock import FileLock  # noqa: PLC0415 - as above

        return FileLock(self._folder / "locking")

    def session(self, name: str) -> Session:
        """Open a file for writing. Creates it if it is missing."""
        return Session(self, name, _writer(self.file(name)))

    def reading(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction on a file. Raises ``NoGenerationError``."""
        return _reading(self.file(name), frozenset())

    @contextmanager
    def auditing(self, name: str) -> Iterator[Connection]:
        """Open a read transaction that reads any text. SQLite has no time-outs. Raises ``NoGenerationError``."""
        with self.reading(name) as connection:
            raw = cast("sqlite3.Connection", connection.connection.driver_connection)
            raw.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
            yield connection

    def public(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction that SQLite limits to the public tables. Raises ``NoGenerationError``."""
        return _reading(self.file(name), public_names())

    def size(self, name: str) -> int | None:
        """Return the size of a generation's file and its write-ahead log in bytes, or ``None`` if it does not exist."""
        files = [file for file in self._files(name) if file.exists()]
        return sum(file.stat().st_size for file in files) if files else None

    def drop(self, name: str) -> None:
        """Delete a generation's files, its lock file last."""
        for file in self._files(name):
            file.unlink(missing_ok=True)
        with self._locking():
            self.file(name).with_suffix(".lock").unlink(missing_ok=True)

    def make_tables(self, connection: Connection, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
        """Create missing tables. ``public`` is not needed: ``public()`` checks access when tables are read."""
        del public
        for each in metadata:
            each.create_all(connection)

    def rows(self, metadata: Sequence[MetaData]) -> SqliteRows:
        """Return the writer of rows for these tables."""
        return SqliteRows([table for each in metadata for table in each.sorted_tables])

    def among_ids(self, column: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a column has one of the values bound as ``ids``, one parameter for each."""
        return column.in_(bindparam("ids", expanding=True))

    def pace(self, connection: Connection, records: int) -> None:
        """Set the size at which the write-ahead log is moved to the file, depending on the batch."""
        pages = _BULK_PAGES if records >= _BULK_RECORDS else _LIVE_PAGES
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={pages}").close()

    def end_holder(self, connection: Connection, row: Select[Any]) -> None:
        """Do nothing: a generation has one worker."""

    def commit_in_full(self, connection: Connection) -> None:
        """Do nothing: all commits to the file are alike."""

    def control_within(self) -> None:
        """Return ``None``: the control database is a separate file."""

    def damage(self, connection: Connection) -> list[str]:
        """Return the first places where the file contradicts itself."""
        found = connection.exec_driver_sql(f"PRAGMA integrity_check({_DAMAGES})").scalars().all()
        return [str(each) for each in found if each != "ok"]

    def _files(self, name: str) -> list[Path]:
        file = self.file(name)
        return [file, *(file.with_name(f"{file.name}-{kind}") for kind in ("wal", "shm"))]


def _writer(path: Path) -> Engine:
    """Open a file for writing. Transactions begin with the write lock, so that none fails half-way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = URL.create("sqlite", database=str(path))
    engine = create_engine(
        place, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"timeout": _BUSY_SECONDS}
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


@contextmanager
def _reading(path: Path, tables: frozenset[str]) -> Iterator[Connection]:
    """Open a read transaction on a snapshot of a file, limited to ``tables`` unless that is empty."""
    if not path.exists():
        raise NoGenerationError(str(path))
    first = min(tables, default="sqlite_master")
    with answering(path.stem):
        try:
            with _reader(path, tables).begin() as connection:
                connection.exec_driver_sql(f"SELECT 1 FROM {first}")  # noqa: S608 - a name of ours
                yield connection
        except OperationalError as error:
            if "no such table" in str(error.orig):  # a worker is about to create it
                raise NoGenerationError(str(path)) from error
            raise


def _reader(path: Path, tables: frozenset[str]) -> Engine:
    """Return an engine that opens a file read-only."""
    place = URL.create("sqlite", database=f"{path.absolute().as_uri()}?mode=ro", query={"uri": "true"})
    engine = create_engine(place, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        if tables:
            connection.set_authorizer(partial(_authorize, tables))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _authorize(tables: frozenset[str], action: int, table: str | None, *_: str | None) -> int:
    """Allow a statement to select from ``tables`` only. A callback for SQLite's ``set_authorizer``."""
    if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_FUNCTION}:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and table in tables:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
