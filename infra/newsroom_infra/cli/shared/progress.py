"""Progress of a command on standard error: a bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_PLAIN_SECONDS = 5.0
"""Seconds between two plain lines."""

_BAR_SECONDS = 0.1
"""Seconds between two looks at how far the file is read."""


class ShowText(Protocol):
    """Shows how far a command is."""

    def __call__(self, done: str) -> None:
        """Show what is done, such as "1,200 stories", if it is time to."""


Progress = Callable[[int], object]
"""Is called with how many more units are done."""


@contextmanager
def reading(file: BinaryIO) -> Iterator[ShowText]:
    """Show how far a file is read, and what came of it."""
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
    """Make a bar in a terminal that disappears at the end; ``with_rest`` adds how long the rest takes."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    rest = (TimeRemainingColumn(),) if with_rest else ()
    return RichProgress(*columns, *rest, console=Console(stderr=True), transient=True)


class _Count:
    """How much is done, and how fast."""

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
        """Count, and print if it is time to."""
        self._count.done += more
        self._show(str(self._count))


class _CountedBar:
    """Moves a bar with what is done."""

    def __init__(self, progress: RichProgress, task: TaskID, total: int, unit: str) -> None:
        self._progress = progress
        self._task = task
        self._count = _Count(total, unit)

    def __call__(self, more: int) -> None:
        """Count, and move."""
        self._count.done += more
        self._progress.update(self._task, completed=self._count.done, description=str(self._count))


class _PlainLines:
    """Prints a line every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PLAIN_SECONDS

    def __call__(self, done: str) -> None:
        """Print, if it is time to."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN_SECONDS
            click.echo(done, err=True)


class _Bar:
    """Moves a bar by the bytes read; of a pipe, whose end nobody knows, it only says what is done."""

    def __init__(self, progress: RichProgress, task: TaskID, file: BinaryIO) -> None:
        self._progress = progress
        self._task = task
        self._file = file
        self._next = 0.0

    def __call__(self, done: str) -> None:
        """Move, if it is time to."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _BAR_SECONDS
            position = self._file.tell() if _size(self._file) else None
            self._progress.update(self._task, completed=position, description=done)


def _size(file: BinaryIO) -> int | None:
    """Give the size of a file on disk, ``None`` for anything else."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
