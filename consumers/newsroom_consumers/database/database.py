"""Where control database and generations are kept: SQLite files in a folder, or schemas of a PostgreSQL database.

One class for each engine knows all that the two do differently: how a generation is opened, who may write into it, how
rows go in and are found.

Example::

    database = open_database("postgresql://newsroom@localhost/newsroom")
    with database.session("main") as session, session.begin() as connection:
        database.pace(connection, 500)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy import Column, ColumnElement, Connection, Engine, MetaData, Table
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError

from newsroom_schemas.errors import Kind, NewsroomError

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""SQLite's primary codes for a file that is damaged, or is no database; its driver has no own error for them."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
"""Its primary codes for what a full disk, too, may be the reason of."""
CONTROL = "control"
"""Name under which the control database is opened; no generation may have it."""


class NoGenerationError(NewsroomError):
    """There is no generation to read yet."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, where: str) -> None:
        """Say where it was looked for."""
        super().__init__(f"no generation at {where}: start a worker (`newsroom up` or `newsroom worker`) and ask again")
        self.where = where


class SecondWorkerError(NewsroomError):
    """Another worker holds a generation of a database that takes one."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, where: str) -> None:
        """Say which generation."""
        super().__init__(
            f"another worker writes {where}: SQLite takes one. Stop it first, or use PostgreSQL for several workers"
        )
        self.where = where


class GenerationInUseError(NewsroomError):
    """A generation cannot be had alone: somebody moves it, or has it for something else."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, where: str) -> None:
        """Say which generation."""
        super().__init__(f"{where} is in use: a worker, a replay or an audit holds it. Stop that first, or wait for it")
        self.where = where


class DatabaseAwayError(NewsroomError):
    """The database does not answer, or cannot write; a worker goes on as soon as it can."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, name: str, problem: str) -> None:
        """Name the generation and what the database said."""
        which = "control database" if name == CONTROL else f"database of generation {name}"
        super().__init__(f"the {which} cannot be used now: {problem}")
        self.name = name
        self.problem = problem


class DamagedDatabaseError(NewsroomError):
    """The file of a database is damaged, or is none."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, name: str, problem: str) -> None:
        """Name the generation and what the database said."""
        super().__init__(
            f"the database of generation {name} is damaged ({problem}): what it holds can be made again from the log. "
            "Stop its worker, keep the damaged file for whoever asks why, replay the log into another generation, and "
            "promote that"
        )
        self.name = name
        self.problem = problem


class DatabaseUrlError(NewsroomError):
    """The place of the database is an URL that cannot be used."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self) -> None:
        """Say what an URL looks like; the one given may hold a password."""
        super().__init__(
            "the database is no folder and no URL that can be used: write "
            "postgresql://user:password@host:5432/name, each part with its special characters as %XX"
        )


@contextmanager
def answering(name: str) -> Iterator[None]:
    """Use the database of a generation. Raises ``DatabaseAwayError`` when it does not answer or ends the session.

    Raises ``DamagedDatabaseError`` when SQLite finds its file in no order.
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
    """Give SQLite's primary result code; 0 for other databases."""
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def first_line(said: object) -> str:
    """Give the first line of what a database said; more of it speaks of statements, not of what happened."""
    return str(said).strip().partition("\n")[0]


class Rows(Protocol):
    """Puts rows into tables by the fastest way that a database has."""

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows that are new."""

    def upsert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, each in place of the one with its key; no key may come twice."""

    def delete_editions(self, connection: Connection, table: Table, editions: Sequence[tuple[str, str]]) -> None:
        """Delete the rows of editions, given by article and language."""


class Database(Protocol):
    """A place for the control database and generations, each opened by its name."""

    many_workers: bool
    """Whether several workers may move one generation."""

    def where(self, name: str) -> str:
        """Say where a generation is, for people; no password is in it."""

    def worker_lock(self, name: str) -> AbstractContextManager[object]:
        """Hold a generation as a worker does. Raises ``SecondWorkerError`` where only one may.

        Raises ``GenerationInUseError`` while somebody has it exclusively.
        """

    def exclusively(self, name: str) -> AbstractContextManager[object]:
        """Hold a generation without any worker, to fill it at one go or to drop it. Raises ``GenerationInUseError``."""

    def session(self, name: str) -> Session:
        """Open a generation, or the control database, for writing; makes the place for it where there is none."""

    def reading(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction on all of a generation, for engineers. Raises ``NoGenerationError``."""

    def auditing(self, name: str) -> AbstractContextManager[Connection]:
        """Open one as ``reading`` does, that may last as long as an audit takes. Raises ``NoGenerationError``.

        Text that is no UTF-8, which only a hand can have put there, is read by surrogate escapes.
        """

    def public(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction that sees only what readers may. Raises ``NoGenerationError``."""

    def size(self, name: str) -> int | None:
        """Give the bytes that a generation takes on disk; ``None`` where there is none."""

    def drop(self, name: str) -> None:
        """Remove a generation and all that is in it, if there is one; who calls this holds it exclusively."""

    def make_tables(self, connection: Connection, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
        """Make the tables that are missing; readers may see those that ``public`` names."""

    def rows(self, metadata: Sequence[MetaData]) -> Rows:
        """Return the fastest way that rows go into these tables."""

    def among_ids(self, column: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a column has one of the values bound as ``ids``."""

    def pace(self, connection: Connection, records: int) -> None:
        """Prepare a transaction for a batch of so many records."""

    def end_holder(self, connection: Connection, topic: str, partition: int) -> None:
        """End a transaction that another worker has left open behind a cursor."""

    def commit_in_full(self, connection: Connection) -> None:
        """Let a transaction reach the disk when it is committed, as those of batches need not."""

    def control_within(self) -> Mapping[str, Any] | None:
        """Return the options by which a statement on the control database runs in a generation's transaction.

        ``None`` where none can.
        """

    def damage(self, connection: Connection) -> list[str]:
        """Name the places where a database contradicts itself, such as an index that hides a row."""


class Session:
    """A generation, or the control database, open for writing over one connection. Close it, or use it in ``with``."""

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
        """Open a transaction, committed at the end. Raises what ``answering`` raises."""
        with answering(self.name), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open a transaction that is undone unless its user commits it. Raises what ``answering`` raises."""
        with answering(self.name), self._engine.connect() as connection:
            yield connection

    def make_tables(self, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
        """Make the tables that are missing, all or none; readers may see those that ``public`` names."""
        with self.begin() as connection:
            self.database.make_tables(connection, metadata, public)

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()
