"""The commands for parked records: list them, fold them again, or skip one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.options import chosen, login, with_actor, with_article, with_tags, with_yes
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.settings import load
from newsroom_producers.desk import Desk

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import ParkedArticle, QueueFate, SkipFate, WholeParkedRecord

_timeout = with_timeout("Seconds to wait for a worker.")


@click.group()
def parked() -> None:
    """List, retry or skip parked records. They wait for a build that understands them."""


@parked.command("list")
@prints(CONSUMERS, lambda: views.parked.print_parked)
def list_() -> list[ParkedArticle]:
    """List the articles with parked records. Each comes with its first one."""
    from newsroom_infra.app import build

    with build.editors(load()) as editors:
        return editors.parked()


@parked.command()
@with_article
@with_tags
@prints(CONSUMERS, lambda: views.parked.print_parked_records)
def show(article_id: str | None, *, tags: bool) -> list[WholeParkedRecord]:
    """Print an article's parked records. They are in log order; --json prints each as a whole."""
    from newsroom_infra.app import build

    id_ = chosen(article_id, tags=tags)
    with build.editors(load()) as editors:
        return editors.parked_records(id_)


@parked.command()
@with_article
@with_tags
@click.option("--all", "everything", is_flag=True, help="Everything that is parked.")
@_timeout
@prints(CONSUMERS, lambda: views.parked.print_fates, ok=lambda fates: not any(fate.parked for fate in fates))
def retry(article_id: str | None, timeout: float, *, tags: bool, everything: bool) -> list[QueueFate]:
    """Fold parked records again. The worker does so with the code that it runs; the outcomes are printed.

    Exit 1 if some still cannot be folded, 3 if no record of the article is parked, 5 if no worker answers.
    """
    if everything and (tags or article_id):
        message = "--all stands for everything that is parked: leave out the article and --tags"
        raise click.UsageError(message)
    from newsroom_consumers.generations import unpark
    from newsroom_infra.app import build

    return unpark.retry(build.control(load()), None if everything else [chosen(article_id, tags=tags)], timeout)


@parked.command()
@with_article
@with_tags
@with_actor
@with_yes
@_timeout
@prints(CONSUMERS, lambda: views.parked.print_skipped, ok=lambda came: came.skip.outcome == "applied")
def skip(article_id: str | None, actor: str | None, timeout: float, *, tags: bool, yes: bool) -> SkipFate:
    """Skip the first parked record of an article. An event in the log skips it forever; the rest is folded.

    Exit 1 if it was not skipped, 3 if no record of the article is parked, 5 if no worker answers.
    """
    id_ = chosen(article_id, tags=tags)
    from newsroom_consumers.generations import unpark
    from newsroom_infra.app import build
    from newsroom_infra.app.transport import transport

    settings = load()
    control = build.control(settings)
    before = unpark.waiting(control, id_)
    if not yes:
        views.parked.print_head(before.head, behind=len(before.queue) - 1)
        click.confirm("Skip this record forever?", abort=True, err=True)
    named = {name: getattr(before.head, name) for name in ("key", "topic", "partition", "offset", "sha256")}
    with transport(settings) as opened:
        receipt = Desk(opened, source="newsroom-parked", actor=actor or login()).skip(**named)
    return unpark.skipped(control, before, (receipt.topic, receipt.partition, receipt.offset), timeout)
