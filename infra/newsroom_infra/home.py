"""The note in a home folder: the version of its layout, and the database that it was last started with.

So commands use the same database in every shell, including one where ``NEWSROOM_DATABASE`` is not set.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import msgspec

from newsroom_schemas.errors import Kind, NewsroomError

POSTGRES_USER = "newsroom"
"""User of the local PostgreSQL."""
VERSION = 2
"""Version of the layout that this release creates. It can also read version 1: no note, SQLite only."""


class HomeVersionError(NewsroomError):
    """A home has a layout version that this release does not know."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, home: Path, found: object) -> None:
        """``found`` is the version in the home's note."""
        super().__init__(
            f"the home {home} has version {found} and this release knows 1 to {VERSION}: use the release that made it, "
            "or set NEWSROOM_HOME to another folder"
        )
        self.home = home
        self.found = found


class HomeNoteError(NewsroomError):
    """The note of a home cannot be read."""

    def __init__(self, note: Path, problem: str) -> None:
        """``note`` is the file, ``problem`` what is wrong with it."""
        super().__init__(
            f"{note} cannot be read: {problem}. It says which database the home uses: repair it, or delete it and run "
            "`newsroom up` with the same NEWSROOM_DATABASE as before"
        )
        self.note = note
        self.problem = problem


class NoPasswordError(NewsroomError):
    """The local PostgreSQL has not been created yet, or its password is lost."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, file: Path) -> None:
        """``file`` is where the password should be."""
        super().__init__(
            f"the local PostgreSQL has no password in {file}: `NEWSROOM_DATABASE=postgres newsroom up` creates "
            "server and password; if it ran here before, put the file back, or drop all data with `newsroom reset`"
        )
        self.file = file


class HomeNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a home remembers between commands."""

    version: int
    database: str | None = None
    """Value of ``NEWSROOM_DATABASE`` at the last ``up``; folders are absolute."""


def note_of(home: Path) -> HomeNote | None:
    """Return the note of a home, or ``None`` if there is none.

    Raises :class:`HomeVersionError` and :class:`HomeNoteError`.
    """
    file = _file(home)
    try:
        written = msgspec.json.decode(file.read_bytes())
        version = written.get("version") if isinstance(written, dict) else None
        if isinstance(version, int) and not 1 <= version <= VERSION:
            raise HomeVersionError(home, version)
        return msgspec.convert(written, HomeNote)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise HomeNoteError(file, str(error)) from error


def remember(home: Path, database: str | None) -> None:
    """Write the note atomically and readable only by its owner, because a URL may contain a password."""
    note = HomeNote(version=VERSION, database=database)
    if note_of(home) == note:
        return
    import tempfile  # noqa: PLC0415 - slow to import, and only `up` writes a note

    descriptor, partial = tempfile.mkstemp(prefix="home.json.", dir=home)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(msgspec.json.format(msgspec.json.encode(note)) + b"\n")
    Path(partial).replace(_file(home))


def postgres_password_file(home: Path) -> Path:
    """Return the file with the password of the local PostgreSQL."""
    return home / "postgres" / "password"


def postgres_password(home: Path) -> str:
    """Return the password of the local PostgreSQL. Raises :class:`NoPasswordError`."""
    file = postgres_password_file(home)
    try:
        return file.read_text()
    except OSError as error:
        raise NoPasswordError(file) from error


def _file(home: Path) -> Path:
    return home / "home.json"
