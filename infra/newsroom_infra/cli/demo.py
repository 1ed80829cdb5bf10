"""The demo: a small newsroom of invented stories, sent as any tool sends events, and shown as readers see it.

The stories are in the data folder ``demo``, one file for each article and one for the tags, as lines that ``newsroom
emit`` reads. Their event ids are fixed, so a second demo adds nothing but duplicates.
"""

from __future__ import annotations

import os
import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import click

from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.send import send_file
from newsroom_infra.cli.views.lists import print_timeline
from newsroom_infra.settings import Settings, load
from newsroom_infra.shipped import shipped
from newsroom_producers.importers.emit import EventReader
from newsroom_producers.receipts import Refusal
from newsroom_schemas.errors import Kind, NewsroomError

SOURCE = "demo-desk"
"""The tool that the demo's events name, and the actor of those that name none."""
_WAIT_SECONDS = 60.0
_LIMIT = 20
"""Entries of each timeline."""
_NEXT = (
    ("article stork-bridge --language uk", "an update; --language en still lags behind it"),
    ("article night-tram --language en", "a correction, and the reader is told"),
    ("article clock-auction --language ru", "a takedown: no text, but why"),
    ("tag trams --language en", "a merged tag answers as its target"),
    ("outcomes market-storm", "two editors saved at once; one lost"),
)
"""What to try next: arguments of the command, and what they show."""


class NotUpError(NewsroomError):
    """There is no newsroom to load the demo into."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, bootstrap: str, problem: str) -> None:
        """``bootstrap`` are the servers that were asked, ``problem`` is what is missing there."""
        super().__init__(
            f"the stack is not up ({bootstrap}: {problem}): start it with `make up` or `newsroom up`, then try again"
        )
        self.bootstrap = bootstrap
        self.problem = problem


@click.command()
@needs(CONSUMERS)
def demo() -> None:
    """Load a small newsroom of invented stories. Prints its timelines; loading it again changes nothing."""
    from newsroom_infra.app import build, worker

    settings = load()
    _check(settings)
    click.echo(f"{_send():,} events sent; waiting for the worker")
    worker.wait(settings, _WAIT_SECONDS)
    with build.readers(settings) as readers:
        for language in settings.languages:
            click.secho(f"\nrecent news in {language}, times of {settings.timezone}", bold=True)
            print_timeline(readers.timeline(language, limit=_LIMIT))
    click.secho("\ntry next", bold=True)
    for arguments, what in _NEXT:
        click.echo(f"  {_program()} {arguments:<37} # {what}")


def lines() -> bytes:
    """Return all lines of the demo, the files in the order of their names."""
    return b"".join(file.read_bytes() for file in sorted(shipped("demo").glob("*.jsonl")))


def _check(settings: Settings) -> None:
    """Raise :class:`NotUpError` if there is no broker or no topic yet, for which a send would wait in vain."""
    from newsroom_infra import topics

    try:
        missing = [each.where for each in topics.differences(settings) if each.setting == "exists"]
    except topics.ClusterError as error:
        raise NotUpError(settings.bootstrap, error.problem) from error
    if missing:
        raise NotUpError(settings.bootstrap, f"no topic {', '.join(missing)}")


def _send() -> int:
    """Send every event, and return their number. Raises the error of the first that is not acknowledged."""
    count = 0
    for _, result in send_file(BytesIO(lines()), EventReader(actor=SOURCE, source=SOURCE)):
        if isinstance(result, Refusal):
            raise result.error
        count += 1
    return count


def _program() -> str:
    """Return what to type for this program: its name, or its path if it is not on ``PATH``."""
    if shutil.which("newsroom"):
        return "newsroom"
    return os.path.relpath(Path(sys.executable).with_name("newsroom"))
