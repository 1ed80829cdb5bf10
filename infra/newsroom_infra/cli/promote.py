"""The command that makes a generation live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.generations.promote import Promotion


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
