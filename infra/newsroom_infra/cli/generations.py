"""The commands that list and drop generations, replay the log into one, and make one live."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsroom_infra import logs
from newsroom_infra.cli import views
from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.cuts import cut_of, until
from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.interrupt import told_to_stop
from newsroom_infra.cli.shared.options import with_json, with_yes
from newsroom_infra.cli.shared.output import print_json, prints
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.settings import Settings, load

if TYPE_CHECKING:
    from newsroom_consumers.generations.promote import Promotion


@click.group(invoke_without_command=True)
@click.pass_context
@with_json
@needs(CONSUMERS)
def generations(context: click.Context, *, as_json: bool) -> None:
    """List the generations. The live one is what readers see."""
    if context.invoked_subcommand:
        return
    from newsroom_consumers.generations.overview import overview
    from newsroom_consumers.log.cut import end_of
    from newsroom_consumers.log.log import LogError
    from newsroom_infra.app import build
    from newsroom_infra.app.log import kafka_log

    settings = load()
    try:
        with closing(kafka_log(settings)) as log:
            ends = end_of(log)
    except LogError as error:
        click.echo(f"how far they are behind is not known: {error}", err=True)
        ends = None
    found = overview(build.control(settings), ends)
    if as_json:
        print_json(found)
    else:
        views.generations.print_generations(found)


@generations.command()
@click.argument("name")
@with_yes
@needs(CONSUMERS)
def drop(name: str, *, yes: bool) -> None:
    """Drop the generation NAME. The live one, and one that is in use, cannot be dropped."""
    from newsroom_infra.app import build

    control = build.control(load())
    control.known(name)
    if not yes:
        click.confirm(f"Drop generation {name}? It can be made again from the log.", abort=True, err=True)
    control.drop(name)
    click.echo(f"generation {name} is dropped")


@click.command()
@click.option("--into", "name", metavar="NAME", required=True, help="Generation to fold into; created if missing.")
@until
@click.option(
    "--from",
    "archive",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Fold an export (`newsroom log export`) instead of Kafka's log; it is verified first.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the partitions; more than one needs PostgreSQL.",
)
@with_json
@needs(CONSUMERS)
def replay(name: str, until: str | None, archive: Path | None, workers: int, *, as_json: bool) -> None:
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
            cut = cut_of(until, log)
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
    done = {"generation": name, "records": total, "seconds": round(seconds, 3), "cut": at}
    if as_json:
        print_json(done)
    else:
        views.generations.print_replayed(done, live=control.live_or(""))


@click.command()
@click.argument("name")
@with_timeout("Seconds to wait until it has caught up.")
@prints(CONSUMERS, lambda: _print_promotion)
def promote(name: str, timeout: float) -> Promotion:
    """Make a generation live. Readers see NAME once it holds everything that the live one holds.

    Exit 1, with nothing changed, if an article is parked in it but not in the live one, if it was made from other
    topics, or if it does not catch up in time.
    """
    from newsroom_consumers.control.build import this_build
    from newsroom_consumers.generations.promote import promote as promoted
    from newsroom_infra.app import build

    control = build.control(load())
    answer = promoted(control, name, timeout)
    made = control.known(name).build
    if made != this_build(made.partitions):
        click.echo(f"{name} was made by another build: only workers of that build can move it", err=True)
    return answer


def _print_promotion(answer: Promotion) -> None:
    if answer.before == answer.live:
        click.echo(f"{answer.live} is live already")
    else:
        click.echo(f"{answer.live} is live" + (f", in place of {answer.before}" if answer.before else ""))


def _check_workers(settings: Settings, workers: int) -> None:
    if workers > 1 and not settings.many_workers:
        message = "SQLite takes one worker: leave --workers out, or use PostgreSQL"
        raise click.UsageError(message)
