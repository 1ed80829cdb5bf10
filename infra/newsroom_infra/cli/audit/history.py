"""The history of an article, for a terminal, a program, or a browser."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.options import chosen, with_article, with_tags
from newsroom_infra.cli.shared.output import one_line, prints
from newsroom_infra.cli.views import history_page, history_text
from newsroom_infra.settings import load
from newsroom_schemas.catalogue import CATALOGUE, display_name
from newsroom_schemas.errors import NewsroomError

_OWNER_ONLY = 0o600
"""Mode of a page: drafts are in it."""


class UnwritableError(NewsroomError):
    """A file cannot be written."""

    def __init__(self, path: Path, problem: str) -> None:
        """``problem`` is the operating system's text."""
        super().__init__(f"{path} cannot be written: {problem}")
        self.path = path


@click.command()
@with_article
@with_tags
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write a self-contained page for a browser instead of printing; - is standard output. It holds drafts and "
    "rejected texts, so only the owner can read a new file.",
)
@prints(CONSUMERS, lambda: _show)
def history(article_id: str | None, page: Path | None, *, tags: bool, as_json: bool) -> dict[str, Any]:
    """Print the history of an article. Shows every event, its sender, time, tool and outcome, and what it changed.

    Removed words are written [-out-], added words {+in+}; a doubled bracket, such as {{, is one bracket of the text.
    A rejected event shows what its author wanted, and who came first if two saved at once. Exit 3 if there
    is no such article.
    """
    from newsroom_consumers.audit.history import history
    from newsroom_infra.app import build
    from newsroom_infra.app.codec import codec
    from newsroom_infra.app.log import kafka_log, record_reader

    id_ = chosen(article_id, tags=tags)
    if page and as_json:
        message = "--html and --json exclude each other: choose one"
        raise click.UsageError(message)
    settings = load()
    control, blocks = build.control(settings), codec().blocks
    with closing(kafka_log(settings)) as log:
        return history.history(control, log, record_reader(log), blocks, id_, now=time.time_ns() // 1000)


def _show(told: dict[str, Any], page: Path | None, article_id: str | None) -> None:
    if not page:
        history_text.show(told)
        return
    write(page, history_page.page(told, ZoneInfo(load().timezone)))
    of = one_line(display_name(article_id or CATALOGUE))
    click.echo(f"the history of {of} is in {page}: for its owner's eyes only, drafts are in it", err=True)


def write(path: Path, text: str) -> None:
    """Write a page; ``-`` is standard output. A file is written as a whole or not at all.

    Raises ``UnwritableError``.
    """
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            _write_through(path, text)
        else:
            _write_whole(path, text)
    except OSError as error:
        raise UnwritableError(path, str(error.strerror or error)) from error


def _write_through(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _write_whole(path: Path, text: str) -> None:
    """Write a new file, which only its owner can read, and replace the old one by it."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        partial = Path(file.name)
        try:
            file.write(text)
            file.flush()
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
