"""The command that prints an article."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.options import with_language
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import GoneArticle, LiveArticle


@click.command()
@click.argument("article_id", metavar="ID")
@with_language
@prints(CONSUMERS, lambda: views.article.print_article)
def article(article_id: str, language: str) -> LiveArticle | GoneArticle:
    """Print an article as readers see it. That is its page, or why it is gone; exit 3 if there is none."""
    from newsroom_infra.app import build

    with build.readers(load()) as readers:
        return readers.article(article_id, language)
