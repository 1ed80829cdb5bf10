"""Options and arguments that several commands have, with one name and one meaning."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from newsroom_schemas.catalogue import CATALOGUE

with_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
with_yes = click.option("--yes", is_flag=True, help="Do not ask.")
with_actor = click.option("--actor", metavar="ID", help="Staff id of who acts; the login name by default.")
with_language = click.option("--language", metavar="LANGUAGE", required=True, help="BCP 47 tag, such as uk or en.")
with_limit = click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Entries to print."
)
with_after = click.option("--after", metavar="CURSOR", help="Continue after a page: the cursor it printed as next.")
with_lines = click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Lines of each kind of difference to print."
)
with_article = click.argument("article_id", metavar="[ARTICLE]", required=False)
with_tags = click.option("--tags", is_flag=True, help="The tag catalogue instead of an article.")


def with_archive(more: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option ``--from``: the folder of an export. ``more`` ends the sentence of its help."""
    return click.option(
        "--from",
        "archive",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help=f"Fold an export (`newsroom log export`) instead of Kafka's log{more}",
    )


def chosen(article_id: str | None, *, tags: bool) -> str:
    """Return the id of the one article that was named, or that of the tag catalogue. Raises ``UsageError``."""
    if tags is bool(article_id):
        message = "name one article, or the tag catalogue by --tags"
        raise click.UsageError(message)
    return article_id or CATALOGUE


def login() -> str:
    """Return the login name. Raises ``UsageError`` if there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        message = "nobody is logged in under a name: give --actor"
        raise click.UsageError(message) from error
