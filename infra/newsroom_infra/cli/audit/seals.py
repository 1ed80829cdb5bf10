"""Seals: made of the live generation, kept somewhere else, and held against the log later."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from newsroom_infra.cli.reading import EXTRAS
from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.extras import needs
from newsroom_infra.cli.shared.interrupt import stoppable
from newsroom_infra.cli.shared.output import print_json, visible
from newsroom_infra.settings import load


@click.command()
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append the line to a file instead of printing it.",
)
def seal(out: Path | None) -> None:
    """Seal what the live generation has folded. The seal is one line of JSON, also for people.

    Keep it where nobody who can write into the log can alter it.
    """
    with needs(EXTRAS):
        from newsroom_consumers.seals.seal import append_seal
        from newsroom_infra.app import archive
    line = archive.seal(load()).line()
    if out is None:
        click.echo(line, nl=False)
    else:
        append_seal(out, line)


@click.command("check-seals")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@stoppable()
def check_seals(file: Path, *, as_json: bool) -> None:
    """Check the log against seals. Reads the log once; every seal in FILE must hold.

    Exit 0 when all do, 1 when a record before one was altered, removed or added, 2 when FILE holds something else, 4
    when FILE or the log cannot be read or the command was stopped, so that nothing is proven.
    """
    with needs(EXTRAS):
        from newsroom_infra.app import archive
    verdict = archive.check_seals(load(), file, progress.counting)
    if as_json:
        print_json(verdict)
    else:
        for broken in verdict.broken:
            click.echo(visible(str(broken)))
        click.echo(f"{verdict.held} of {verdict.seals} seals hold")
    sys.exit(1 if verdict.broken else 0)
