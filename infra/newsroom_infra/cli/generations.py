"""The commands that list generations and drop one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.options import with_json, with_yes
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import GenerationOverview


@click.group(invoke_without_command=True)
@click.pass_context
@with_json
def generations(context: click.Context, *, as_json: bool) -> None:
    """List the generations. The live one is what readers see."""
    if not context.invoked_subcommand:
        _list(as_json=as_json)


@prints(CONSUMERS, lambda: views.generations.print_generations)
def _list() -> list[GenerationOverview]:
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
    return overview(build.control(settings), ends)


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
