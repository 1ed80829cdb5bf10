"""The worker: follows the log into a generation until it is told to stop."""

from __future__ import annotations

import click

from newsroom_infra import logs
from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.interrupt import told_to_stop
from newsroom_infra.settings import load


@click.command()
@click.option("--generation", metavar="NAME", help="Generation to move; the live one by default.")
@needs(CONSUMERS)
def worker(generation: str | None) -> None:
    """Follow the log into a generation. It runs until SIGTERM or Ctrl-C.

    Without --generation it switches to the next live one when that is promoted. SQLite takes one worker: a second one
    says so and exits.
    """
    from newsroom_infra.app import worker as app

    settings = load()
    logs.configure(settings.log_level)
    logs.hear_libraries(settings.log_level)
    app.run(settings, generation, told_to_stop())
