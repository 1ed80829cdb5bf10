"""The commands of the local stack: up, down, status, logs, reset."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich.console import Console

from newsroom_infra.cli.shared.extras import STACK, needs
from newsroom_infra.cli.shared.options import with_yes
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.views.table import print_grid
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_infra.stack.daemon import Process


@click.command()
@needs(STACK)
def up() -> None:
    """Start the local stack. What already runs is left alone."""
    from newsroom_infra import stack

    stack.up(load(), Console())


@click.command()
@needs(STACK)
def down() -> None:
    """Stop the local stack and keep its data."""
    from newsroom_infra import stack

    click.echo("stopped; all data is kept" if stack.down(load()) else "nothing was running")


@click.command()
@prints(STACK, lambda: _print_status, ok=lambda processes: all(one.state == "running" for one in processes))
def status() -> list[Process]:
    """Show which processes run. Exit 0 if all do, 1 otherwise."""
    from newsroom_infra import stack

    return stack.status(load())


@click.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is added.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=20, show_default=True, help="Last lines to print.")
@needs(STACK)
def logs(name: str | None, lines: int, *, follow: bool) -> None:
    """Print the last lines of the logs. NAME is one of them: kafka, postgres, worker, worker-2, supervisord."""
    from newsroom_infra import stack

    files = stack.logs(load(), name)
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), *map(str, files)]
    try:
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603  a tool of POSIX, our own paths
    except KeyboardInterrupt:
        sys.exit(0)


@click.command()
@with_yes
@needs(STACK)
def reset(*, yes: bool) -> None:
    """Stop the local stack and drop its data. Log and generations are dropped together; the jars stay."""
    from newsroom_infra import stack

    settings = load()
    stack.refuse_reset(settings)
    if not yes:
        made = f"everything made from them ({settings.database_shown})"
        click.confirm(f"Drop every event in {settings.home} and {made}?", abort=True)
    stack.reset(settings)
    click.echo("log and generations are dropped; `newsroom up` starts with empty ones")


def _print_status(processes: Sequence[Process]) -> None:
    times = [None if one.uptime is None else timedelta(seconds=one.uptime) for one in processes]
    rows = [(one.name, one.state, one.pid, time, one.port) for one, time in zip(processes, times, strict=True)]
    print_grid(("process", "state", "pid", "uptime", "port"), rows)
    click.echo(f"database: {load().database_shown}")
