"""The command that prints the page of a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.options import with_after, with_language, with_limit
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import TagPage


@click.command()
@click.argument("tag_id", metavar="TAG")
@with_language
@with_limit
@with_after
@prints(CONSUMERS, lambda: views.lists.print_tag)
def tag(tag_id: str, language: str, limit: int, after: str | None) -> TagPage:
    """Print the stories that carry a tag. The newest comes first; exit 3 if there is no such tag."""
    from newsroom_infra.app import build

    with build.readers(load()) as readers:
        return readers.tag(tag_id, language, limit=limit, after=after)
