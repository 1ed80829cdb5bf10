"""Progress of a command on standard error: a bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

import click

from newsroom_consumers.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_PLAIN_SECONDS = 5.0
"""Seconds between two plain lines."""

_BAR_SECONDS = 0.1
"""Seconds between two updates of the bar."""


class ShowText(Protocol):
    """Shows the progress of a command."""

    def __call__(self, done: str) -> None:
        """Show what is done, such as "1,200 stories", unless it was shown a moment ago."""


@contextmanager
def reading(file: BinaryIO) -> Iterator[ShowText]:
    """Show how far a file is read, with a text of what is done."""
    if not sys.stderr.isatty():
        yield _PlainLines()
        return
    with _bar(with_rest=True) as progress:
        yield _Bar(progress, progress.add_task("", total=_size(file)), file)


@contextmanager
def counting(total: int, unit: str) -> Iterator[Progress]:
    """Show how much of a known amount is done, how fast, and how long the rest takes; ``unit`` is such as "records"."""
    if not sys.stderr.isatty():
        yield _PlainCount(total, unit)
        return
    with _bar(with_rest=False) as progress:
        yield _CountedBar(progress, progress.add_task("", total=total), total, unit)


def _bar(*, with_rest: bool) -> RichProgress:
    """Return a bar for a terminal that disappears at the end; ``with_rest`` adds the remaining time."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    rest = (TimeRemainingColumn(),) if with_rest else ()
    return RichProgress(*columns, *rest, console=Console(stderr=True), transient=True)


class _Count:
    """A count of units done, and its speed."""

    def __init__(self, total: int, unit: str) -> None:
        self.done = 0
        self._total = total
        self._unit = unit
        self._started = time.monotonic()

    def __str__(self) -> str:
        speed = self.done / max(time.monotonic() - self._started, 0.001)
        left = f", {(self._total - self.done) / speed:,.0f} s left" if self.done else ""
        return f"{self.done:,} of {self._total:,} {self._unit}, {speed:,.0f}/s{left}"


class _PlainCount:
    """Prints a line every few seconds."""

    def __init__(self, total: int, unit: str) -> None:
        self._count = _Count(total, unit)
        self._show = _PlainLines()

    def __call__(self, more: int) -> None:
        """Count, and print unless it was printed a moment ago."""
        self._count.done += more
        self._show(str(self._count))


class _CountedBar:
    """Moves a bar by the units done."""

    def __init__(self, progress: RichProgress, task: TaskID, total: int, unit: str) -> None:
        self._progress = progress
        self._task = task
        self._count = _Count(total, unit)

    def __call__(self, more: int) -> None:
        """Count, and move the bar."""
        self._count.done += more
        self._progress.update(self._task, completed=self._count.done, description=str(self._count))


class _PlainLines:
    """Prints a line every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PLAIN_SECONDS

    def __call__(self, done: str) -> None:
        """Print unless it was printed a moment ago."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN_SECONDS
            click.echo(done, err=True)


class _Bar:
    """Moves a bar by the bytes read; for a pipe, whose size is unknown, it shows only the text."""

    def __init__(self, progress: RichProgress, task: TaskID, file: BinaryIO) -> None:
        self._progress = progress
        self._task = task
        self._file = file
        self._next = 0.0

    def __call__(self, done: str) -> None:
        """Move the bar unless it was moved a moment ago."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _BAR_SECONDS
            position = self._file.tell() if _size(self._file) else None
            self._progress.update(self._task, completed=position, description=done)


def _size(file: BinaryIO) -> int | None:
    """Return the size of a file on disk, ``None`` for anything else."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
