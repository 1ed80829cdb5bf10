"""Errors of the operating system when a file is read or written, translated into the newsroom's.

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
"""Errors that mean there is no file at the path, as opposed to one that cannot be read."""


class UnreadableFileError(NewsroomError):
    """The operating system refuses to read a file or folder, so nothing is known of its contents."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, path: Path, reason: str) -> None:
        """``reason`` is the operating system's."""
        super().__init__(
            f"{path} cannot be read: {reason}. Whether it is as it was written is unknown: check its permissions and "
            "disk, and start again"
        )
        self.path = path
        self.reason = reason


class UnwritableFileError(NewsroomError):
    """The operating system refuses to write a file or folder."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, path: Path, reason: str) -> None:
        """``reason`` is the operating system's."""
        super().__init__(f"{path} cannot be written: {reason}. Use another place, or check its permissions and disk")
        self.path = path
        self.reason = reason


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into ``UnreadableFileError``, except those in ``ABSENT``."""
    try:
        yield
    except ABSENT:
        raise
    except OSError as error:
        raise UnreadableFileError(_named(error, path), error.strerror or str(error)) from error


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into ``UnwritableFileError``."""
    try:
        yield
    except OSError as error:
        raise UnwritableFileError(path, error.strerror or str(error)) from error


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every path below a folder that is not a folder itself. Raises ``UnreadableFileError``."""
    with readable(folder):
        for place, folders, names in os.walk(folder, onerror=_refuse):
            for name in names + [each for each in folders if Path(place, each).is_symlink()]:
                yield Path(place, name)


def _refuse(error: OSError) -> None:
    """Raise the error: a walk would silently skip the folder."""
    raise error


def _named(error: OSError, path: Path) -> Path:
    """Return the path that an error names, or ``path`` if it names none."""
    return Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
