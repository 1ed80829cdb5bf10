"""The commands of the local stack: up, down, status, logs, reset; and topics and settings, for any cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsroom_infra.cli.shared.extras import STACK, needs
from newsroom_infra.cli.shared.options import with_yes
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import described, load

if TYPE_CHECKING:
    from newsroom_infra.stack.daemon import Process
    from newsroom_infra.topics import TopicDifference


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


@click.group()
def topics() -> None:
    """Check the topics of the log."""


@topics.command()
@prints("kafka", lambda: _print_differences, ok=lambda found: not found)
def check() -> tuple[TopicDifference, ...]:
    """Check the settings of the topics. Exit 0 if they are as required, 1 if they differ."""
    from newsroom_infra import topics

    return topics.differences(load())


@click.command()
@prints(STACK, lambda: _print_settings)
def settings() -> list[dict[str, str | None]]:
    """Print every setting with its meaning. Secrets are masked."""
    return described(load())


def _print_status(processes: Sequence[Process]) -> None:
    times = [None if one.uptime is None else timedelta(seconds=one.uptime) for one in processes]
    rows = [(one.name, one.state, one.pid, time, one.port) for one, time in zip(processes, times, strict=True)]
    _print_table(("process", "state", "pid", "uptime", "port"), rows)
    click.echo(f"database: {load().database_shown}")


def _print_differences(found: Sequence[TopicDifference]) -> None:
    from newsroom_infra import topics

    if found:
        rows = [(one.where, one.setting, one.wanted, one.found) for one in found]
        _print_table(("where", "setting", "wanted", "found"), rows)
        return
    settings = load()
    click.echo(f"the topics on {settings.bootstrap} are as wanted: {', '.join(topics.wanted(settings))}")


def _print_settings(rows: Sequence[dict[str, str | None]]) -> None:
    _print_table(("variable", "value", "meaning"), [row.values() for row in rows])


def _print_table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print rows for people: text as it is, nothing for ``None``."""
    table = Table()
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell), overflow="fold") for cell in row))
    Console().print(table)
