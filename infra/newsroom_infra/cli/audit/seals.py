"""The commands that make a seal of the live generation, and check the log against seals."""

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
    """Seal what the live generation has folded. Prints the seal as one line of JSON.

    Keep it where nobody who can write to the log can change it.
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
    """Check the log against seals. Reads the whole log once.

    Exit 0 if every seal in FILE holds, 1 if a sealed record was altered or removed, or one was inserted before it, 2 if
    FILE is not a file of seals, 4 if nothing is proven because FILE or the log cannot be read, or the command was
    stopped.
    """
    from newsroom_infra.app import archive

    return archive.check_seals(load(), file, progress.counting)


def _print_verdict(verdict: SealVerdict) -> None:
    for broken in verdict.broken:
        click.echo(str(broken))
    click.echo(f"{verdict.held} of {verdict.seals} seals hold")
