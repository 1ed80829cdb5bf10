"""Parked records: see them, have them folded again, or give one up."""

from __future__ import annotations

import sys

import click

from newsroom_infra.cli.reading import EXTRAS, ask_editors, chosen, with_article, with_tags
from newsroom_infra.cli.shared.extras import needs
from newsroom_infra.cli.shared.output import print_json
from newsroom_infra.cli.shared.timeout import with_timeout
from newsroom_infra.cli.views.parked import print_fates, print_head, print_skipped
from newsroom_infra.cli.writing import login, transport
from newsroom_infra.settings import load
from newsroom_producers.desk import Desk

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_timeout = with_timeout("Seconds to wait for a worker.")


@click.group()
def parked() -> None:
    """List, retry or skip parked records. They wait for a build that understands them."""


@parked.command("list")
@_json
def list_(*, as_json: bool) -> None:
    """List the articles with parked records. Each comes with its first one."""
    ask_editors(lambda editors: editors.parked(), as_json=as_json, table="parked:print_parked")


@parked.command()
@with_article
@with_tags
@_json
def show(article_id: str | None, *, tags: bool, as_json: bool) -> None:
    """Print an article's parked records. They are in log order, and complete with --json."""
    id_ = chosen(article_id, tags=tags)
    ask_editors(
        lambda editors: editors.parked_records(id_),
        as_json=as_json,
        table="parked:print_parked_records",
    )


@parked.command()
@with_article
@with_tags
@click.option("--all", "everything", is_flag=True, help="Whatever is parked.")
@_timeout
@_json
def retry(article_id: str | None, timeout: float, *, tags: bool, everything: bool, as_json: bool) -> None:
    """Fold parked records again. The worker does so, by the code that it runs; the outcomes are printed.

    Exit 1 when some still cannot be folded, 3 when nothing is parked of the article, 5 when no worker answers.
    """
    if everything and (tags or article_id):
        message = "--all is for everything that is parked: name no article besides"
        raise click.UsageError(message)
    with needs(EXTRAS):
        from newsroom_consumers.generations import unpark
        from newsroom_infra.app import build
    fates = unpark.retry(build.control(load()), None if everything else [chosen(article_id, tags=tags)], timeout)
    if as_json:
        print_json(fates)
    else:
        print_fates(fates)
    sys.exit(1 if any(fate.parked for fate in fates) else 0)


@parked.command()
@with_article
@with_tags
@click.option("--actor", metavar="ID", help="Staff id of who acts; the login name by default.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_timeout
@_json
def skip(article_id: str | None, actor: str | None, timeout: float, *, tags: bool, yes: bool, as_json: bool) -> None:
    """Skip the first parked record of an article. An event in the log skips it for ever, and the rest is folded.

    Exit 1 when it was not skipped, 3 when nothing is parked of the article, 5 when no worker answers.
    """
    id_ = chosen(article_id, tags=tags)
    with needs(EXTRAS):
        from newsroom_consumers.generations import unpark
        from newsroom_infra.app import build
    control = build.control(load())
    before = unpark.waiting(control, id_)
    if not yes:
        print_head(before.head, behind=len(before.queue) - 1)
        click.confirm("Give this record up for ever?", abort=True, err=True)
    named = {name: getattr(before.head, name) for name in ("key", "topic", "partition", "offset", "sha256")}
    with transport() as opened:
        receipt = Desk(opened, source="newsroom-parked", actor=actor or login()).skip(**named)
    came = unpark.skipped(control, before, (receipt.topic, receipt.partition, receipt.offset), timeout)
    if as_json:
        print_json(came)
    else:
        print_skipped(came)
    sys.exit(0 if came.skip.outcome == "applied" else 1)
