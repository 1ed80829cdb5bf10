"""The command that folds the log into a generation that is not live."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from newsroom_infra import logs
from newsroom_infra.cli import views
from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.cuts import parse_cut, with_until
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.interrupt import told_to_stop
from newsroom_infra.cli.shared.options import with_archive
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import Settings, load


@click.command()
@click.option("--into", "name", metavar="NAME", required=True, help="Generation to fold into; created if missing.")
@with_until
@with_archive("; it is verified first.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the partitions; more than one needs PostgreSQL.",
)
@prints(CONSUMERS, lambda: _print_done)
def replay(name: str, until: str | None, archive: Path | None, workers: int) -> dict[str, Any]:
    """Fold the log into another generation. Folds from the first record up to a cut, by default the end.

    After Ctrl-C or a crash, run the same command again to continue.
    """
    from newsroom_consumers.worker.replay import begin
    from newsroom_infra.app import archive as exports
    from newsroom_infra.app import build
    from newsroom_infra.app import replay as replays
    from newsroom_infra.app.log import log_or_archive

    settings = load()
    logs.configure(settings.log_level)
    _check_workers(settings, workers)
    control = build.control(settings)
    control.require_not_live(name)
    if archive:
        exports.require_sound(archive, progress.counting)
    stopping, started = told_to_stop(), time.monotonic()
    with control.database.exclusively(name):
        with log_or_archive(settings, archive) as log:
            cut = parse_cut(until, log)
            total = begin(control, name, log, cut)
        with progress.counting(total, "records") as advance:
            has_reached = replays.run(
                settings, name, archive, cut, workers=workers, stopping=stopping, progress=advance
            )
    if not has_reached:
        click.echo("stopped; what was folded is kept: run the same command again to continue", err=True)
        sys.exit(1)
    seconds = time.monotonic() - started
    at = [{"topic": each.topic, "partition": each.partition, "next_offset": cut[each]} for each in sorted(cut)]
    return {"generation": name, "records": total, "seconds": round(seconds, 3), "cut": at}


def _print_done(done: dict[str, Any]) -> None:
    from newsroom_infra.app import build

    views.generations.print_replayed(done, live=build.control(load()).live_or(""))


def _check_workers(settings: Settings, workers: int) -> None:
    if workers > 1 and not settings.many_workers:
        message = "SQLite takes one worker: leave --workers out, or use PostgreSQL"
        raise click.UsageError(message)
