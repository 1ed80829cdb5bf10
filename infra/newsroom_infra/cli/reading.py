"""The commands that ask the live generation: what readers see, and the outcomes of events; and ``wait``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS, needs
from newsroom_infra.cli.shared.options import with_after, with_language, with_limit
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import GoneArticle, LiveArticle, RecordOutcome, TagPage, TimelinePage


@click.command()
@click.argument("article_id", metavar="ID")
@with_language
@prints(CONSUMERS, lambda: views.article.print_article)
def article(article_id: str, language: str) -> LiveArticle | GoneArticle:
    """Print an article as readers see it. That is its page, or why it is gone; exit 3 if there is none."""
    from newsroom_infra.app import build

    with build.readers(load()) as readers:
        return readers.article(article_id, language)


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


@click.command()
@click.argument("article_id", metavar="ARTICLE")
@prints(CONSUMERS, lambda: views.outcomes.print_outcomes)
def outcomes(article_id: str) -> list[RecordOutcome]:
    """Print the outcomes of an article's events. They are in log order."""
    from newsroom_infra.app import build

    with build.editors(load()) as editors:
        return editors.outcomes(article_id)


@click.command()
@with_timeout("Seconds; exit 5 after them.")
@needs(CONSUMERS)
def wait(timeout: float) -> None:
    """Wait until all of the log is folded. The live generation must hold everything that is in the log now."""
    from newsroom_infra.app import worker

    worker.wait(load(), timeout)
