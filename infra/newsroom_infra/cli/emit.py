"""The command that sends events to the log."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from newsroom_infra.cli.shared.options import login, with_actor
from newsroom_infra.cli.shared.send import print_result, send_file, with_file
from newsroom_producers.importers.emit import EventReader
from newsroom_producers.receipts import Refusal


@click.command()
@with_file
@with_actor
@click.option("--source", default="newsroom-emit", show_default=True, help="Name of the tool that emits.")
def emit(file: BinaryIO, actor: str | None, source: str) -> None:
    """Send events to the log. They are JSON Lines, also gzipped; each is answered with a line of JSON.

    A line is {"type": "ArticleCreated", "article_id": …}: fields named as in the schemas, instants in RFC 3339. Its
    answer is {"event_id", "topic", "partition", "offset"} or {"line", "error"}. Exit 1 if any line failed.
    """
    failed = False
    for number, result in send_file(file, EventReader(actor=actor or login(), source=source)):
        print_result(number, result)
        failed = failed or isinstance(result, Refusal)
    sys.exit(1 if failed else 0)
