"""The command that runs a worker."""

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

    Without --generation, it switches whenever another generation is promoted. SQLite allows one worker: a second one
    exits with an error.
    """
    from newsroom_infra.app import worker as app

    settings = load()
    logs.configure(settings.log_level)
    logs.show_library_warnings(settings.log_level)
    app.run(settings, generation, told_to_stop())
