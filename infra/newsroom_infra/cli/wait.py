"""The command that waits until the log is folded."""

from __future__ import annotations

import click

from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.settings import load


@click.command()
@with_timeout("Seconds; exit 5 after them.")
@needs(CONSUMERS)
def wait(timeout: float) -> None:
    """Wait until all of the log is folded. The live generation must hold everything that is in the log now."""
    from newsroom_infra.app import worker

    worker.wait(load(), timeout)
