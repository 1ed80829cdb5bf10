"""The database that holds control database and generations: SQLite files in a folder, or schemas of PostgreSQL.

One class for each engine contains everything that the two do differently: how a generation is opened, who may write
into it, how rows are written and found.

Example::

    database = open_database("generations")    # a folder, or a URL such as postgresql://newsroom@localhost/newsroom
    with database.worker_lock("main"), database.session("main") as session:    # to write
        generation = Generation(session)
    with database.reading("main") as connection:    # to read
        cursors.cut(connection)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy import Column, ColumnElement, Connection, Engine, MetaData, Select, Table
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError

from newsroom_schemas.errors import Kind, NewsroomError

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""SQLite's primary codes for a file that is damaged or not a database. Its driver has no error class for them."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
"""SQLite's primary codes that may be caused by a full disk."""
CONTROL = "control"
"""Name of the control database; no generation may have it."""


class NoGenerationError(NewsroomError):
    """There is no generation to read yet."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, where: str) -> None:
        """``where`` is the place that was searched."""
        super().__init__(f"no generation at {where}: start a worker (`newsroom up` or `newsroom worker`) and ask again")
        self.where = where


class SecondWorkerError(NewsroomError):
    """Another worker holds the generation, and the database allows one."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, where: str) -> None:
        """``where`` is the generation's place, for people."""
        super().__init__(
            f"another worker writes {where}: SQLite takes one. Stop it first, or use PostgreSQL for several workers"
        )
        self.where = where


class GenerationInUseError(NewsroomError):
    """A generation cannot be locked exclusively, because another process uses it."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, where: str) -> None:
        """``where`` is the generation's place, for people."""
        super().__init__(f"{where} is in use by a worker, a replay or an audit. Stop that first, or wait for it")
        self.where = where


class DatabaseAwayError(NewsroomError):
    """The database does not answer or cannot write. A worker waits and tries again."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, name: str, problem: str) -> None:
        """``name`` is the generation's, ``problem`` the database's own text."""
        which = "control database" if name == CONTROL else f"database of generation {name}"
        super().__init__(f"the {which} cannot be used now: {problem}")
        self.name = name
        self.problem = problem


class DamagedDatabaseError(NewsroomError):
    """The file of a database is damaged, or is not a database."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, name: str, problem: str) -> None:
        """``name`` is the generation's, ``problem`` the database's own text."""
        super().__init__(
            f"the database of generation {name} is damaged ({problem}): its contents can be made again from the log. "
            "Stop its worker, keep the damaged file to find the cause, replay the log into another generation, and "
            "promote that"
        )
        self.name = name
        self.problem = problem


class DatabaseUrlError(NewsroomError):
    """The place of the database is a URL that cannot be used."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self) -> None:
        """Omit the URL from the text, because it may contain a password."""
        super().__init__(
            "the database is neither a folder nor a URL that can be used: write "
            "postgresql://user:password@host:5432/name, each part with its special characters as %XX"
        )


@contextmanager
def answering(name: str) -> Iterator[None]:
    """Translate the errors of a generation's database inside the block.

    Raises ``DatabaseAwayError`` if the database does not answer or ends the session, and ``DamagedDatabaseError`` if
    SQLite finds its file damaged.
    """
    try:
        yield
    except (OperationalError, InternalError, InterfaceError) as error:
        advice = "; is its disk full?" if _code_of(error) in _FULL else ""
        raise DatabaseAwayError(name, first_line(error.orig) + advice) from error
    except DatabaseError as error:
        if _code_of(error) in _DAMAGED:
            raise DamagedDatabaseError(name, first_line(error.orig)) from error
        raise


def _code_of(error: DBAPIError) -> int:
    """Return SQLite's primary result code, 0 for other databases."""
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def first_line(said: object) -> str:
    """Return the first line of a database's error text. The rest quotes the statement."""
    return str(said).strip().partition("\n")[0]


class Rows(Protocol):
    """Writes rows in the fastest way that a database has."""

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert new rows."""

    def upsert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, or replace those with the same key. No key may occur twice."""

    def delete_editions(self, connection: Connection, table: Table, editions: Sequence[tuple[str, str]]) -> None:
        """Delete the rows of editions, given as pairs of article id and language."""


class Database(Protocol):
    """A place with the control database and generations, each opened by its name."""

    many_workers: bool
    """True if several workers may write one generation."""

    def where(self, name: str) -> str:
        """Return the place of a generation for people, without a password."""

    def worker_lock(self, name: str) -> AbstractContextManager[object]:
        """Lock a generation as a worker. Raises ``SecondWorkerError`` if the database allows one and there is one.

        Raises ``GenerationInUseError`` while another process has locked it exclusively.
        """

    def exclusively(self, name: str) -> AbstractContextManager[object]:
        """Lock a generation exclusively, to fill or drop it. Raises ``GenerationInUseError``."""

    def session(self, name: str) -> Session:
        """Open a generation, or the control database, for writing. Creates it if it is missing."""

    def reading(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction on all tables of a generation. Raises ``NoGenerationError``."""

    def auditing(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction like ``reading`` that may last for hours. Raises ``NoGenerationError``.

        Invalid UTF-8, which only an edit by hand can leave, is read as surrogate escapes.
        """

    def public(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction on the public tables only. Raises ``NoGenerationError``."""

    def size(self, name: str) -> int | None:
        """Return the size of a generation on disk in bytes, or ``None`` if it does not exist."""

    def drop(self, name: str) -> None:
        """Delete a generation, if it exists. The caller has locked it exclusively."""

    def make_tables(self, connection: Connection, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
        """Create missing tables, and let readers see those named in ``public``."""

    def rows(self, metadata: Sequence[MetaData]) -> Rows:
        """Return the writer of rows for these tables."""

    def among_ids(self, column: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a column has one of the values bound as ``ids``."""

    def pace(self, connection: Connection, records: int) -> None:
        """Prepare a transaction for a batch of ``records`` records."""

    def end_holder(self, connection: Connection, row: Select[Any]) -> None:
        """End the session whose open transaction has changed the one row of a select, if there is one."""

    def commit_in_full(self, connection: Connection) -> None:
        """Make the commit of a transaction wait for the disk. Commits of batches need not."""

    def control_within(self) -> Mapping[str, Any] | None:
        """Return the options with which a statement on the control database runs in a generation's transaction.

        ``None`` if that is impossible.
        """

    def damage(self, connection: Connection) -> list[str]:
        """Return the places where a database contradicts itself, such as an index that lacks a row."""


class Session:
    """A generation, or the control database, open for writing over one connection. Use it in ``with``, or close it."""

    def __init__(self, database: Database, name: str, engine: Engine) -> None:
        """``name`` is the generation's; ``engine`` opens its one connection."""
        self.database = database
        self.name = name
        self._engine = engine

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the session."""
        self.close()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end. Raises what ``answering`` raises."""
        with answering(self.name), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open a transaction that is rolled back unless the caller commits it. Raises what ``answering`` raises."""
        with answering(self.name), self._engine.connect() as connection:
            yield connection

    def make_tables(self, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
        """Create missing tables, all or none, and let readers see those named in ``public``."""
        with self.begin() as connection:
            self.database.make_tables(connection, metadata, public)

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()
