"""A small disk in memory for the generations of a run, where root may mount one; a guard takes it away in any case."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEGABYTE = 1024 * 1024
_LEAST = 256
"""Megabytes of the disk for a short run."""
_PER_MINUTE = 60
"""Megabytes more for each minute: nothing but a fault may fill it."""


class Disk:
    """A disk that can be filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no byte."""
        step = _MEGABYTE
        with self._ballast.open("wb", buffering=0) as file:
            while step:
                try:
                    file.write(bytes(step))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 16

    def clear(self) -> None:
        """Free the room."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, seconds: float) -> Iterator[Disk | None]:
    """Mount a disk for a run of some seconds on a folder; ``None`` where that is not allowed."""
    folder.mkdir(parents=True)
    if not _has_mounted(folder, _LEAST + int(seconds * _PER_MINUTE / 60)):
        yield None
        return
    guard = subprocess.Popen([sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield Disk(folder)
    finally:
        guard.communicate()


def _has_mounted(folder: Path, megabytes: int) -> bool:
    if os.geteuid() != 0:
        return False
    line = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        return subprocess.run(line, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.stdin.read()
    subprocess.run(["umount", "-l", sys.argv[1]], check=False)  # noqa: S607 - where it is differs between systems
