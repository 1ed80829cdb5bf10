"""The log as an archive: exported into a folder, verified there, imported again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.cuts import parse_cut, with_until
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.interrupt import stoppable
from newsroom_infra.cli.shared.output import prints, visible
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.archive.format import Manifest
    from newsroom_consumers.archive.verify import ArchiveReport
    from newsroom_infra.app.archive import RestoreResult

_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@click.group()
def log() -> None:
    """Export, verify and import the log. An export can be verified by itself: see docs/archive.md."""


@log.command()
@_folder
@with_until
@prints(CONSUMERS, lambda: _print_exported, json=lambda manifest: manifest.summary())
def export(folder: Path, until: str | None) -> Manifest:
    """Export the log into a folder. DIR must be empty or not exist; schemas and a seal go with the records.

    An interrupted export starts from the beginning when the command is run again.
    """
    from newsroom_infra.app import archive

    try:
        return archive.export(load(), folder, lambda log: parse_cut(until, log), progress.counting)
    except KeyboardInterrupt as interrupt:
        click.echo(
            f"interrupted: the export in {folder} is unfinished; run the command again to start it over", err=True
        )
        raise click.Abort from interrupt


@log.command()
@_folder
@click.option(
    "--seals",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Check against seals that were kept elsewhere (`newsroom audit seal`). Without them, an export that was "
    "rewritten as a whole passes as genuine.",
)
@stoppable()
@prints(CONSUMERS, lambda: _print_report, ok=lambda answer: answer["holds"])
def verify(folder: Path, seals: Path | None) -> dict[str, Any]:
    """Verify an export of the log. Needs nothing but the folder, and proves that it has not changed.

    Exit 0 if it has not, 1 if anything in it was altered, 2 if DIR is not an export, 4 if nothing is proven because a
    file cannot be read or the command was stopped.
    """
    from newsroom_consumers.archive.format import read_manifest
    from newsroom_consumers.archive.verify import verify as verify_export
    from newsroom_consumers.seals.seal import read_seals

    given = read_seals(seals) if seals else None
    with progress.counting(read_manifest(folder).records, "records") as advance:
        report = verify_export(folder, given, progress=advance)
    return {"holds": report.holds, "report": report}


@log.command("import")
@_folder
@click.option("--rename", is_flag=True, help="Allow topics whose prefix differs from the export's.")
@prints(CONSUMERS, lambda: _print_restored)
def import_(folder: Path, *, rename: bool) -> RestoreResult:
    """Import an export into empty topics. Offsets, timestamps, hashes and chain stay the same.

    An interrupted import continues when the command is run again.
    """
    from newsroom_infra.app import archive

    try:
        return archive.restore(load(), folder, progress.counting, rename=rename)
    except KeyboardInterrupt as interrupt:
        click.echo("interrupted: records that are imported stay; run the command again to continue", err=True)
        raise click.Abort from interrupt


def _print_exported(manifest: Manifest, folder: Path) -> None:
    said = f"{manifest.records:,} records are exported into {folder}; `newsroom log verify {folder}` proves them"
    click.echo(visible(said))


def _print_report(answer: dict[str, Any]) -> None:
    report: ArchiveReport = answer["report"]
    for finding in (*report.findings, *(report.seals.broken if report.seals else ())):
        click.echo(str(finding))
    if report.unknown_schemas:
        click.echo(f"the export never had schemas that records name: {', '.join(report.unknown_schemas)}")
    state = "is as it was written" if report.holds else "is NOT as it was written"
    held = f", {report.seals.held} of {report.seals.seals} seals hold" if report.seals else ""
    click.echo(f"the export of {report.made_at} {state}: {report.records:,} sound records{held}")


def _print_restored(done: RestoreResult) -> None:
    there = f", {done.there:,} of them by an earlier import" if done.there else ""
    click.echo(f"{done.records:,} records are imported{there}; offsets, timestamps and chain are the export's")
