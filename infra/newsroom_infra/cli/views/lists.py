"""The timeline and the page of a tag in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_infra.cli.views.table import cells_of, clock, print_parts, table_of

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import TagPage, TimelinePage


def print_timeline(answer: TimelinePage) -> None:
    """Print a page of the timeline."""
    print_parts(_table(answer), _next(answer))


def print_tag(answer: TagPage) -> None:
    """Print a page of a tag."""
    name = one_line(f"{answer.tag.label} ({answer.tag.id})")
    print_parts(Text(name, style="bold"), _table(answer), _next(answer))


def _table(answer: TimelinePage | TagPage) -> Table:
    table = table_of("time", "headline", "flags", "published (UTC)", "article")
    for item in answer.items:
        cells = (item.time, item.headline, item.flags, clock(item.published_at, "minutes"), item.article_id)
        table.add_row(*cells_of(cells))
    return table


def _next(answer: TimelinePage | TagPage) -> Text:
    """Return how to go on; never folded, so that it can be copied."""
    return Text(f"more: --after {answer.next}" if answer.next else "", no_wrap=True, overflow="ignore")
