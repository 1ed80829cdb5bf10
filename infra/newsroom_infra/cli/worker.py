"""The worker: follows the log into a generation until it is told to stop."""

from __future__ import annotations

import signal
import threading

import click

from newsroom_infra import logs
from newsroom_infra.cli.extras import needs
from newsroom_infra.settings import load

EXTRAS = "kafka,consumers"


@click.command()
@click.option("--generation", metavar="NAME", help="Generation to move; the live one by default.")
def worker(generation: str | None) -> None:
    """Follow the log into a generation, event by event, until SIGTERM or Ctrl-C.

    SQLite takes one worker: a second one says so and exits.
    """
    with needs(EXTRAS):
        from newsroom_infra import wiring

    settings = load()
    logs.configure(settings.log_level)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    wiring.run_worker(settings, generation, stopping)


COMMANDS: tuple[click.Command, ...] = (worker,)
