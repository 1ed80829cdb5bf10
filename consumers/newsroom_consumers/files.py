"""Files that the system does not let us read or write: its errors become ours here.

Example::

    with readable(path):
        data = path.read_bytes()
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from newsroom_schemas.errors import Kind, NewsroomError

ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
"""What is raised where no file is; that is no failure to read one."""


class UnreadableFileError(NewsroomError):
    """The system does not give what a file or a folder holds: nothing is known of it."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file, and give the system's reason."""
        super().__init__(
            f"{path} cannot be read: {reason}. Whether it is as it was written could not be told: see to its rights "
            "and its disk, and start again"
        )
        self.path = path
        self.reason = reason


class UnwritableFileError(NewsroomError):
    """The system does not let us write a file or a folder."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file, and give the system's reason."""
        super().__init__(f"{path} cannot be written: {reason}. Name another place, or see to its rights and its disk")
        self.path = path
        self.reason = reason


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """While reading a file, turn the system's refusal into ``UnreadableFileError``; that none is there goes through."""
    try:
        yield
    except ABSENT:
        raise
    except OSError as error:
        raise UnreadableFileError(_named(error, path), error.strerror or str(error)) from error


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """While writing a file or into a folder, turn the system's refusal into ``UnwritableFileError``."""
    try:
        yield
    except OSError as error:
        raise UnwritableFileError(path, error.strerror or str(error)) from error


def files_below(folder: Path) -> Iterator[Path]:
    """Give everything below a folder that is no folder itself. Raises ``UnreadableFileError``."""
    with readable(folder):
        for place, folders, names in os.walk(folder, onerror=_refuse):
            for name in names + [each for each in folders if Path(place, each).is_symlink()]:
                yield Path(place, name)


def _refuse(error: OSError) -> None:
    """Have a walk fail where it would pass over a folder."""
    raise error


def _named(error: OSError, path: Path) -> Path:
    """Say which file the system speaks of."""
    return Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
