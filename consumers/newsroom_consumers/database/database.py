"""Where control database and generations are kept: SQLite files in a folder, or schemas of a PostgreSQL database.

The two are twins: they differ in how a generation is opened, in who may write into it, and in how rows go in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol

from sqlalchemy import Connection, Engine, Table
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

    def __init__(self, where: str) -> None:
        """Say which generation."""
        super().__init__(
            f"another worker writes {where}: SQLite takes one. Stop it first, or use PostgreSQL for several workers"
        )
        self.where = where


class GenerationInUseError(NewsroomError):
    """A generation cannot be had alone: somebody moves it, or has it for something else."""

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

    def writer(self, name: str) -> Engine:
        """Open a generation for writing; makes the place for it where there is none."""

    def reading(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction on all of a generation, for engineers. Raises ``NoGenerationError``."""

    def auditing(self, name: str) -> AbstractContextManager[Connection]:
        """Open one as ``reading`` does, that may last as long as an audit takes. Raises ``NoGenerationError``."""

    def public(self, name: str) -> AbstractContextManager[Connection]:
        """Open a read transaction that sees only what readers may. Raises ``NoGenerationError``."""

    def size(self, name: str) -> int | None:
        """Give the bytes that a generation takes on disk; ``None`` where there is none."""

    def drop(self, name: str) -> None:
        """Remove a generation and all that is in it, if there is one; who calls this holds it exclusively."""
