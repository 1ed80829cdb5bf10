"""What the commands share that send the events of a file: the argument, the sending, a line for each result."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO

import click

from newsroom_infra.cli.shared.advice import with_advice
from newsroom_infra.cli.shared.extras import needs
from newsroom_infra.cli.shared.interrupt import Interrupt
from newsroom_infra.settings import load
from newsroom_producers.importers.emit import LineReader, result_json, send_lines
from newsroom_producers.importers.lines import read_lines
from newsroom_producers.receipts import SendResult

with_file = click.argument("file", type=click.File("rb"), default="-", metavar="[FILE|-]")


def send_file(file: BinaryIO, reader: LineReader) -> Iterator[tuple[int, SendResult]]:
    """Send the events of a file's lines, and yield the line number and result of each. Ctrl-C only ends the reading."""
    with needs("kafka"):
        from newsroom_infra.app.transport import transport
    with transport(load()) as opened, Interrupt() as interrupt:
        yield from send_lines(interrupt.watch(read_lines(file)), reader, opened)
    if interrupt.came:
        click.echo("interrupted: what was read by then is sent, the rest is not", err=True)
        raise click.Abort


def print_result(number: int, result: SendResult) -> None:
    """Print a result and flush it, so that a program that writes lines to our input can wait for each result."""
    sys.stdout.buffer.write(result_json(number, result, describe=with_advice) + b"\n")
    sys.stdout.buffer.flush()
