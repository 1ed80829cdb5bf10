"""The command that prints the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.options import with_after, with_language, with_limit
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import TimelinePage


@click.command()
@with_language
@with_limit
@with_after
@prints(CONSUMERS, lambda: views.lists.print_timeline)
def timeline(language: str, limit: int, after: str | None) -> TimelinePage:
    """Print the recent-news timeline. The newest story comes first."""
    from newsroom_infra.app import build

    with build.readers(load()) as readers:
        return readers.timeline(language, limit=limit, after=after)
