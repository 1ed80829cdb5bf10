"""The timeline and the page of a tag in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_infra.cli.views.table import cells_of, print_parts, table_of


def print_timeline(answer: dict[str, Any]) -> None:
    """Print a page of the timeline."""
    print_parts(_list(answer["items"]), _next(answer))


def print_tag(answer: dict[str, Any]) -> None:
    """Print a page of a tag."""
    shown = answer["tag"]
    print_parts(
        Text(one_line(f"{shown['label']} ({shown['id']})"), style="bold"), _list(answer["items"]), _next(answer)
    )


def _list(items: Iterable[dict[str, Any]]) -> Table:
    table = table_of("time", "headline", "flags", "published (UTC)", "article")
    for item in items:
        cells = (item["time"], item["headline"], item["flags"], _minute(item["published_at"]), item["article_id"])
        table.add_row(*cells_of(cells))
    return table


def _next(answer: dict[str, Any]) -> Text:
    """Say how to go on; never folded, so that it can be copied."""
    return Text(f"more: --after {answer['next']}" if answer["next"] else "", no_wrap=True, overflow="ignore")


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")
