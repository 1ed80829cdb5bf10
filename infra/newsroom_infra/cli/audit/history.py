"""The history of an article, for a terminal, a program, or a browser."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from newsroom_infra.cli.audit import history_page, history_text
from newsroom_infra.cli.extras import needs
from newsroom_infra.cli.output import print_json, visible
from newsroom_infra.cli.reading import EXTRAS, with_json
from newsroom_infra.settings import load
from newsroom_schemas.errors import NewsroomError


class UnwritableError(NewsroomError):
    """A file cannot be written."""

    def __init__(self, path: Path, problem: str) -> None:
        """Name the file and what the system said."""
        super().__init__(f"{path} cannot be written: {problem}. What was there before is there still")
        self.path = path


@click.command()
@click.argument("article_id", metavar="ARTICLE")
@with_json
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page for a browser, whole in itself, instead of printing.",
)
def history(article_id: str, page: Path | None, *, as_json: bool) -> None:
    """Tell what became of ARTICLE: every event, who sent it, when and by which tool, its outcome, and what it changed.

    Words that an event took out stand as [-out-], those that it put in as {+in+}. Of what was refused it says what its
    author wanted, and of a lost race who won it. Exit 3 when there is no such article.
    """
    if page and as_json:
        message = "--html and --json are two forms: choose one"
        raise click.UsageError(message)
    with needs(EXTRAS):
        from newsroom_infra import looking_back

    told = looking_back.history(load(), article_id)
    if as_json:
        print_json(told)
    elif page:
        write_whole(page, history_page.page(visible(told)))
        click.echo(f"the history of {article_id} is in {page}", err=True)
    else:
        history_text.show(visible(told))


def write_whole(path: Path, text: str) -> None:
    """Write a file, or leave what is there as it is. Raises ``UnwritableError``."""
    try:
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
    except OSError as error:
        raise UnwritableError(path, str(error.strerror or error)) from error


COMMANDS: tuple[click.Command, ...] = (history,)
