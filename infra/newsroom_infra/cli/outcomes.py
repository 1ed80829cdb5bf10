"""The command that prints the outcomes of an article's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import RecordOutcome


@click.command()
@click.argument("article_id", metavar="ARTICLE")
@prints(CONSUMERS, lambda: views.outcomes.print_outcomes)
def outcomes(article_id: str) -> list[RecordOutcome]:
    """Print the outcomes of an article's events. They are in log order."""
    from newsroom_infra.app import build

    with build.editors(load()) as editors:
        return editors.outcomes(article_id)
