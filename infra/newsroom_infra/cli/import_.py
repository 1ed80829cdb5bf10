"""The command that creates and publishes finished stories."""

from __future__ import annotations

import sys
import time
from typing import BinaryIO

import click

from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.advice import with_advice
from newsroom_infra.cli.shared.options import login, with_actor
from newsroom_infra.cli.shared.send import print_result, send_file, with_file
from newsroom_producers.importers.stories import StoryReader
from newsroom_producers.receipts import Receipt, SendResult
from newsroom_schemas.errors import BrokerAwayError, NewsroomError


@click.command("import")
@with_file
@with_actor
@click.option("--source", default="newsroom-import", show_default=True, help="Name of the tool that emits.")
@click.option("--language", default="en", show_default=True, help="Language of stories that name none.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line for each event, as emit does.")
def import_(file: BinaryIO, actor: str | None, source: str, language: str, *, as_json: bool) -> None:
    """Create and publish finished stories. They are JSON Lines, also gzipped; importing again changes nothing.

    A line is a story: id, language, published_at, headline, lead, paragraphs or blocks, section, tags, authors. Exit 1
    if any line failed.
    """
    tally = _Tally()
    reader = StoryReader(actor=actor or login(), source=source, language=language)
    try:
        with progress.reading(file) as show:
            for number, result in send_file(file, reader):
                tally.count(number, result, say=not as_json)
                if as_json:
                    print_result(number, result)
                show(f"{tally.stories:,} stories")
    finally:
        tally.end()
        if tally.has_any and not as_json:
            click.echo(tally.summary())
    sys.exit(1 if tally.failures else 0)


class _Tally:
    """Counts stories, events and failed lines, and prints why lines failed. Results come in the order of the lines."""

    def __init__(self) -> None:
        self.stories = 0
        self.events = 0
        self.failures = 0
        self._started = time.monotonic()
        self._last_story = 0
        self._last_failure = 0
        self._last_reason = ""
        self._repeats = 0

    def count(self, number: int, result: SendResult, *, say: bool) -> None:
        """Count one result; with ``say``, print the error of a failed line unless it repeats the one before."""
        if isinstance(result, Receipt):
            self.events += 1
            if number not in (self._last_story, self._last_failure):
                self.stories += 1
                self._last_story = number
        elif number != self._last_failure:
            self.stories -= number == self._last_story
            self.failures += 1
            self._last_failure = number
            if say:
                self._say(number, result.error)

    @property
    def has_any(self) -> bool:
        """Whether there was any result."""
        return bool(self.events or self.failures)

    def end(self) -> None:
        """Print how many more lines failed with the last printed error."""
        if self._repeats:
            click.echo(f"and {self._repeats:,} more lines like it", err=True)
        self._repeats = 0

    def _say(self, number: int, error: NewsroomError) -> None:
        """Print the line and its error. While the broker is away, all lines fail in the same way: count the repeats."""
        reason = type(error).__name__ if isinstance(error, BrokerAwayError) else str(error)
        if reason == self._last_reason:
            self._repeats += 1
            return
        self.end()
        self._last_reason = reason
        click.echo(f"line {number}: {with_advice(error)}", err=True)

    def summary(self) -> str:
        """Return a sentence of what was done."""
        seconds = time.monotonic() - self._started
        failed = f", {self.failures:,} lines failed" if self.failures else ""
        return f"{self.stories:,} stories, {self.events:,} events in {seconds:.1f} s{failed}"
