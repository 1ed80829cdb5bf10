"""Progress of the stack's commands for people: bars and spinners on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn


class UpProgress:
    """Shows steps on a console, each with the time that it took."""

    def __init__(self, console: Console) -> None:
        """``console`` is where to write."""
        self._console = console

    def say(self, text: str) -> None:
        """Write one line."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step while it runs; on a terminal also how long it took."""
        if not self._console.is_terminal:
            self.say(text)
            yield
            return
        began = time.monotonic()
        with self._console.status(text):
            yield
        self.say(f"{text}: done in {time.monotonic() - began:.1f} s")

    @contextmanager
    def files(self, text: str, count: int) -> Iterator[Callable[[int], None]]:
        """Show how many of ``count`` files have arrived. Yields a function to call with the size of each, in bytes."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[mb]:.0f} MB"),
        )
        total = 0
        if not self._console.is_terminal:
            self.say(f"{text}: {count} to come")
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as bar:
            task = bar.add_task(text, total=count, mb=0)

            def arrived(size: int) -> None:
                nonlocal total
                total += size
                bar.update(task, advance=1, mb=total / 1e6)

            yield arrived
        self.say(f"{text}: {count} files, {total / 1e6:.0f} MB")
