"""Seals: made of the live generation, kept somewhere else, and held against the log later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.interrupt import stoppable
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.seals.check import SealVerdict


@click.command()
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append the line to a file instead of printing it.",
)
@needs(CONSUMERS)
def seal(out: Path | None) -> None:
    """Seal what the live generation has folded. The seal is one line of JSON, also for people.

    Keep it where nobody who can write into the log can alter it.
    """
    from newsroom_consumers.seals.seal import append_seal
    from newsroom_infra.app import archive

    line = archive.seal(load()).line()
    if out is None:
        click.echo(line, nl=False)
    else:
        append_seal(out, line)


@click.command("check-seals")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@stoppable()
@prints(CONSUMERS, lambda: _print_verdict, ok=lambda verdict: not verdict.broken)
def check_seals(file: Path) -> SealVerdict:
    """Check the log against seals. Reads the log once; every seal in FILE must hold.

    Exit 0 when all do, 1 when a record before one was altered, removed or added, 2 when FILE holds something else, 4
    when FILE or the log cannot be read or the command was stopped, so that nothing is proven.
    """
    from newsroom_infra.app import archive

    return archive.check_seals(load(), file, progress.counting)


def _print_verdict(verdict: SealVerdict) -> None:
    for broken in verdict.broken:
        click.echo(str(broken))
    click.echo(f"{verdict.held} of {verdict.seals} seals hold")
