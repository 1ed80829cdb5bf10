"""What can be asked: what readers see, what became of events, and whether the generation has caught up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from newsroom_infra.cli.shared.extras import needs
from newsroom_infra.cli.shared.lazy import imported
from newsroom_infra.cli.shared.output import print_json, visible
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.settings import load

EXTRAS = "kafka,consumers"
with_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
with_language = click.option("--language", metavar="LANGUAGE", required=True, help="BCP 47 tag, such as uk or en.")
with_limit = click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Entries to print."
)
with_after = click.option("--after", metavar="CURSOR", help="Go on behind a page: the cursor that it printed as next.")

with_article = click.argument("article_id", metavar="[ARTICLE]", required=False)
with_tags = click.option("--tags", is_flag=True, help="The tag catalogue instead of an article.")
_CATALOGUE = ""
"""Stands where an article's id would for the tag catalogue."""


def chosen(article_id: str | None, *, tags: bool) -> str:
    """Give the id of the one article that was named, or that of the tag catalogue. Raises ``UsageError``."""
    if tags is bool(article_id):
        message = "name one article, or the tag catalogue by --tags"
        raise click.UsageError(message)
    return article_id or _CATALOGUE


@click.command()
@click.argument("article_id", metavar="ID")
@with_language
@with_json
def article(article_id: str, language: str, *, as_json: bool) -> None:
    """Print an article as readers see it. That is its page, or why it is gone; exit 3 when there is none."""
    _readers(
        lambda readers: readers.article(article_id, language),
        as_json=as_json,
        table="article:print_article",
    )


@click.command()
@with_language
@with_limit
@with_after
@with_json
def timeline(language: str, limit: int, after: str | None, *, as_json: bool) -> None:
    """Print the recent-news timeline. The newest story comes first."""
    _readers(
        lambda readers: readers.timeline(language, limit=limit, after=after),
        as_json=as_json,
        table="lists:print_timeline",
    )


@click.command()
@click.argument("tag_id", metavar="TAG")
@with_language
@with_limit
@with_after
@with_json
def tag(tag_id: str, language: str, limit: int, after: str | None, *, as_json: bool) -> None:
    """Print the stories that carry a tag. The newest comes first; exit 3 when no such tag was seen."""
    _readers(
        lambda readers: readers.tag(tag_id, language, limit=limit, after=after),
        as_json=as_json,
        table="lists:print_tag",
    )


@click.command()
@click.argument("article_id", metavar="ARTICLE")
@with_json
def outcomes(article_id: str, *, as_json: bool) -> None:
    """Print the outcomes of an article's events. They are in log order."""
    ask_editors(
        lambda editors: editors.outcomes(article_id),
        as_json=as_json,
        table="outcomes:print_outcomes",
    )


@click.command()
@with_timeout("Seconds; exit 5 after them.")
def wait(timeout: float) -> None:
    """Wait until all of the log is folded. That is what the log holds now, in the live generation."""
    with needs(EXTRAS):
        from newsroom_infra.app import worker

    worker.wait(load(), timeout)


def _readers(ask: Callable[[Any], Any], *, as_json: bool, table: str) -> None:
    """Ask what readers can ask of the live generation, and print the answer."""
    with needs(EXTRAS):
        from newsroom_infra.app import build

    with build.readers(load()) as readers:
        answer = ask(readers)
    print_answer(answer, as_json=as_json, table=table)


def ask_editors(ask: Callable[[Any], Any], *, as_json: bool, table: str) -> None:
    """Ask what editors and engineers can ask of the live generation, and print the answer."""
    with needs(EXTRAS):
        from newsroom_infra.app import build

    with build.editors(load()) as editors:
        answer = ask(editors)
    print_answer(answer, as_json=as_json, table=table)


def print_answer(answer: Any, *, as_json: bool, table: str) -> None:
    """Print an answer as JSON, or by a view, such as ``lists:print_tag``; its texts do nothing in a terminal."""
    if as_json:
        print_json(answer)
    else:
        imported(f"newsroom_infra.cli.views.{table}")(visible(answer))
